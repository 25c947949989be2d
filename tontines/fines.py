"""Lateness and fines: who is late is told, and after the grace fined once for each due, up to the cycle's cap."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import insert_once
from core.errors import Refusal
from core.ids import new_id
from core.jobs import Payload
from tontines.chain import write_line
from tontines.cycle_tables import Cycle, Holding, Round, Share, Turn
from tontines.default import recover
from tontines.dues import dues_of_round, is_late
from tontines.events import tell
from tontines.group import fresh, fresh_one, lock_tontine
from tontines.group_tables import Membership, Tontine
from tontines.money_tables import Due, Fine, SidePayment
from tontines.officers import require_office, require_other_officer
from tontines.reasons import checked_reason
from tontines.sides import Side, pay_side
from tontines.states import FineState, RoundState


class FineSettled(Refusal):
    """The fine was paid or waived."""

    key = "refusal.tontine.fine_settled"


class WaiverNotAsked(Refusal):
    key = "refusal.tontine.waiver_not_asked"


async def tell_late(session: AsyncSession, payload: Payload) -> None:
    """A deadline has passed: tell of each due that is late, and recover what somebody in default owes."""
    tontine, round_ = await _round(session, payload)
    for due in await dues_of_round(session, round_.id):
        if is_late(due):
            holder = await _holder(session, due)
            await tell(session, "due.late", tontine.id, due=due.id, member=holder.id)
            if holder.defaulted_at is not None:
                await recover(session, tontine, holder)


async def give_fines(session: AsyncSession, payload: Payload) -> None:
    """The grace is over: fine each due that is still late. A due is fined once, whoever runs this again."""
    tontine, round_ = await _round(session, payload)
    cycle = await session.get_one(Cycle, round_.cycle_id)
    grace = timedelta(days=cycle.rules.grace_days)
    for due in await dues_of_round(session, round_.id):
        if is_late(due, clock.now() - grace):
            await _fine(session, tontine, cycle, due)


async def pay_fine(session: AsyncSession, fine_id: UUID, *, payer_id: UUID, key: str) -> Fine:
    """Pay a fine from the payer's wallet into the fund. The same key again changes nothing.

    Raises ledger.InsufficientFunds, MemberFrozen, DebtOutstanding, FineSettled.
    """
    tontine = await lock_tontine(session, (await session.get_one(Fine, fine_id)).tontine_id)
    fine = await fresh_one(session, Fine, fine_id)
    if await session.scalar(select(SidePayment.id).where(SidePayment.key == key)):
        return fine
    if fine.state is not FineState.OWED:
        raise FineSettled
    member = await fresh_one(session, Membership, fine.membership_id)
    await pay_side(session, tontine, Side.FINE, member, fine.amount, payer_id=payer_id, key=key)
    fine.state = FineState.PAID
    await session.flush()
    await write_line(session, tontine, "fine.paid", fine=fine.id, member=member.id, amount=fine.amount)
    await tell(session, "fine.paid", tontine.id, fine=fine.id, member=member.id)
    return fine


async def ask_waiver(session: AsyncSession, fine_id: UUID, reason: str, *, by: UUID) -> Fine:
    """An officer who is not the one fined asks to waive a fine, and says why. Raises FineSettled, ReasonNeeded."""
    reason = checked_reason(reason)
    tontine = await lock_tontine(session, (await session.get_one(Fine, fine_id)).tontine_id)
    fine = await fresh_one(session, Fine, fine_id)
    officer = await require_other_officer(session, tontine.id, by, fine.membership_id)
    if fine.state is not FineState.OWED:
        raise FineSettled
    fine.waiver_asked_by, fine.waiver_reason = officer.id, reason
    await session.flush()
    await tell(session, "fine.waiver_asked", tontine.id, fine=fine.id, member=fine.membership_id)
    return fine


async def confirm_waiver(session: AsyncSession, fine_id: UUID, *, by: UUID) -> Fine:
    """A second officer waives the fine; everybody sees it. Raises WaiverNotAsked, SecondPersonNeeded, FineSettled."""
    tontine = await lock_tontine(session, (await session.get_one(Fine, fine_id)).tontine_id)
    fine = await fresh_one(session, Fine, fine_id)
    await require_office(session, tontine.id, by)
    if fine.state is FineState.WAIVED:
        return fine
    if fine.waiver_asked_by is None:
        raise WaiverNotAsked
    officer = await require_other_officer(session, tontine.id, by, fine.membership_id, fine.waiver_asked_by)
    if fine.state is not FineState.OWED:
        raise FineSettled
    fine.waived_by, fine.state = officer.id, FineState.WAIVED
    await session.flush()
    await write_line(
        session, tontine, "fine.waived", fine=fine.id, reason=fine.waiver_reason, asked_by=fine.waiver_asked_by,
        by=officer.id,
    )  # fmt: skip
    await tell(session, "fine.waived", tontine.id, fine=fine.id, member=fine.membership_id)
    return fine


async def fines_owed(session: AsyncSession, membership_id: UUID) -> list[Fine]:
    """The fines that a member has to pay, the oldest first."""
    mine = select(Fine).where(Fine.membership_id == membership_id, Fine.state == FineState.OWED)
    return await fresh(session, mine.order_by(Fine.id))


async def _fine(session: AsyncSession, tontine: Tontine, cycle: Cycle, due: Due) -> None:
    holding = await session.get_one(Holding, due.holding_id)
    rules = cycle.rules
    full = rules.fine_after_turn if await _had_its_turn(session, cycle, holding.share_id) else rules.fine
    room = rules.part(rules.fine_cap, holding.halves) - await _fined(session, cycle, holding)
    amount = min(rules.part(full, holding.halves), room)
    if amount <= 0:
        return
    is_new = await insert_once(
        session, Fine, id=new_id(), due_id=due.id, tontine_id=tontine.id, membership_id=holding.membership_id,
        amount=amount, state=FineState.OWED, created_at=clock.now(),
    )  # fmt: skip
    if is_new:
        fine = (await fresh(session, select(Fine).where(Fine.due_id == due.id)))[0]
        await write_line(session, tontine, "fine.given", fine=fine.id, member=fine.membership_id, amount=amount)
        await tell(session, "fine.given", tontine.id, fine=fine.id, member=fine.membership_id)


async def _had_its_turn(session: AsyncSession, cycle: Cycle, share_id: UUID) -> bool:
    closed = (
        select(Round.id)
        .join(Turn, (Turn.cycle_id == Round.cycle_id) & (Turn.position == Round.number))
        .where(Round.cycle_id == cycle.id, Turn.share_id == share_id, Round.state == RoundState.CLOSED)
    )
    return await session.scalar(closed) is not None


async def _fined(session: AsyncSession, cycle: Cycle, holding: Holding) -> int:
    """What this part of a share was fined in the cycle, waived fines apart."""
    total = (
        select(func.coalesce(func.sum(Fine.amount), 0))
        .join(Due, Due.id == Fine.due_id)
        .join(Holding, Holding.id == Due.holding_id)
        .join(Share, Share.id == Holding.share_id)
        .where(Share.cycle_id == cycle.id, Due.holding_id == holding.id, Fine.state != FineState.WAIVED)
    )
    return int(await session.scalar(total) or 0)


async def _holder(session: AsyncSession, due: Due) -> Membership:
    holding = await fresh_one(session, Holding, due.holding_id)
    return await fresh_one(session, Membership, holding.membership_id)


async def _round(session: AsyncSession, payload: Payload) -> tuple[Tontine, Round]:
    round_id = UUID(payload["round"])
    tontine = await lock_tontine(session, (await session.get_one(Round, round_id)).tontine_id)
    return tontine, await fresh_one(session, Round, round_id)
