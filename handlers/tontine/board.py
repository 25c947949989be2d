"""The board of a round: who has paid, what is in the pot, whose turn it is; what the group sees, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.money import Money
from members import Member
from tontines.cycle_tables import Cycle, Holding, Round, Share, Turn
from tontines.group_tables import Line, Membership, Tontine
from tontines.money_tables import Contribution, Due
from tontines.states import ContributionState, RoundState


class Standing(StrEnum):
    """How somebody stands in a round; the worst comes first where there is no room for all."""

    LATE = "late"
    CASH = "cash"
    """Banknotes that the treasurer declared and the member has not confirmed."""
    PARTLY = "partly"
    NOT_YET = "not_yet"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Row:
    """One member's line: what they owe for the round, over all they hold, and what of it is paid."""

    name: str
    standing: Standing
    owed: Money
    paid: Money


@dataclass(frozen=True, slots=True)
class Seal:
    """The last line of the statement that is chained: whoever has the same hash has the same statement."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Board:
    tontine: str
    number: int
    of: int
    beneficiaries: list[str]
    deadline: datetime
    zone: str
    is_closed: bool
    rows: list[Row]
    seal: Seal | None

    @property
    def expected(self) -> Money:
        return _sum(row.owed for row in self.rows)

    @property
    def collected(self) -> Money:
        return _sum(row.paid for row in self.rows)


async def board_of(session: AsyncSession, round_id: UUID) -> Board:
    """The board as it is now; of a closed round as its minutes have it, whatever was paid after."""
    round_ = await session.get_one(Round, round_id, populate_existing=True)
    tontine = await session.get_one(Tontine, round_.tontine_id)
    cycle = await session.get_one(Cycle, round_.cycle_id)
    rounds = select(func.count()).select_from(Round).where(Round.cycle_id == cycle.id)
    is_closed = round_.state is RoundState.CLOSED
    return Board(
        tontine=tontine.name,
        number=round_.number,
        of=await session.scalar(rounds) or 0,
        beneficiaries=await _beneficiaries(session, round_),
        deadline=round_.deadline,
        zone=cycle.rules.zone,
        is_closed=is_closed,
        rows=await (_closed_rows if is_closed else _open_rows)(session, round_),
        seal=await last_seal(session, tontine.id),
    )


async def last_seal(session: AsyncSession, tontine_id: UUID) -> Seal | None:
    """Where the tontine's chain ends; None before anything is sealed."""
    sealed = select(Line).where(Line.tontine_id == tontine_id, Line.hash.is_not(None))
    line = await session.scalar(sealed.order_by(Line.number.desc()).limit(1))
    return Seal(line.number, line.hash) if line is not None and line.hash else None


async def _beneficiaries(session: AsyncSession, round_: Round) -> list[str]:
    """Nobody while an auction or a need has not decided whose turn it is."""
    names = (
        select(Member.name)
        .join(Membership, Membership.member_id == Member.id)
        .join(Holding, Holding.membership_id == Membership.id)
        .join(Share, Share.id == Holding.share_id)
        .join(Turn, Turn.share_id == Share.id)
        .where(Turn.cycle_id == round_.cycle_id, Turn.position == round_.number)
        .order_by(Holding.place)
    )
    return list(await session.scalars(names))


async def _open_rows(session: AsyncSession, round_: Round) -> list[Row]:
    unconfirmed = await _with_unconfirmed_cash(session, round_.tontine_id)
    dues: dict[UUID, list[Due]] = {}
    mine = select(Due, Holding.membership_id).join(Holding, Holding.id == Due.holding_id)
    found = await session.execute(mine.where(Due.round_id == round_.id), execution_options={"populate_existing": True})
    for due, membership_id in found.tuples():
        dues.setdefault(membership_id, []).append(due)
    names = await _names(session, dues)
    return [
        Row(
            name=name,
            standing=_standing(dues[membership_id], has_cash_to_confirm=membership_id in unconfirmed),
            owed=_sum(Money(due.amount - due.waived) for due in dues[membership_id]),
            paid=_sum(Money(due.paid) for due in dues[membership_id]),
        )
        for membership_id, name in names
    ]


def _standing(dues: list[Due], *, has_cash_to_confirm: bool) -> Standing:
    if not any(due.outstanding for due in dues):
        return Standing.PAID
    if has_cash_to_confirm:
        return Standing.CASH
    if any(due.outstanding and due.deadline < clock.now() for due in dues):
        return Standing.LATE
    return Standing.PARTLY if any(due.paid for due in dues) else Standing.NOT_YET


async def _closed_rows(session: AsyncSession, round_: Round) -> list[Row]:
    written: list[dict[str, Any]] = (round_.minutes or {})["dues"]
    owed: dict[UUID, Money] = {}
    paid: dict[UUID, Money] = {}
    for due in written:
        membership_id = UUID(due["member"])
        owed[membership_id] = owed.get(membership_id, Money(0)) + Money(due["owed"])
        paid[membership_id] = paid.get(membership_id, Money(0)) + Money(due["paid"])
    return [
        Row(name, Standing.PAID if paid[each] >= owed[each] else Standing.LATE, owed[each], paid[each])
        for each, name in await _names(session, owed)
    ]


async def _with_unconfirmed_cash(session: AsyncSession, tontine_id: UUID) -> set[UUID]:
    declared = Contribution.state == ContributionState.DECLARED
    mine = select(Contribution.membership_id).where(Contribution.tontine_id == tontine_id, declared)
    return set(await session.scalars(mine))


async def _names(session: AsyncSession, memberships: Iterable[UUID]) -> list[tuple[UUID, str]]:
    """Each membership with its person's name, in the order in which they joined."""
    named = select(Membership.id, Member.name).join(Member, Member.id == Membership.member_id)
    ours = named.where(Membership.id.in_(list(memberships)))
    return list((await session.execute(ours.order_by(Membership.created_at, Membership.id))).tuples())


def _sum(amounts: Iterable[Money]) -> Money:
    return sum(amounts, Money(0))
