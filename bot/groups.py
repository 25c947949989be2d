"""What happens in a group: everybody reads it, so nobody's money, number or code is ever spoken of there."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import Commands
from bot.dialogue import GO
from bot.incoming import Incoming
from bot.views import Button, View
from core import i18n, outbox
from core.errors import Refusal
from core.outbox import Destination
from members import Member, find_by_address

DeepLink: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Toast:
    """What only the person who tapped sees: a short text, or the private chat opened with `start`.

    The text passes by itself, unless it `is_alert`: a refusal waits until it was read.
    """

    text: str = ""
    start: str | None = None
    is_alert: bool = False


@dataclass
class GroupTurn:
    """One message, tap or event in a group, and who did it: `member` is None until they have started the assistant."""

    session: AsyncSession
    incoming: Incoming
    member: Member | None

    @property
    def language(self) -> str:
        """The language of whoever acted."""
        return self.member.language if self.member else i18n.closest_language(self.incoming.language)

    @property
    def here(self) -> Destination:
        return Destination(self.incoming.channel, self.incoming.chat)

    async def say(self, view: View, *, subject: str | None = None) -> None:
        """Say something in the group."""
        await outbox.say(self.session, self.here, view.dump(), subject=subject)


CommandAct: TypeAlias = Callable[[GroupTurn, str], Awaitable[None]]
TapAct: TypeAlias = Callable[[GroupTurn, str], Awaitable[Toast]]
EventAct: TypeAlias = Callable[[GroupTurn], Awaitable[None]]


@dataclass(frozen=True)
class GroupActs:
    """What is done in groups: commands by flow, taps by the first word of a button's data, and events by kind."""

    commands: Mapping[str, CommandAct] = field(default_factory=dict)
    taps: Mapping[str, TapAct] = field(default_factory=dict)
    events: Mapping[str, EventAct] = field(default_factory=dict)


class GroupDesk:
    """Answers in groups; what is somebody's own business is answered with the way to the private chat."""

    def __init__(self, commands: Commands, acts: GroupActs, deep_link: DeepLink) -> None:
        self._commands = commands
        self._acts = acts
        self._deep_link = deep_link

    async def answer(self, session: AsyncSession, incoming: Incoming) -> Toast | None:
        """Answer one message, tap or event; a tap is answered with what only the tapper sees."""
        member = None
        if not incoming.is_anonymous:
            member = await find_by_address(session, incoming.channel, incoming.person)
        turn = GroupTurn(session, incoming, member)
        if incoming.kind == "tap":
            return await self._tapped(turn)
        if incoming.kind == "text":
            await self._written(turn)
        if incoming.kind == "moved" and incoming.moved_to is not None:
            await outbox.move(session, turn.here, incoming.moved_to)
        if act := self._acts.events.get(incoming.kind):
            await act(turn)
        elif incoming.kind == "added":
            await self._point_to_private(turn, "group.welcome", i18n.DEFAULT_LANGUAGE)
        return None

    async def _written(self, turn: GroupTurn) -> None:
        found = self._commands.find(turn.incoming.text) if turn.incoming.text.startswith("/") else None
        if found is None:
            return
        command, rest = found
        if turn.incoming.is_anonymous:
            await self._point_to_private(turn, "group.anonymous", turn.language)
        elif act := self._acts.commands.get(command.flow):
            await act(turn, rest)
        else:
            await self._point_to_private(turn, "group.in_private", turn.language)

    async def _tapped(self, turn: GroupTurn) -> Toast:
        action, _, argument = turn.incoming.text.partition(":")
        if action == GO:
            return Toast(start=argument.partition(":")[0])
        act = self._acts.taps.get(action)
        if act is None:
            return Toast(i18n.text(turn.language, "group.old_button"), is_alert=True)
        try:
            async with turn.session.begin_nested():
                return await act(turn, argument)
        except Refusal as refusal:
            return Toast(i18n.text(turn.language, refusal.key, **refusal.params), is_alert=True)

    async def _point_to_private(self, turn: GroupTurn, key: str, language: str) -> None:
        button = Button(i18n.text(language, "button.in_private"), url=self._deep_link("menu"))
        await turn.say(View(i18n.text(language, key, name=turn.incoming.name), ((button,),)))
