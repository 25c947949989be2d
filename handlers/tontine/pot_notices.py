"""What is told of a pot: to officers that it can be paid, to a second one that it is asked for, to who receives it."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice
from bot.views import Button
from core.events import subscribe
from core.jobs import Jobs, Payload, enqueue
from core.money import Money
from handlers.tontine.answers import answer, leading_to
from handlers.tontine.people import name_of, officers, person
from handlers.tontine.saying import collected, facts_of_round, round_of, say, was_told
from handlers.tontine.telling import settle
from handlers.tontine.way_out import way_out
from tontines import (
    Cycle,
    Due,
    Pot,
    PotState,
    Receipt,
    Round,
    RoundState,
    ShortPot,
    Source,
    approvers_of_pot,
    receipts_of,
)
from tontines.allotting import missing

POT_NOTICE = "pot_notice"


def register_pots(jobs: Jobs) -> None:
    """Hear of everything that becomes of a pot."""
    jobs.in_transaction(POT_NOTICE, _pot_is_ready)
    subscribe(jobs, "round.full", _full)
    subscribe(jobs, "due.late", _deadline_passed)
    subscribe(jobs, "pot.requested", _pot_requested)
    subscribe(jobs, "pot.declined", _pot_declined)
    subscribe(jobs, "pot.paid", _pot_paid)
    subscribe(jobs, "pot.arrears_paid", _arrears_paid)


async def _full(session: AsyncSession, payload: Payload) -> None:
    await _plan_pot_notice(session, UUID(payload["round"]))


async def _deadline_passed(session: AsyncSession, payload: Payload) -> None:
    """The officers decide about a pot that is short, once for all who are late."""
    await _plan_pot_notice(session, (await session.get_one(Due, UUID(payload["due"]))).round_id)


async def _pot_is_ready(session: AsyncSession, payload: Payload) -> None:
    """Tell the officers that a pot can be paid out, or what it waits for."""
    round_ = await session.get_one(Round, UUID(payload["round"]), populate_existing=True)
    if round_.state is not RoundState.OPEN or await session.get(Pot, round_.id) is not None:
        return
    cycle = await session.get_one(Cycle, round_.cycle_id)
    lacking = await missing(session, round_.id)
    key = "pot.ready"
    if lacking:
        key = "pot.short_carry" if cycle.rules.short_pot is ShortPot.CARRY else "pot.short_wait"
    facts = await facts_of_round(session, round_) | {
        "missing": Money(lacking),
        "collected": await collected(session, round_),
    }
    for officer in await officers(session, round_.tontine_id):
        buttons = [
            [await answer(session, officer, "pay_pot", "pot-request", round_.id)],
            [await answer(session, officer, "wait", "pot-wait", round_.id)],
        ]
        rows = [] if key == "pot.short_wait" else buttons
        await say(session, officer, round_, key, *rows, subject=f"pot:{round_.id}", **facts)


async def _pot_requested(session: AsyncSession, payload: Payload) -> None:
    round_ = await round_of(session, payload)
    pot = await session.get(Pot, round_.id, populate_existing=True)
    if pot is None or pot.state is PotState.PAID:
        return
    facts = await facts_of_round(session, round_)
    await settle(session, f"pot:{round_.id}", lambda member: notice(member, "pot.is_requested", **facts))
    facts |= {"asker": await name_of(session, pot.requested_by), "collected": await collected(session, round_)}
    for membership_id in sorted((await approvers_of_pot(session, round_.id)).who):
        approver = await person(session, membership_id)
        buttons = [
            [await answer(session, approver, "approve", "pot-approve", round_.id)],
            [await answer(session, approver, "decline", "pot-decline", round_.id)],
        ]
        await say(session, approver, round_, "pot.to_approve", *buttons, subject=f"pot:{round_.id}", **facts)


async def _pot_declined(session: AsyncSession, payload: Payload) -> None:
    """Everybody of the office hears who said no; the request may be made anew."""
    round_ = await round_of(session, payload)
    facts = await facts_of_round(session, round_) | {"name": await name_of(session, UUID(payload["member"]))}
    for officer in await officers(session, round_.tontine_id, UUID(payload["member"])):
        again = [[await answer(session, officer, "pay_pot", "pot-request", round_.id)]]
        await say(session, officer, round_, "pot.declined", *again, subject=f"pot:{round_.id}", **facts)


async def _pot_paid(session: AsyncSession, payload: Payload) -> None:
    """Each beneficiary reads what came, and may send it on; nobody is left with a button to decide it."""
    round_ = await round_of(session, payload)
    facts = await facts_of_round(session, round_)
    await settle(session, f"pot:{round_.id}", lambda member: notice(member, "pot.is_paid", **facts))
    for receipt in await receipts_of(session, round_.id):
        await _tell_receipt(session, round_, receipt, facts)


async def _arrears_paid(session: AsyncSession, payload: Payload) -> None:
    """What came in late went to the beneficiary by itself: each receipt after the round's end is told once."""
    round_ = await round_of(session, payload)
    facts = await facts_of_round(session, round_)
    for receipt in await receipts_of(session, round_.id):
        if round_.closed_at is not None and receipt.created_at > round_.closed_at:
            await _tell_receipt(session, round_, receipt, facts, is_late=True)


async def _tell_receipt(
    session: AsyncSession, round_: Round, receipt: Receipt, facts: dict[str, Any], *, is_late: bool = False
) -> None:
    member = await person(session, receipt.membership_id)
    subject = f"receipt:{receipt.id}"
    if await was_told(session, member, subject):
        return
    amount = Money(receipt.amount)
    buttons: list[list[Button]] = []
    if receipt.source is Source.WALLET:
        hints = await way_out(session, member, amount)
        buttons = [[await leading_to(session, member, "to_mobile_money", "withdraw", hints)]]
    elif receipt.source is Source.CASH:
        buttons = [[await answer(session, member, "cash_in_hand", "cash-received", receipt.id, amount=amount)]]
    key = "pot.arrears" if is_late and receipt.source is Source.WALLET else f"pot.received.{receipt.source}"
    await say(session, member, round_, key, *buttons, subject=subject, **facts, amount=amount)


async def _plan_pot_notice(session: AsyncSession, round_id: UUID) -> None:
    await enqueue(session, POT_NOTICE, str(round_id), {"round": str(round_id)})
