"""Which tontine is meant: asked when there are several, for names may be equal."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot import shortcuts
from bot.chat import Chat
from bot.dialogue import GO
from bot.questions import OneOf
from bot.views import Button
from handlers.tontine.links import id_of
from handlers.tontine.words import labels
from members import Member
from tontines.group import active_membership, tontines_of
from tontines.group_tables import Membership, Tontine
from tontines.officers import officers_of
from tontines.states import Role, TontineState

TONTINE = "tontine"


async def open_tontines(session: AsyncSession, member: Member) -> list[Tontine]:
    """A person's tontines that are not closed, oldest first."""
    return [each for each in await tontines_of(session, member.id) if each.state is not TontineState.CLOSED]


async def ask_tontine(chat: Chat, offered: Sequence[Tontine] | None = None) -> Tontine | None:
    """The tontine that a button or a link named, the only one there is, or the one chosen.

    Out of `offered`, all of the member's when not given. None, with the way on said, when they have none.
    """
    offered = await open_tontines(chat.session, chat.member) if offered is None else offered
    if not offered:
        chat.say("tontine.none", buttons=[[new_button(chat)], [Button(chat.text("button.menu"), data=f"{GO}:start")]])
        return None
    named = await chat.once("named", str, lambda: _named(chat))
    ids = [str(each.id) for each in offered]
    if named in ids:
        return offered[ids.index(named)]
    if len(offered) == 1:
        return offered[0]
    chosen = await chat.ask(TONTINE, OneOf(labels(offered), columns=1), text="tontine.which")
    return offered[ids.index(chosen)]


async def buttons_for(session: AsyncSession, member: Member, tontine: Tontine) -> "Ways":
    """Buttons that lead this member to what can be done in this tontine."""
    data = await shortcuts.shortcut(session, member.id, TONTINE, {TONTINE: str(tontine.id)})
    return Ways(data.rpartition(":")[2])


class Ways:
    """Buttons of one tontine: one token serves them all."""

    def __init__(self, token: str) -> None:
        self._token = token

    def to(self, flow: str, label: str) -> Button:
        return Button(label, data=f"{GO}:{flow}:{self._token}")


def new_button(chat: Chat) -> Button:
    """The way to a tontine of one's own."""
    return Button(chat.text("tontine.button.new"), data=f"{GO}:tontine_new")


async def my_membership(chat: Chat, tontine: Tontine) -> Membership:
    """What the member is in this tontine; raises NotAMember, NotActive."""
    return await active_membership(chat.session, tontine.id, chat.member.id)


async def roles_of(session: AsyncSession, membership: Membership) -> list[Role]:
    """The offices that a member holds."""
    held = await officers_of(session, membership.tontine_id)
    return [role for role, holder in held.items() if holder == membership.id]


def hinted_id(chat: Chat, name: str) -> UUID | None:
    """An id given ahead by one of our own buttons or links."""
    return id_of(chat.run.hints.get(name, ""))


async def _named(chat: Chat) -> str:
    found = hinted_id(chat, TONTINE) or hinted_id(chat, "payload")
    chat.run.hints.pop(TONTINE, None)
    return str(found or "")
