"""Taking a contribution back that was a mistake: one officer says why, a second person confirms, everybody sees it."""

from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.questions import OneOf, YesNo
from core import i18n
from core.money import Money
from handlers.tontine.fine_waivers import Reason
from handlers.tontine.people import cut, name_of
from handlers.tontine.which import ask_tontine, hinted_id
from handlers.tontine.words import names_of
from members import Member
from tontines import (
    Allotment,
    Contribution,
    ContributionState,
    Due,
    Round,
    Source,
    Tontine,
    ask_reversal,
    confirm_reversal,
    decline_reversal,
    memberships_of,
    reversible_of,
)
from tontines.officers import require_office
from tontines.reversals import parts_of, payer_of

REVERSAL = "reversal"

# The latest ones are the mistakes that are still to be mended.
_OFFERED = 10


async def reversal(chat: Chat) -> None:
    """Ask to take a contribution back."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    officer = await require_office(chat.session, tontine.id, chat.member.id)
    names = await names_of(chat.session, tontine.id)
    others = [each.id for each in await memberships_of(chat.session, tontine.id) if each.id != officer.id]
    people = [(str(each), f"{number}. {cut(names[each])}") for number, each in enumerate(others, 1)]
    chosen = await chat.ask("whom", OneOf(people), tontine=tontine.name)
    whom = UUID(chosen)
    contribution = await _contribution(chat, tontine, whom)
    if contribution is None:
        chat.say("reversal.nothing", name=cut(names[whom]), tontine=tontine.name)
        return
    facts = await facts_of_reversal(chat.session, chat.member, contribution)
    reason = await chat.ask("reason", Reason(), **facts)
    if not await chat.ask("confirm", YesNo("button.ask_reversal"), reason=reason, **facts):
        chat.say("reversal.not_asked")
        return
    await ask_reversal(chat.session, contribution.id, reason, by=chat.member.id)
    chat.say("reversal.asked", subject=subject_of(contribution.id), reason=reason, **facts)


async def confirm(chat: Chat, contribution_id: UUID) -> None:
    """The second person's yes, under the notice."""
    contribution = await confirm_reversal(chat.session, contribution_id, by=chat.member.id)
    chat.say("reversal.done", in_place=True, **await facts_of_reversal(chat.session, chat.member, contribution))


async def decline(chat: Chat, contribution_id: UUID) -> None:
    """The second person's no."""
    await decline_reversal(chat.session, contribution_id, by=chat.member.id)
    contribution = await chat.session.get_one(Contribution, contribution_id)
    chat.say("reversal.declined", in_place=True, **await facts_of_reversal(chat.session, chat.member, contribution))


async def facts_of_reversal(session: AsyncSession, reader: Member, contribution: Contribution) -> dict[str, Any]:
    """What the sentences about a reversal say: whose, how much, for which rounds, and where the money goes back to."""
    payer = await payer_of(session, contribution)
    key = "reversal.to_nobody" if contribution.source is Source.CASH else "reversal.to_wallet"
    return {
        "tontine": (await session.get_one(Tontine, contribution.tontine_id)).name,
        "name": await name_of(session, contribution.membership_id),
        "amount": Money(contribution.amount),
        "rounds": await rounds_said(session, reader.language, contribution),
        "back_to": i18n.text(reader.language, key, name=cut(payer.name)),
    }


async def rounds_said(session: AsyncSession, language: str, contribution: Contribution) -> Markup:
    """`tour 3`, `tours 2, 3`, `d’avance`: what a contribution paid."""
    parts = await parts_of(session, contribution)
    numbers = sorted({(await _round(session, part)).number for part in parts if part.due_id is not None})
    if not numbers:
        return i18n.text(language, "reversal.early")
    key = "reversal.round" if len(numbers) == 1 else "reversal.rounds"
    return i18n.text(language, key, numbers=", ".join(map(str, numbers)))


def subject_of(contribution_id: UUID) -> str:
    """What the message about a reversal is about."""
    return f"reversal:{contribution_id}"


async def _contribution(chat: Chat, tontine: Tontine, whom: UUID) -> Contribution | None:
    """The contribution that is meant: the only one that can be taken back, or the one chosen of the latest."""
    if (named := hinted_id(chat, "contribution")) is not None:
        return await chat.session.get_one(Contribution, named)
    chosen = await chat.once("only", str, lambda: _only(chat, whom))
    if not chosen:
        found = (await reversible_of(chat.session, whom))[:_OFFERED]
        if not found:
            return None
        offered = [(str(each.id), await _label(chat, each)) for each in found]
        chosen = await chat.ask("which", OneOf(offered, columns=1), tontine=tontine.name)
    contribution = await chat.session.get_one(Contribution, UUID(chosen))
    return contribution if contribution.state is ContributionState.MADE else None


async def _only(chat: Chat, whom: UUID) -> str:
    found = await reversible_of(chat.session, whom)
    return str(found[0].id) if len(found) == 1 else ""


async def _label(chat: Chat, contribution: Contribution) -> str:
    when = i18n.short_moment(
        chat.member.language, contribution.made_at or contribution.created_at, chat.member.time_zone
    )
    rounds = await rounds_said(chat.session, chat.member.language, contribution)
    mark = "💵 " if contribution.source is Source.CASH else ""
    return f"{mark}{i18n.amount(Money(contribution.amount))} · {rounds.unescape()} · {when}"


async def _round(session: AsyncSession, part: Allotment) -> Round:
    assert part.due_id is not None  # noqa: S101 - only what paid a due is asked for
    return await session.get_one(Round, (await session.get_one(Due, part.due_id)).round_id)
