"""Dues: what each part of a share owes, oldest first. Lateness is read from the deadline and never stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.ids import new_id
from tontines.cycle_tables import Cycle, Holding, Round, Share, Turn
from tontines.cycles import holdings_of, shares_of
from tontines.group import fresh
from tontines.money_tables import Due
from tontines.rotation import divided
from tontines.states import RoundState


@dataclass(frozen=True, slots=True)
class Slice:
    """What a payment gives to one due, in francs."""

    due: Due
    amount: int


def spread(amount: int, dues: Sequence[Due]) -> tuple[list[Slice], int]:
    """Give the francs to the dues in their order; what remains is credit. No due gets more than it lacks."""
    slices = []
    for due in dues:
        given = min(amount, due.outstanding)
        if given:
            slices.append(Slice(due, given))
            amount -= given
    return slices, amount


def is_late(due: Due, at: datetime | None = None) -> bool:
    """Whether something of it is still owed after its deadline."""
    return due.outstanding > 0 and due.deadline < (at or clock.now())


async def dues_owed(session: AsyncSession, membership_id: UUID) -> list[Due]:
    """What a member still owes, over all they hold, the oldest round first."""
    owed = (
        select(Due)
        .join(Holding, Holding.id == Due.holding_id)
        .join(Round, Round.id == Due.round_id)
        .join(Cycle, Cycle.id == Round.cycle_id)
        .where(Holding.membership_id == membership_id, Due.paid + Due.waived < Due.amount)
        .order_by(Cycle.number, Round.number, Holding.place, Due.id)
    )
    return await fresh(session, owed)


async def dues_of_round(session: AsyncSession, round_id: UUID) -> list[Due]:
    """Every due of a round, in the order in which they were made."""
    return await fresh(session, select(Due).where(Due.round_id == round_id).order_by(Due.id))


async def create_dues(session: AsyncSession, cycle: Cycle, round_: Round, turn: Turn) -> None:
    """What everybody owes for a round that opens.

    The turn of a share that was left gives back what it had paid: each share that had its money owes it, no other.
    """
    share = await session.get_one(Share, turn.share_id)
    owed = await _refund(session, share) if share.left_at else await _contributions(session, cycle, turn)
    for holding_id, amount in owed:
        if amount:
            session.add(make_due(round_.id, holding_id, amount, round_.deadline))
    await session.flush()


def make_due(round_id: UUID, holding_id: UUID, amount: int, deadline: datetime) -> Due:
    return Due(
        id=new_id(), round_id=round_id, holding_id=holding_id, amount=amount, paid=0, waived=0, deadline=deadline
    )


async def still_to_come(session: AsyncSession, cycle: Cycle, membership_id: UUID) -> int:
    """What a member will owe in the rounds that have not opened: the most that may be paid early, in francs."""
    ours = (
        select(Holding, Share, Turn.position)
        .join(Share, Share.id == Holding.share_id)
        .outerjoin(Turn, Turn.share_id == Share.id)
        .where(Share.cycle_id == cycle.id, Share.left_at.is_(None), Holding.membership_id == membership_id)
    )
    scheduled = await _rounds_that_collect(session, cycle)
    rules, total = cycle.rules, 0
    for holding, _, position in await session.execute(ours):
        has_turn_to_come = position is None or position in scheduled
        skipped = 1 if has_turn_to_come and not rules.beneficiary_contributes else 0
        total += rules.part(rules.contribution, holding.halves) * (len(scheduled) - skipped)
    return total


async def _rounds_that_collect(session: AsyncSession, cycle: Cycle) -> set[int]:
    """The numbers of the rounds to come, but for those that only give back what a leaver had paid."""
    numbers = select(Round.number).where(Round.cycle_id == cycle.id, Round.state == RoundState.SCHEDULED)
    refunds = select(Turn.position).join(Share, Share.id == Turn.share_id)
    refunds = refunds.where(Share.cycle_id == cycle.id, Share.left_at.is_not(None))
    return set(await session.scalars(numbers)) - set(await session.scalars(refunds))


async def _contributions(session: AsyncSession, cycle: Cycle, turn: Turn) -> list[tuple[UUID, int]]:
    rules = cycle.rules
    owing = [
        share
        for share in await shares_of(session, cycle.id)
        if share.left_at is None and (rules.beneficiary_contributes or share.id != turn.share_id)
    ]
    return [
        (holding.id, rules.part(rules.contribution, holding.halves))
        for share in owing
        for holding in await holdings_of(session, share.id)
    ]


async def _refund(session: AsyncSession, left: Share) -> list[tuple[UUID, int]]:
    """What the share that was left had paid, owed by the first holder's and the others' parts of who received it."""
    had_it = (
        select(Turn.share_id, Due.paid)
        .join(Round, (Round.cycle_id == Turn.cycle_id) & (Round.number == Turn.position))
        .join(Due, Due.round_id == Round.id)
        .join(Holding, Holding.id == Due.holding_id)
        .where(Turn.cycle_id == left.cycle_id, Holding.share_id == left.id, Due.paid > 0)
        .order_by(Turn.position)
    )
    return [
        (holding.id, amount)
        for share_id, paid in (await session.execute(had_it)).all()
        for holding, amount in await _between_holders(session, share_id, paid)
    ]


async def _between_holders(session: AsyncSession, share_id: UUID, amount: int) -> list[tuple[Holding, int]]:
    holdings = await holdings_of(session, share_id)
    return list(zip(holdings, divided(amount, [each.halves for each in holdings]), strict=True))
