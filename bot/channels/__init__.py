"""The channels: each decodes what comes in to `Incoming` and draws a `View` with what it has."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.views import View
from core.outbox import OutboxFile
from core.pacing import Pace


@dataclass(frozen=True, slots=True)
class Traits:
    """What can be done on a channel, for whoever has to know before anything is sent; `title` is people's name for it.

    `edits`: a message can be changed where it stands. `contact_button`: there is a button that shares one's number.
    `vouches`: pages open inside the channel, which says, signed, who is there. `forgets`: what somebody typed can be
    taken out of the chat. `window`: for how long after somebody wrote they may be told anything at all; None where that
    never ends.
    """

    title: str
    edits: bool = True
    contact_button: bool = True
    vouches: bool = False
    forgets: bool = False
    window: timedelta | None = None


# A minute less than WhatsApp's day: a message must not be on its way when the window closes.
TRAITS = {
    "telegram": Traits("Telegram", vouches=True, forgets=True),
    "whatsapp": Traits("WhatsApp", edits=False, contact_button=False, window=timedelta(hours=23, minutes=59)),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What saying something takes of the channel's limits: calls of ours in all, and messages in that chat."""

    calls: int
    in_chat: int


class Channel(Protocol):
    """A way to speak with people; `pace` is how fast all processes together may, None where nobody minds."""

    name: str
    pace: Pace | None

    def deep_link(self, payload: str) -> str:
        """A link that opens the private chat with us and starts it with `payload`."""

    async def close(self) -> None:
        """Hang up."""

    async def send(
        self, chat: str, view: View, edits: str | None, file: OutboxFile | None = None, *, is_open: bool = True
    ) -> str:
        """Say or edit a message; returns the channel's id of it.

        Raises one of the errors below, or anything else when it does not know whether the message arrived, which
        means: again later.
        """

    async def fetch(self, file_id: str, at_most: int) -> bytes:
        """What somebody sent us. Raises NotAccepted where it is gone, or larger than `at_most` bytes."""

    async def forget(self, chat: str, message_id: str) -> None:
        """Take what somebody typed out of the chat; only where `TRAITS` says that this can be."""

    async def nudge(self, chat: str, language: str) -> None:
        """Let somebody whose window has closed know that there is something to read, once they answer."""

    def pace_in(self, chat: str) -> Pace | None:
        """How fast one may speak in this chat; what comes faster waits, and is merged."""

    def cost(self, chat: str, view: View, edits: str | None) -> Cost:
        """What saying or editing this there counts for; `edits` as for `send`."""

    def fits_together(self, first: View, second: View) -> bool:
        """Whether two messages in a row are better said as one."""


class SendError(Exception):
    """The channel answered that this message was not delivered."""


class Unreachable(SendError):
    """The person blocked us, or is gone: nothing more can be said there until they come back."""


class NotAccepted(SendError):
    """This message will never be accepted as it is: saying it again would not help."""


class OutsideWindow(SendError):
    """The person has not written for too long, and this is no sentence approved for such times: it has to wait."""


class TryAgainIn(SendError):
    """Too fast: the channel says when to come back, to this chat or, `everywhere`, to any."""

    def __init__(self, wait: timedelta, *, everywhere: bool = False) -> None:
        super().__init__(f"again in {wait}")
        self.wait = wait
        self.everywhere = everywhere


class Moved(SendError):
    """The chat has a new id: a Telegram group that became a supergroup."""

    def __init__(self, chat: str) -> None:
        super().__init__(f"moved to {chat}")
        self.chat = chat
