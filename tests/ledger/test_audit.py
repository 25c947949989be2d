from dataclasses import replace

import pytest
from sqlalchemy import text, update

from core.money import Money
from ledger import AccountKind, Difference, Total, VoidHold
from ledger.tables import ACCOUNT, SLOT
from tests.ledger.kit import Books, hold, posting, reversal, transfer


async def test_a_busy_ledger_is_clean(books: Books):
    wallet, other = await books.wallet(5000), await books.wallet()
    pot = await books.open("round:1", AccountKind.POT)
    foreign = await books.open("member:x", currency="XAF")
    merchant = await books.open("house", AccountKind.PROVIDER, "XAF")
    paid, waiting, dropped = (hold(wallet, books.provider, amount) for amount in (2000, 300, 100))
    sent = transfer(wallet, other, 500)
    await books.apply(paid, waiting, dropped, posting(paid.id, 1500), VoidHold(dropped.id))
    await books.apply(sent, reversal(sent.id, 200))
    await books.apply(transfer(wallet, pot, 50), transfer(wallet, books.fees, 10), transfer(wallet, other, 10**9))
    await books.apply(replace(transfer(merchant, foreign, 1), amount=Money(10_000, "XAF")))
    found = await books.audit()
    assert found.is_clean
    assert found.totals == [Total("XAF", 10_000, 10_000, 0), Total("XOF", 7260, 7260, 0)]


async def test_an_empty_ledger_is_clean(books: Books):
    assert (await books.audit()).is_clean


async def test_a_balance_set_by_hand_is_found(books: Books):
    wallet = await books.wallet(5000)
    await run(books, update(ACCOUNT).where(ACCOUNT.c.id == wallet).values(balance=5001, held=7))
    found = await books.audit()
    assert found.differences == [Difference(wallet, 5001, 5000, 7, 0)]
    assert [total.balances for total in found.totals] == [1]
    assert not found.is_clean


async def test_a_slot_set_by_hand_is_found(books: Books):
    await books.wallet(5000)
    await run(books, update(SLOT).values(balance=SLOT.c.balance + 1))
    found = await books.audit()
    assert found.differences == [Difference(books.provider, -4999, -5000, 0, 0)]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_transfer_taken_away_behind_the_triggers_is_found(books: Books):
    wallet = await books.wallet(5000)
    await run(books, text("DROP TRIGGER ledger_transfer_denies_delete"))
    await run(books, text("DELETE FROM ledger_transfer"))
    found = await books.audit()
    assert {difference.account_id for difference in found.differences} == {wallet, books.provider}


async def run(books: Books, statement) -> None:
    async with books.database.transaction() as session:
        await session.execute(statement)
