"""What a round's card and a member's own page show: read in one go, and nothing of anybody's wallet in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from tontines.cycle_tables import Cycle, Holding, Round, Turn
from tontines.dues import dues_owed
from tontines.fines import fines_owed
from tontines.group import find_membership
from tontines.group_tables import Membership
from tontines.money_tables import Contribution, Due, Pot
from tontines.states import ContributionState, PotState, RoundState


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One member's line on the card; amounts in francs, over all that they hold."""

    membership_id: UUID
    member_id: UUID
    owed: int
    paid: int
    declared: int
    """Cash that the treasurer declared and the member has not confirmed."""
    is_late: bool
    delayed_until: datetime | None

    @property
    def has_paid(self) -> bool:
        return self.paid >= self.owed


@dataclass(frozen=True, slots=True)
class Board:
    """A round as the group sees it."""

    tontine_id: UUID
    round_id: UUID
    number: int
    rounds: int
    cycle: int
    state: RoundState
    deadline: datetime
    beneficiaries: tuple[UUID, ...]
    """By person, the first holder of the share first; nobody before the turn is decided."""
    rows: tuple[BoardRow, ...]
    pot_requested_by: UUID | None
    """The person who asked for the pot, while nobody has approved it."""

    @property
    def owed(self) -> int:
        return sum(row.owed for row in self.rows)

    @property
    def collected(self) -> int:
        return sum(row.paid for row in self.rows)

    @property
    def missing(self) -> int:
        return self.owed - self.collected


@dataclass(frozen=True, slots=True)
class OwedNow:
    """One thing a member has to pay, in francs."""

    kind: str
    """`contribution` or `fine`."""
    id: UUID
    """The due's or the fine's."""
    amount: int
    round_number: int | None
    deadline: datetime | None
    is_late: bool


async def board(session: AsyncSession, round_id: UUID) -> Board:
    """The round's card. Two members paying at once may each see the other's payment missing: it is read again."""
    round_ = await session.get_one(Round, round_id, populate_existing=True)
    cycle = await session.get_one(Cycle, round_.cycle_id)
    rounds = await session.scalar(select(func.count()).where(Round.cycle_id == cycle.id)) or 0
    return Board(
        tontine_id=round_.tontine_id,
        round_id=round_.id,
        number=round_.number,
        rounds=rounds,
        cycle=cycle.number,
        state=round_.state,
        deadline=round_.deadline,
        beneficiaries=tuple(await _beneficiaries(session, round_)),
        rows=tuple(await _rows(session, round_)),
        pot_requested_by=await _requester(session, round_),
    )


async def owed_now(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> list[OwedNow]:
    """All that a person has to pay in this tontine, the oldest first; nothing for who is not in it."""
    membership = await find_membership(session, tontine_id, member_id)
    if membership is None:
        return []
    dues = await dues_owed(session, membership.id)
    numbers = await _round_numbers(session, dues)
    now = clock.now()
    owed = [
        OwedNow("contribution", due.id, due.outstanding, numbers[due.round_id], due.deadline, due.deadline < now)
        for due in dues
    ]
    fines = await fines_owed(session, membership.id)
    return owed + [OwedNow("fine", fine.id, fine.amount, None, None, is_late=True) for fine in fines]


async def _beneficiaries(session: AsyncSession, round_: Round) -> Sequence[UUID]:
    people = (
        select(Membership.member_id)
        .join(Holding, Holding.membership_id == Membership.id)
        .join(Turn, Turn.share_id == Holding.share_id)
        .where(Turn.cycle_id == round_.cycle_id, Turn.position == round_.number)
    )
    return list(await session.scalars(people.order_by(Holding.place)))


async def _rows(session: AsyncSession, round_: Round) -> list[BoardRow]:
    sums = (
        select(
            Membership.id,
            Membership.member_id,
            func.sum(Due.amount - Due.waived).label("owed"),
            func.sum(Due.paid).label("paid"),
            func.max(Due.deadline).label("deadline"),
        )
        .join(Holding, Holding.id == Due.holding_id)
        .join(Membership, Membership.id == Holding.membership_id)
        .where(Due.round_id == round_.id)
        .group_by(Membership.id, Membership.member_id, Membership.created_at)
        .order_by(Membership.created_at, Membership.id)
    )
    declared = await _declared(session, round_.tontine_id)
    return [
        BoardRow(
            membership_id=row.id,
            member_id=row.member_id,
            owed=int(row.owed),
            paid=int(row.paid),
            declared=declared.get(row.id, 0),
            is_late=row.paid < row.owed and row.deadline < clock.now(),
            delayed_until=row.deadline if row.deadline > round_.deadline else None,
        )
        for row in await session.execute(sums)
    ]


async def _declared(session: AsyncSession, tontine_id: UUID) -> dict[UUID, int]:
    unconfirmed = (
        select(Contribution.membership_id, func.sum(Contribution.amount))
        .where(Contribution.tontine_id == tontine_id, Contribution.state == ContributionState.DECLARED)
        .group_by(Contribution.membership_id)
    )
    return {membership_id: int(amount) for membership_id, amount in await session.execute(unconfirmed)}


async def _requester(session: AsyncSession, round_: Round) -> UUID | None:
    asked = (
        select(Membership.member_id)
        .join(Pot, Pot.requested_by == Membership.id)
        .where(Pot.round_id == round_.id, Pot.state == PotState.REQUESTED)
    )
    return await session.scalar(asked)


async def _round_numbers(session: AsyncSession, dues: Sequence[Due]) -> dict[UUID, int]:
    rounds = await session.scalars(select(Round).where(Round.id.in_({due.round_id for due in dues})))
    return {each.id: each.number for each in rounds}
