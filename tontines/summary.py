"""The sums of a cycle: every share has paid and received the same, or the gap is a named debt."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from tontines.cycle_tables import Cycle, Holding, Round, Share
from tontines.cycles import holdings_of, shares_of, turns_of
from tontines.money_tables import Due, Fine, Receipt
from tontines.rotation import divided_since
from tontines.states import FineState, Source


@dataclass(frozen=True, slots=True)
class Debt:
    """What one member owes another, in francs, and for which round. Without a creditor it is owed to the fund."""

    kind: str
    """`contribution`, `fine`, or `cash`: banknotes of a pot that the treasurer has still to hand over."""
    debtor: UUID | None
    """A membership; None is the treasurer, whoever that is."""
    creditor: UUID | None
    amount: int
    round_number: int


@dataclass(frozen=True, slots=True)
class ShareTotal:
    """One share's sums over a cycle, in francs. `received` counts what it gave up as the price of its turn."""

    share: UUID
    number: int
    paid: int
    owes: int
    received: int
    is_owed: int

    @property
    def gap(self) -> int:
        """What it paid or will pay, less what it received or will: nothing, in a cycle that is over."""
        return self.paid + self.owes - self.received - self.is_owed


@dataclass(frozen=True, slots=True)
class Summary:
    shares: list[ShareTotal]
    debts: list[Debt]
    fines: int
    """Paid into the fund."""
    prices: int
    """Given up for auctioned turns, to the fund."""

    def as_data(self) -> dict[str, Any]:
        """As JSON, to be kept and exported."""
        return {
            "shares": [_plain(asdict(total)) for total in self.shares],
            "debts": [_plain(asdict(debt)) for debt in self.debts],
            "fines": self.fines,
            "prices": self.prices,
        }


async def summarise(session: AsyncSession, cycle: Cycle) -> Summary:
    """The cycle's sums as they are now."""
    turns = await turns_of(session, cycle.id)
    owed = (await session.execute(_dues(cycle))).all()
    received = await _received_by_share(session, cycle)
    prices = {turn.share_id: turn.price_paid for turn in turns}
    taker = {turn.position: turn.share_id for turn in turns}
    totals = [
        ShareTotal(
            share=share.id,
            number=share.number,
            paid=sum(row.paid for row in owed if row.share_id == share.id),
            owes=sum(_outstanding(row) for row in owed if row.share_id == share.id),
            received=received[share.id] + prices.get(share.id, 0),
            is_owed=sum(_outstanding(row) for row in owed if taker.get(row.number) == share.id),
        )
        for share in await shares_of(session, cycle.id)
    ]
    fines = await _fines(session, cycle)
    paid_fines = sum(fine.amount for fine, _ in fines if fine.state is FineState.PAID)
    return Summary(totals, await settle_up(session, cycle), paid_fines, sum(prices.values()))


async def settle_up(session: AsyncSession, cycle: Cycle) -> list[Debt]:
    """Every debt that the cycle leaves, by name: who owes how much to whom, for which round."""
    taker = {turn.position: turn.share_id for turn in await turns_of(session, cycle.id)}
    debts = []
    for row in (await session.execute(_dues(cycle))).all():
        if _outstanding(row):
            debts += await _owed_to_holders(session, row, taker[row.number])
    debts += [
        Debt("fine", fine.membership_id, None, fine.amount, number)
        for fine, number in await _fines(session, cycle)
        if fine.state is FineState.OWED
    ]
    return debts + [
        Debt("cash", None, receipt.membership_id, receipt.given, number)
        for receipt, number in await _cash_in_hand(session, cycle)
        if receipt.given
    ]


async def _owed_to_holders(session: AsyncSession, due: Row[Any], share_id: UUID) -> list[Debt]:
    holdings = await holdings_of(session, share_id)
    parts = divided_since(due.paid, _outstanding(due), [each.halves for each in holdings])
    return [
        Debt("contribution", due.membership_id, holding.membership_id, part, due.number)
        for holding, part in zip(holdings, parts, strict=True)
        if part
    ]


def _dues(cycle: Cycle) -> Any:
    columns = (Holding.share_id, Holding.membership_id, Due.amount, Due.paid, Due.waived, Round.number)
    return (
        select(*columns)
        .join(Holding, Holding.id == Due.holding_id)
        .join(Round, Round.id == Due.round_id)
        .where(Round.cycle_id == cycle.id)
        .order_by(Round.number, Due.id)
    )


def _outstanding(due: Row[Any]) -> int:
    return int(due.amount - due.paid - due.waived)


async def _received_by_share(session: AsyncSession, cycle: Cycle) -> Mapping[UUID, int]:
    rows = await session.execute(
        select(Holding.share_id, Receipt.amount - Receipt.taken_back)
        .join(Holding, Holding.id == Receipt.holding_id)
        .join(Share, Share.id == Holding.share_id)
        .where(Share.cycle_id == cycle.id)
    )
    totals: dict[UUID, int] = defaultdict(int)
    for share_id, amount in rows.all():
        totals[share_id] += amount
    return totals


async def _fines(session: AsyncSession, cycle: Cycle) -> list[tuple[Fine, int]]:
    rows = await session.execute(
        select(Fine, Round.number)
        .join(Due, Due.id == Fine.due_id)
        .join(Round, Round.id == Due.round_id)
        .where(Round.cycle_id == cycle.id)
        .order_by(Round.number, Fine.id),
        execution_options={"populate_existing": True},
    )
    return [(fine, number) for fine, number in rows.all()]


async def _cash_in_hand(session: AsyncSession, cycle: Cycle) -> list[tuple[Receipt, int]]:
    rows = await session.execute(
        select(Receipt, Round.number)
        .join(Round, Round.id == Receipt.round_id)
        .where(Round.cycle_id == cycle.id, Receipt.source == Source.CASH, Receipt.confirmed_at.is_(None))
        .order_by(Round.number, Receipt.id),
        execution_options={"populate_existing": True},
    )
    return [(receipt, number) for receipt, number in rows.all()]


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in data.items()}
