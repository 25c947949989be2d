"""What is told of a reversal: a second person is asked, and what was taken back is told before everybody."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice, tell
from bot.views import View
from core import i18n
from core.events import subscribe
from core.jobs import Jobs, Payload
from core.money import Money
from handlers.tontine.answers import answer
from handlers.tontine.card import redraw
from handlers.tontine.people import group_language, name_of, officers, person
from handlers.tontine.reversing import facts_of_reversal, rounds_said, subject_of
from handlers.tontine.saying import contribute_button
from handlers.tontine.telling import out_of_group, tell_group, tell_one
from tontines import (
    Contribution,
    ContributionState,
    Due,
    Reversal,
    Round,
    RoundState,
    Source,
    Tontine,
    beneficiaries_of,
    cash_to_hand_over,
    dues_owed,
    reversers_of,
)
from tontines.reversals import parts_of, payer_of


def register_reversals(jobs: Jobs) -> None:
    """Hear of reversals that are asked, declined and done."""
    subscribe(jobs, "reversal.asked", _asked)
    subscribe(jobs, "reversal.declined", _declined)
    subscribe(jobs, "contribution.reversed", _reversed)


async def _asked(session: AsyncSession, payload: Payload) -> None:
    """Who may confirm reads the reason, and says yes or no."""
    contribution = await _contribution(session, payload)
    reversal = await session.get(Reversal, contribution.id, populate_existing=True)
    if reversal is None or reversal.confirmed_by is not None:
        return
    asker = await name_of(session, reversal.asked_by)
    for membership_id in sorted(await reversers_of(session, contribution.id)):
        member = await person(session, membership_id)
        buttons = [
            [await answer(session, member, "confirm_reversal", "reversal-yes", contribution.id)],
            [await answer(session, member, "decline_reversal", "reversal-no", contribution.id)],
        ]
        facts = await facts_of_reversal(session, member, contribution)
        view = notice(member, "reversal.to_confirm", *buttons, asker=asker, reason=reversal.reason, **facts)
        await tell(session, member, view, subject=subject_of(contribution.id), is_final=True)


async def _declined(session: AsyncSession, payload: Payload) -> None:
    """Who asked hears who said no; the others' buttons go."""
    contribution = await _contribution(session, payload)
    tontine = await session.get_one(Tontine, contribution.tontine_id)
    who = await name_of(session, UUID(payload["member"]))
    for member in await officers(session, tontine.id, UUID(payload["member"])):
        facts = await facts_of_reversal(session, member, contribution)
        view = notice(member, "reversal.was_declined", who=who, **facts)
        await tell(session, member, view, subject=subject_of(contribution.id))


async def _reversed(session: AsyncSession, payload: Payload) -> None:
    """The group reads one line; the member, who paid, and whom a promise was made to, each in private."""
    contribution = await _contribution(session, payload)
    tontine = await session.get_one(Tontine, contribution.tontine_id)
    reversal = await session.get_one(Reversal, contribution.id, populate_existing=True)
    language = await group_language(session, tontine.id)
    closed = await _closed_rounds(session, contribution)
    for round_ in closed:
        await redraw(session, round_.id)
    facts = await _before_all(session, language, contribution, reversal)
    await _tell_deciders(session, contribution, reversal)
    await tell_group(session, tontine, View(i18n.text(language, "reversal.before_all", **facts)))
    for _, member in await out_of_group(session, tontine):
        facts = await _before_all(session, member.language, contribution, reversal)
        view = notice(member, "reversal.before_all", **facts)
        await tell(session, member, view, subject=subject_of(contribution.id), is_final=True)
    await _tell_member(session, tontine, contribution, reversal)
    await _tell_payer(session, contribution)
    for round_ in closed:
        await _tell_beneficiaries(session, tontine, contribution, round_)


async def _tell_deciders(session: AsyncSession, contribution: Contribution, reversal: Reversal) -> None:
    """Who asked, and whoever might have confirmed: their buttons go."""
    for membership_id in sorted({reversal.asked_by, *await reversers_of(session, contribution.id)}):
        member = await person(session, membership_id)
        facts = await facts_of_reversal(session, member, contribution)
        await tell_one(session, member, "reversal.done", subject=subject_of(contribution.id), **facts)


async def _tell_member(session: AsyncSession, tontine: Tontine, contribution: Contribution, reversal: Reversal) -> None:
    """For whom it was: what is owed again, with the way to pay it."""
    member = await person(session, contribution.membership_id)
    owed = sum(due.outstanding for due in await dues_owed(session, contribution.membership_id))
    row = [await contribute_button(session, member, tontine)] if owed else None
    key = "reversal.owed_again" if owed else "reversal.owed_nothing"
    facts = await facts_of_reversal(session, member, contribution)
    await tell_one(
        session, member, key, row, subject=f"reversed:{contribution.id}", reason=reversal.reason, owed=Money(owed),
        **facts,
    )  # fmt: skip


async def _tell_payer(session: AsyncSession, contribution: Contribution) -> None:
    """Somebody else who had paid: their money is back."""
    payer = await payer_of(session, contribution)
    if payer.id == (await person(session, contribution.membership_id)).id:
        return
    facts = await facts_of_reversal(session, payer, contribution)
    await tell_one(session, payer, "reversal.came_back", subject=f"reversed:{contribution.id}", **facts)


async def _tell_beneficiaries(
    session: AsyncSession, tontine: Tontine, contribution: Contribution, round_: Round
) -> None:
    """To whom banknotes were promised: who owes them that money now, and what is still promised."""
    for membership_id in await beneficiaries_of(session, round_):
        member = await person(session, membership_id)
        promised = sum(each.given for each in await cash_to_hand_over(session, tontine.id, member.id))
        facts = await facts_of_reversal(session, member, contribution)
        await tell_one(
            session, member, "reversal.promise_gone", subject=f"promise:{contribution.id.hex}:{round_.id.hex}",
            number=round_.number, promised=Money(promised), **facts,
        )  # fmt: skip


async def _before_all(
    session: AsyncSession, language: str, contribution: Contribution, reversal: Reversal
) -> dict[str, Any]:
    return {
        "tontine": (await session.get_one(Tontine, contribution.tontine_id)).name,
        "name": await name_of(session, contribution.membership_id),
        "amount": Money(contribution.amount),
        "rounds": await rounds_said(session, language, contribution),
        "reason": reversal.reason,
        "asker": await name_of(session, reversal.asked_by),
        "second": await name_of(session, reversal.confirmed_by) if reversal.confirmed_by else "",
    }


async def _closed_rounds(session: AsyncSession, contribution: Contribution) -> list[Round]:
    if contribution.source is not Source.CASH or contribution.state is not ContributionState.REVERSED:
        return []
    found: dict[UUID, Round] = {}
    for part in await parts_of(session, contribution):
        if part.due_id is not None:
            round_ = await session.get_one(Round, (await session.get_one(Due, part.due_id)).round_id)
            found[round_.id] = round_
    return [round_ for round_ in found.values() if round_.state is RoundState.CLOSED]


async def _contribution(session: AsyncSession, payload: Payload) -> Contribution:
    return await session.get_one(Contribution, UUID(payload["contribution"]), populate_existing=True)
