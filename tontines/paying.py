"""Paying out: what a paid round's pot holds goes to its beneficiary, at the payout and whenever arrears come in later.

A pot pays at most what its account holds; it is read from the ledger, never multiplied out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.ids import new_id
from tontines.accounts import Journal, cash_pot_account, francs_on, fund_account, pay_wallet, pot_account
from tontines.allotting import allot
from tontines.chain import write_line
from tontines.cycle_tables import Holding, Round, Turn
from tontines.cycles import holdings_of
from tontines.dues import dues_owed, is_late
from tontines.events import tell
from tontines.group import fresh, fresh_one
from tontines.group_tables import Membership, Tontine
from tontines.money_tables import Contribution, Receipt
from tontines.rotation import divided_since
from tontines.states import ContributionState, RoundState, Source


@dataclass(frozen=True, slots=True)
class PaidOut:
    """What one payout gave, in francs: to wallets or against debts, in banknotes, and to the fund as a turn's price."""

    wallet: int
    cash: int
    price: int

    @property
    def total(self) -> int:
        return self.wallet + self.cash + self.price


async def pay_on(session: AsyncSession, tontine: Tontine, rounds: Iterable[UUID]) -> None:
    """Pay arrears that came into closed rounds on to their beneficiaries; a set-off may call for more."""
    waiting = set(rounds)
    while waiting:
        round_ = await fresh_one(session, Round, min(waiting))
        waiting.discard(round_.id)
        if round_.state is not RoundState.CLOSED:
            continue
        paid, touched = await pay_out(session, tontine, round_)
        waiting |= touched
        if paid.total:
            await tell(session, "pot.arrears_paid", tontine.id, round=round_.id)


async def pay_out(session: AsyncSession, tontine: Tontine, round_: Round) -> tuple[PaidOut, set[UUID]]:
    """Give all that the round's pot holds to who it is for.

    Gives what went out, and the rounds that a set-off paid into.
    """
    turn = await turn_of(session, round_)
    holdings = await holdings_of(session, turn.share_id)
    price = await _pay_price(session, tontine, round_, turn)
    wallet, touched = await _pay_wallets(session, tontine, round_, holdings)
    cash = await _promise_cash(session, round_, holdings)
    paid = PaidOut(wallet, cash, price)
    if paid.total:
        await write_line(
            session, tontine, "pot.paid_out", round=round_.id, share=turn.share_id, wallet=wallet, cash=cash,
            price=price,
        )  # fmt: skip
    return paid, touched


async def turn_of(session: AsyncSession, round_: Round) -> Turn:
    """The turn that a round is: whose share takes its pot."""
    mine = select(Turn).where(Turn.cycle_id == round_.cycle_id, Turn.position == round_.number)
    return (await fresh(session, mine))[0]


async def cash_in_pot(session: AsyncSession, round_id: UUID) -> int:
    """The round's banknotes that are nobody's yet: confirmed, and not promised to the beneficiary."""
    promised = await receipts_of(session, round_id, Source.CASH)
    waiting = sum(each.given for each in promised if each.confirmed_at is None)
    return await francs_on(session, await cash_pot_account(session, round_id)) - waiting


async def receipts_of(session: AsyncSession, round_id: UUID, *sources: Source) -> list[Receipt]:
    """What a round's pot has paid out, the oldest first."""
    mine = select(Receipt).where(Receipt.round_id == round_id)
    return await fresh(session, (mine.where(Receipt.source.in_(sources)) if sources else mine).order_by(Receipt.id))


async def _pay_price(session: AsyncSession, tontine: Tontine, round_: Round, turn: Turn) -> int:
    """An auctioned turn's price goes to the fund before anything goes to who won it."""
    pot = await pot_account(session, round_.id)
    price = min(turn.price - turn.price_paid, await francs_on(session, pot))
    if price:
        journal = Journal()
        journal.move(pot, await fund_account(session, tontine.id), price, "auction_price")
        await journal.post(session)
        turn.price_paid += price
        await session.flush()
    return price


async def _pay_wallets(
    session: AsyncSession, tontine: Tontine, round_: Round, holdings: list[Holding]
) -> tuple[int, set[UUID]]:
    total = await francs_on(session, await pot_account(session, round_.id))
    before = sum(each.amount for each in await receipts_of(session, round_.id, Source.WALLET, Source.SET_OFF))
    touched: set[UUID] = set()
    parts = divided_since(before, total, [each.halves for each in holdings])
    for holding, part in zip(holdings, parts, strict=True):
        touched |= await _pay_holder(session, tontine, round_, holding, part)
    return total, touched


async def _pay_holder(
    session: AsyncSession, tontine: Tontine, round_: Round, holding: Holding, amount: int
) -> set[UUID]:
    """One holder's part: first against their own late dues where they agreed to that, the rest to their wallet."""
    kept, touched = await _set_off(session, tontine, round_, holding, amount)
    if amount - kept:
        membership = await session.get_one(Membership, holding.membership_id)
        pot = await pot_account(session, round_.id)
        transfer = await pay_wallet(session, pot, membership.member_id, amount - kept, "pot")
        _note(session, holding, round_.id, receipt_id=transfer, source=Source.WALLET, amount=amount - kept)
        await session.flush()
    return touched


async def _set_off(
    session: AsyncSession, tontine: Tontine, round_: Round, holding: Holding, amount: int
) -> tuple[int, set[UUID]]:
    membership = await fresh_one(session, Membership, holding.membership_id)
    if not membership.agrees_to_set_off:
        return 0, set()
    late = [due for due in await dues_owed(session, membership.id) if is_late(due) and due.round_id != round_.id]
    kept = min(amount, sum(due.outstanding for due in late))
    if not kept:
        return 0, set()
    receipt_id = new_id()
    contribution = Contribution(
        id=new_id(), key=f"set_off:{receipt_id}", tontine_id=tontine.id, membership_id=membership.id,
        payer_id=membership.member_id, source=Source.SET_OFF, amount=kept, state=ContributionState.WAITING,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(contribution)
    _note(session, holding, round_.id, receipt_id=receipt_id, source=Source.SET_OFF, amount=kept)
    await session.flush()
    return kept, await allot(session, tontine, contribution, await pot_account(session, round_.id), late)


async def _promise_cash(session: AsyncSession, round_: Round, holdings: list[Holding]) -> int:
    """Banknotes stay the treasurer's charge until the beneficiary says that they have them."""
    total = await cash_in_pot(session, round_.id)
    before = sum(each.given for each in await receipts_of(session, round_.id, Source.CASH))
    parts = divided_since(before, total, [each.halves for each in holdings])
    for holding, part in zip(holdings, parts, strict=True):
        if part:
            _note(session, holding, round_.id, receipt_id=new_id(), source=Source.CASH, amount=part)
    await session.flush()
    return total


def _note(
    session: AsyncSession, holding: Holding, round_id: UUID, *, receipt_id: UUID, source: Source, amount: int
) -> None:
    session.add(
        Receipt(
            id=receipt_id, round_id=round_id, holding_id=holding.id, membership_id=holding.membership_id,
            source=source, amount=amount, created_at=clock.now(),
        )
    )  # fmt: skip
