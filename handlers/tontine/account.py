"""A member's account in one tontine: what they owed, paid and received, line by line."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.money import Money
from handlers.tontine.board import Seal, last_seal
from members import Member
from tontines import (
    Contribution,
    ContributionState,
    Cycle,
    Due,
    Fine,
    FineState,
    Holding,
    Membership,
    Receipt,
    Round,
    Source,
    Tontine,
    is_late,
)
from tontines.group_tables import Line


@dataclass(frozen=True, slots=True)
class OwedLine:
    """What a member owed for one round, over all they hold; what was given longer time for stands apart."""

    cycle: int
    round: int
    deadline: datetime
    owed: Money
    paid: Money
    is_late: bool

    @property
    def left(self) -> Money:
        return self.owed - self.paid

    def added_to(self, other: "OwedLine") -> "OwedLine":
        """Both as one: two shares are two dues, and one round."""
        is_late = self.is_late or other.is_late
        return replace(self, owed=self.owed + other.owed, paid=self.paid + other.paid, is_late=is_late)


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One contribution. `by` is somebody else who paid it."""

    at: datetime
    source: Source
    amount: Money
    by: str | None
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class FineLine:
    at: datetime
    cycle: int
    round: int
    amount: Money
    state: FineState


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """What was received of a pot. Cash counts once they said that they have it."""

    at: datetime
    cycle: int
    round: int
    source: Source
    amount: Money
    is_confirmed: bool


class Other(StrEnum):
    """What else moved between a member and the tontine."""

    CAUTION_PAID = "caution_paid"
    CAUTION_RETURNED = "caution_returned"
    ADVANCE_RETURNED = "advance_returned"
    GIVEN_TO_FUND = "given_to_fund"
    HELPED_BY_FUND = "helped_by_fund"
    BOUGHT_IN = "bought_in"
    BOUGHT_OUT = "bought_out"


@dataclass(frozen=True, slots=True)
class OtherLine:
    at: datetime
    other: Other
    amount: Money


@dataclass(frozen=True, slots=True)
class Account:
    tontine: str
    member: str
    zone: str
    at: datetime
    owed: list[OwedLine]
    paid: list[PaidLine]
    fines: list[FineLine]
    received: list[ReceivedLine]
    others: list[OtherLine]
    seal: Seal | None

    @property
    def total_owed(self) -> Money:
        return _sum(line.owed for line in self.owed)

    @property
    def total_paid(self) -> Money:
        """What was paid of what is owed; what was paid early for rounds to come is not in it."""
        return _sum(line.paid for line in self.owed)

    @property
    def total_left(self) -> Money:
        return self.total_owed - self.total_paid

    @property
    def total_fines(self) -> Money:
        """The fines that are still to be paid."""
        return _sum(line.amount for line in self.fines if line.state is FineState.OWED)

    @property
    def total_received(self) -> Money:
        return _sum(line.amount for line in self.received if line.is_confirmed)


# Of a kind of line in the statement: who it speaks of, what it is for them, and where its amount stands.
_OTHERS = {
    ("caution.paid", "member"): (Other.CAUTION_PAID, "amount"),
    ("caution.returned", "member"): (Other.CAUTION_RETURNED, "amount"),
    ("advance.returned", "member"): (Other.ADVANCE_RETURNED, "amount"),
    ("fund.received", "member"): (Other.GIVEN_TO_FUND, "amount"),
    ("grant.paid", "member"): (Other.HELPED_BY_FUND, "amount"),
    ("replacement.done", "successor"): (Other.BOUGHT_IN, "price"),
    ("replacement.done", "member"): (Other.BOUGHT_OUT, "price"),
}


async def account_of(session: AsyncSession, membership: Membership) -> Account:
    """All that a member owed, paid and received in this tontine, over all its cycles."""
    tontine = await session.get_one(Tontine, membership.tontine_id)
    member = await session.get_one(Member, membership.member_id)
    return Account(
        tontine=tontine.name,
        member=member.name,
        zone=tontine.rules.zone,
        at=clock.now(),
        owed=await _owed(session, membership.id),
        paid=await _paid(session, membership),
        fines=await _fines(session, membership.id),
        received=await _received(session, membership.id),
        others=await _others(session, membership),
        seal=await last_seal(session, tontine.id),
    )


async def _owed(session: AsyncSession, membership_id: UUID) -> list[OwedLine]:
    dues = (
        select(Due, Round.number, Cycle.number)
        .join(Holding, Holding.id == Due.holding_id)
        .join(Round, Round.id == Due.round_id)
        .join(Cycle, Cycle.id == Round.cycle_id)
        .where(Holding.membership_id == membership_id)
        .order_by(Cycle.number, Round.number, Due.id)
    )
    lines: dict[tuple[int, int, datetime], OwedLine] = {}
    for due, number, cycle in await session.execute(dues):
        place = (cycle, number, due.deadline)
        line = OwedLine(*place, Money(due.amount - due.waived), Money(due.paid), is_late(due))
        lines[place] = line.added_to(lines[place]) if place in lines else line
    return list(lines.values())


async def _paid(session: AsyncSession, membership: Membership) -> list[PaidLine]:
    made = (ContributionState.MADE, ContributionState.REVERSED)
    contributions = (
        select(Contribution, Member.name)
        .join(Member, Member.id == Contribution.payer_id)
        .where(Contribution.membership_id == membership.id, Contribution.state.in_(made))
        .order_by(Contribution.made_at, Contribution.id)
    )
    return [
        PaidLine(
            at=each.made_at or each.created_at,
            source=each.source,
            amount=Money(each.amount),
            by=payer if each.payer_id != membership.member_id else None,
            is_reversed=each.state is ContributionState.REVERSED,
        )
        for each, payer in await session.execute(contributions)
    ]


async def _fines(session: AsyncSession, membership_id: UUID) -> list[FineLine]:
    fines = (
        select(Fine, Round.number, Cycle.number)
        .join(Due, Due.id == Fine.due_id)
        .join(Round, Round.id == Due.round_id)
        .join(Cycle, Cycle.id == Round.cycle_id)
        .where(Fine.membership_id == membership_id)
        .order_by(Fine.id)
    )
    return [
        FineLine(fine.created_at, cycle, number, Money(fine.amount), fine.state)
        for fine, number, cycle in await session.execute(fines)
    ]


async def _received(session: AsyncSession, membership_id: UUID) -> list[ReceivedLine]:
    receipts = (
        select(Receipt, Round.number, Cycle.number)
        .join(Round, Round.id == Receipt.round_id)
        .join(Cycle, Cycle.id == Round.cycle_id)
        .where(Receipt.membership_id == membership_id)
        .order_by(Receipt.created_at, Receipt.id)
    )
    return [
        ReceivedLine(
            at=each.created_at,
            cycle=cycle,
            round=number,
            source=each.source,
            amount=Money(each.given),
            is_confirmed=each.source is not Source.CASH or each.confirmed_at is not None,
        )
        for each, number, cycle in await session.execute(receipts)
        if each.given
    ]


async def _others(session: AsyncSession, membership: Membership) -> list[OtherLine]:
    """Read from the tontine's own statement, sealed or not: no table of their own says when money was given back."""
    kinds = {kind for kind, _ in _OTHERS}
    ours = select(Line).where(Line.tontine_id == membership.tontine_id, Line.kind.in_(kinds)).order_by(Line.number)
    return [
        OtherLine(datetime.fromisoformat(line.at), other, Money(line.facts[amount]))
        for line in await session.scalars(ours)
        for (kind, who), (other, amount) in _OTHERS.items()
        if line.kind == kind and line.facts[who] == str(membership.id)
    ]


def _sum(amounts: Iterable[Money]) -> Money:
    return sum(amounts, Money(0))
