"""Who is in a tontine: /membres. Names and parts, never a number; who cannot be written to yet is told apart."""

from collections.abc import Sequence

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.conversation import Conversation
from core import i18n
from handlers.tontine import words
from handlers.tontine.people import cut
from handlers.tontine.which import ask_tontine, buttons_for
from members import Member
from tontines.charter import has_accepted
from tontines.group_tables import Membership, Tontine
from tontines.officers import officers_of
from tontines.states import MembershipState

_HERE = (MembershipState.ACTIVE, MembershipState.APPROVED, MembershipState.ASKED)


async def members(chat: Chat) -> None:
    """The list in private."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    ways = await buttons_for(chat.session, chat.member, tontine)
    back = ways.to("tontine", chat.text("tontine.button.open"))
    chat.say(
        "tontine.members", name=tontine.name, buttons=[[back]],
        lines=await list_of_members(chat.session, tontine, chat.member.language),
    )  # fmt: skip


async def list_of_members(session: AsyncSession, tontine: Tontine, language: str) -> Markup:
    """A line for each: name, shares, office, and what is still missing."""
    people = await words.people_of(session, tontine.id, *_HERE)
    silent = await not_started(session, [member for _, member in people])
    names = await words.names_of(session, tontine.id)
    held = await officers_of(session, tontine.id)
    lines = []
    for number, (membership, member) in enumerate(people, 1):
        facts = [words.shares(language, membership.halves)]
        facts += [words.role(language, role) for role, holder in held.items() if holder == membership.id]
        facts += await _missing(session, tontine, membership, language, is_silent=member in silent)
        name = cut(names[membership.id])
        lines.append(Markup("{}. <b>{}</b> · {}").format(number, name, Markup(" · ").join(facts)))
    return words.folded(language, lines)


async def not_started(session: AsyncSession, people: Sequence[Member]) -> list[Member]:
    """Those who have never written to us: no bot may write to them first."""
    ids = [member.id for member in people]
    heard = set(await session.scalars(select(Conversation.member_id).where(Conversation.member_id.in_(ids))))
    return [member for member in people if member.id not in heard]


async def _missing(
    session: AsyncSession, tontine: Tontine, membership: Membership, language: str, *, is_silent: bool
) -> list[str]:
    marks = []
    if membership.state is MembershipState.ASKED:
        marks.append("tontine.mark.asked")
    if is_silent:
        marks.append("tontine.mark.not_started")
    elif not await has_accepted(session, tontine, membership.id):
        marks.append("tontine.mark.charter")
    elif membership.state is MembershipState.ACTIVE:
        marks.append("tontine.mark.accepted")
    return [i18n.text(language, mark) for mark in marks]
