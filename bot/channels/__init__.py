"""The channels: each decodes what comes in to `Incoming` and draws a `View` with what it has."""

from datetime import timedelta
from typing import Protocol

from bot.views import View
from core.outbox import OutboxFile


class Channel(Protocol):
    """A way to speak with people.

    `send` returns the channel's id of the message; it raises one of the four errors below, or anything else when it
    does not know whether the message arrived, which means: again later.
    """

    name: str

    async def send(self, chat: str, view: View, edits: str | None, file: OutboxFile | None = None) -> str: ...

    def pause_after(self, chat: str) -> timedelta | None:
        """How long to keep quiet in this chat after saying something, so that what comes meanwhile is merged."""


class SendError(Exception):
    """The channel answered that this message was not delivered."""


class Unreachable(SendError):
    """The person blocked us, or is gone: nothing more can be said there until they come back."""


class NotAccepted(SendError):
    """This message will never be accepted as it is: saying it again would not help."""


class TryAgainIn(SendError):
    """Too fast: the channel says when to come back."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"again in {wait}")
        self.wait = wait


class Moved(SendError):
    """The chat has a new id: a Telegram group that became a supergroup."""

    def __init__(self, chat: str) -> None:
        super().__init__(f"moved to {chat}")
        self.chat = chat
