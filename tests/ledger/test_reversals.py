import asyncio
from dataclasses import replace

import pytest

from core.db import Database
from core.ids import new_id
from core.money import Money
from ledger import AccountKind, Applied, Conflict, Post, RefusalReason, Refused, Replayed, post
from tests.ledger.kit import Books, reversal, transfer

OVER = Refused(RefusalReason.OVER_TRANSFER)


async def test_a_reversal_is_a_new_transfer_the_other_way(books: Books):
    wallet = await books.wallet()
    deposit = transfer(books.provider, wallet, 5000, "deposit")
    back = reversal(deposit.id)
    await books.apply(deposit)
    assert await books.apply(back) == [Applied()]
    assert await books.apply(back) == [Replayed()]
    assert await books.apply(replace(back, amount=Money(1))) == [Conflict()]
    newest, first = await books.statement(wallet)
    assert (newest.kind, newest.amount, newest.journal) == ("reversal", Money(-5000), back.journal)
    assert first.transfer_id == deposit.id
    assert await books.standing(wallet) == (0, 0)


async def test_parts_are_reversed_up_to_the_whole_and_never_beyond(books: Books):
    wallet = await books.wallet(9000)
    deposit = transfer(books.provider, wallet, 1000)
    await books.apply(deposit)
    assert await books.apply(reversal(deposit.id, 400), reversal(deposit.id, 601), reversal(deposit.id, 500)) == [
        Applied(),
        OVER,
        Applied(),
    ]
    assert await books.apply(reversal(deposit.id), reversal(deposit.id, 100), reversal(deposit.id, 1)) == [
        OVER,
        Applied(),
        OVER,
    ]
    assert await books.standing(wallet) == (9000, 0)


async def test_a_reversal_in_another_currency_is_refused(books: Books):
    wallet = await books.wallet()
    deposit = transfer(books.provider, wallet, 1000)
    foreign = replace(reversal(deposit.id), amount=Money(9999, "XAF"))
    assert await books.apply(deposit, foreign) == [Applied(), Refused(RefusalReason.CURRENCY_MISMATCH)]


async def test_what_was_spent_becomes_a_debt_and_is_paid_back(books: Books):
    wallet, other = await books.wallet(), await books.wallet()
    debt = await books.open("member:debtor", AccountKind.RECEIVABLE)
    deposit = transfer(books.provider, wallet, 5000)
    await books.apply(deposit, transfer(wallet, other, 3000))
    assert await books.apply(reversal(deposit.id)) == [Refused(RefusalReason.INSUFFICIENT_FUNDS)]
    async with books.database.transaction() as session:
        await post(session, reversal(deposit.id, 2000), transfer(debt, books.provider, 3000, "debt"))
    assert await books.standing(wallet) == (0, 0)
    assert await books.standing(debt) == (-3000, 0)
    assert await books.standing(books.provider) == (0, 0)
    await books.apply(transfer(books.provider, wallet, 4000), transfer(wallet, debt, 3000, "debt"))
    assert await books.standing(debt) == (0, 0)
    assert (await books.audit()).is_clean


@pytest.mark.parametrize("owner", ["house", "member"])
async def test_many_who_reverse_one_transfer_at_once_take_back_no_more_than_it(
    books: Books, database_url: str, owner: str
):
    credit = books.suspense if owner == "house" else await books.wallet(5000)
    found = transfer(books.provider, credit, 100)
    await books.apply(found)
    before, _ = await books.standing(credit)
    rivals = [replace(books, database=Database(database_url)) for _ in range(8)]
    verdicts = await asyncio.gather(*(rival.apply(reversal(found.id, 30)) for rival in rivals))
    await asyncio.gather(*(rival.database.close() for rival in rivals))
    assert sorted(map(str, verdicts)) == sorted(map(str, [[Applied()]] * 3 + [[OVER]] * 5))
    assert await books.standing(credit) == (before - 90, 0)


async def test_many_who_say_one_id_at_once_between_house_accounts_are_heard_once(books: Books, database_url: str):
    """No account is locked for these: only the database's own uniqueness tells the second from the first."""
    rivals = [replace(books, database=Database(database_url)) for _ in range(8)]
    for _ in range(10):
        found = transfer(books.provider, books.suspense, 100)
        rest: list[Post] = [transfer(books.provider, books.suspense, 1) for _ in rivals]
        verdicts = await asyncio.gather(*(rival.apply(found, own) for rival, own in zip(rivals, rest, strict=True)))
        assert sorted(map(str, verdicts)) == sorted(
            map(str, [[Applied(), Applied()]] + [[Replayed(), Applied()]] * (len(rivals) - 1))
        )
    await asyncio.gather(*(rival.database.close() for rival in rivals))
    assert await books.standing(books.suspense) == (1080, 0)


async def test_one_id_said_at_once_of_two_wallets_pays_from_one(books: Books, database_url: str):
    """Different rows are locked, so both find the id unused: one of the two is the conflict."""
    rivals = [replace(books, database=Database(database_url)) for _ in range(8)]
    wallets = [await books.wallet(100) for _ in rivals]
    said = new_id()
    verdicts = await asyncio.gather(
        *(
            rival.apply(transfer(wallet, books.fees, 100, id=said))
            for rival, wallet in zip(rivals, wallets, strict=True)
        )
    )
    await asyncio.gather(*(rival.database.close() for rival in rivals))
    assert sorted(map(str, verdicts)) == sorted(map(str, [[Applied()]] + [[Conflict()]] * 7))
    assert await books.standing(books.fees) == (100, 0)
