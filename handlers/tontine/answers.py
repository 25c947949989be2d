"""Decisions of one tap: a button under a notice carries what it decides and about what, for one member alone.

Each act asks the domain, which checks again who may, and whether it is still to be decided: a second tap changes
nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot import shortcuts
from bot.chat import Chat, Flow
from bot.views import Button
from core import i18n
from members import Member

ANSWER = "tontine_answer"

Act: TypeAlias = Callable[[Chat, UUID], Awaitable[None]]


def answers(acts: Mapping[str, Act]) -> Flow:
    """The flow behind all of these buttons; somebody else's, or one that nobody knows, is an old one."""

    async def run(chat: Chat) -> None:
        act = acts.get(chat.run.hints.get("act", ""))
        if act is None:
            chat.say("dialogue.old_button")
            return
        await act(chat, UUID(chat.run.hints["about"]))

    return run


async def answer(session: AsyncSession, member: Member, label: str, act: str, about: UUID, **params: object) -> Button:
    """A button, `button.<label>`, by which `member` decides `act` about a row."""
    data = await shortcuts.shortcut(session, member.id, ANSWER, {"act": act, "about": str(about)})
    return Button(i18n.text(member.language, f"button.{label}", **params), data=data)


async def leading_to(
    session: AsyncSession, member: Member, label: str, flow: str, hints: dict[str, str], **params: object
) -> Button:
    """A button that starts another flow with answers given ahead."""
    data = await shortcuts.shortcut(session, member.id, flow, hints)
    return Button(i18n.text(member.language, f"button.{label}", **params), data=data)
