"""The board of a round as it is drawn: who has paid, what is in the pot, whose turn it is; what the group sees."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import tontines
from core.money import Money
from handlers.tontine.words import names_of
from tontines import BoardRow, Cycle, Round, RoundState, Tontine
from tontines.group_tables import Line

_NOTHING = Money(0)


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
    price: Money = _NOTHING
    """What an auctioned turn leaves to the fund."""
    taken_back: Money = _NOTHING
    """Of a closed round: banknotes it had promised and that were taken back since."""

    @property
    def expected(self) -> Money:
        return _sum(row.owed for row in self.rows)

    @property
    def collected(self) -> Money:
        return _sum(row.paid for row in self.rows)


async def board_of(session: AsyncSession, round_id: UUID) -> Board:
    """The board as it is now; of a closed round as its minutes have it, whatever was paid after."""
    board = await tontines.board(session, round_id)
    round_ = await session.get_one(Round, round_id)
    names = await names_of(session, board.tontine_id)
    takes = await tontines.beneficiaries_of(session, round_) if board.beneficiaries else []
    is_closed = board.state is RoundState.CLOSED
    return Board(
        tontine=(await session.get_one(Tontine, board.tontine_id)).name,
        number=board.number,
        of=board.rounds,
        beneficiaries=[names[each] for each in takes],
        deadline=board.deadline,
        zone=(await session.get_one(Cycle, round_.cycle_id)).rules.zone,
        is_closed=is_closed,
        rows=_closed_rows(round_, names) if is_closed else [_row(row, names) for row in board.rows],
        seal=await last_seal(session, board.tontine_id),
        price=Money((await tontines.turn_of(session, round_)).price if takes else 0),
        taken_back=_sum(Money(each.taken_back) for each in await tontines.receipts_of(session, round_id)),
    )


async def last_seal(session: AsyncSession, tontine_id: UUID) -> Seal | None:
    """Where the tontine's chain ends; None before anything is sealed."""
    sealed = select(Line).where(Line.tontine_id == tontine_id, Line.hash.is_not(None))
    line = await session.scalar(sealed.order_by(Line.number.desc()).limit(1))
    return Seal(line.number, line.hash) if line is not None and line.hash else None


def _row(row: BoardRow, names: dict[UUID, str]) -> Row:
    return Row(names[row.membership_id], _standing(row), Money(row.owed), Money(row.paid))


def _standing(row: BoardRow) -> Standing:
    if row.has_paid:
        return Standing.PAID
    if row.declared:
        return Standing.CASH
    if row.is_late:
        return Standing.LATE
    return Standing.PARTLY if row.paid else Standing.NOT_YET


def _closed_rows(round_: Round, names: dict[UUID, str]) -> list[Row]:
    owed: dict[UUID, Money] = {}
    paid: dict[UUID, Money] = {}
    for due in (round_.minutes or {})["dues"]:
        membership_id = UUID(due["member"])
        owed[membership_id] = owed.get(membership_id, Money(0)) + Money(due["owed"])
        paid[membership_id] = paid.get(membership_id, Money(0)) + Money(due["paid"])
    return [
        Row(name, Standing.PAID if paid[each] >= owed[each] else Standing.LATE, owed[each], paid[each])
        for each, name in names.items()
        if each in owed
    ]


def _sum(amounts: Iterable[Money]) -> Money:
    return sum(amounts, Money(0))
