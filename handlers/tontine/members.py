"""Who is in a tontine: /membres. Names and parts, never a number; who cannot be written to yet is told apart."""

from collections.abc import Sequence

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import shortcuts
from bot.chat import Chat
from bot.conversation import Conversation
from bot.views import Button
from core import i18n
from handlers.tontine import words
from handlers.tontine.people import cut
from handlers.tontine.which import TONTINE, ask_tontine, buttons_for
from members import Member
from tontines.charter import has_accepted
from tontines.group_tables import Membership, Tontine
from tontines.officers import officers_of
from tontines.states import MembershipState

_PAGE, _ON_A_PAGE = "page", 20
_HERE = (MembershipState.ACTIVE, MembershipState.APPROVED, MembershipState.ASKED)


async def members(chat: Chat) -> None:
    """The list in private, page after page where there are many."""
    asked_for = int(chat.run.hints.pop(_PAGE, "0"))
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    lines = await lines_of_members(chat.session, tontine, chat.member.language)
    pages = [lines[at : at + _ON_A_PAGE] for at in range(0, len(lines), _ON_A_PAGE)]
    number = min(max(asked_for, 1), len(pages))
    ways = await buttons_for(chat.session, chat.member, tontine)
    turning = [
        await _to_page(chat, tontine, other, label)
        for other, label in ((number - 1, "before"), (number + 1, "after"))
        if 1 <= other <= len(pages)
    ]
    rows = [turning] if turning else []
    chat.say(
        "tontine.members_page" if len(pages) > 1 else "tontine.members", name=tontine.name, number=number,
        pages=len(pages), lines=Markup("\n").join(pages[number - 1]), in_place=asked_for > 0,
        buttons=[*rows, [ways.to("tontine", chat.text("tontine.button.open"))]],
    )  # fmt: skip


async def list_of_members(session: AsyncSession, tontine: Tontine, language: str) -> Markup:
    """As many of the lines as one message has room for."""
    return words.folded(language, await lines_of_members(session, tontine, language))


async def lines_of_members(session: AsyncSession, tontine: Tontine, language: str) -> list[Markup]:
    """A line for each: name, shares, office, and what is still missing."""
    people = await words.people_of(session, tontine.id, *_HERE)
    silent = {member.id for member in await not_started(session, [member for _, member in people])}
    names = await words.names_of(session, tontine.id)
    held = await officers_of(session, tontine.id)
    lines = []
    for number, (membership, member) in enumerate(people, 1):
        facts = [words.shares(language, membership.halves)]
        facts += [words.role(language, role) for role, holder in held.items() if holder == membership.id]
        facts += await _missing(session, tontine, membership, language, is_silent=member.id in silent)
        name = cut(names[membership.id])
        lines.append(Markup("{}. <b>{}</b> · {}").format(number, name, Markup(" · ").join(facts)))
    return lines


async def not_started(session: AsyncSession, people: Sequence[Member]) -> list[Member]:
    """Those who have never written to us: no bot may write to them first."""
    ids = [member.id for member in people]
    heard = set(await session.scalars(select(Conversation.member_id).where(Conversation.member_id.in_(ids))))
    return [member for member in people if member.id not in heard]


async def _to_page(chat: Chat, tontine: Tontine, number: int, label: str) -> Button:
    hints = {TONTINE: str(tontine.id), _PAGE: str(number)}
    data = await shortcuts.shortcut(chat.session, chat.member.id, "members", hints)
    return Button(chat.text(f"tontine.page.{label}"), data=data)


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
