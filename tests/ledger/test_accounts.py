import asyncio
from uuid import UUID

import pytest

from core.db import Database
from core.ids import new_id
from core.money import Money
from ledger import AccountKind, AccountMode, Balance, RefusalReason, Refused, account, close_account, open_account
from tests.ledger.kit import Books, hold, transfer


async def test_an_account_opened_twice_is_one_account(database: Database):
    async with database.transaction() as session:
        first = await open_account(session, "member:1", AccountKind.WALLET)
        again = await open_account(session, "member:1", AccountKind.WALLET)
        found = await account(session, "member:1", AccountKind.WALLET)
    assert first == again == found
    assert (first.owner, first.kind, first.currency, first.mode) == (
        "member:1",
        AccountKind.WALLET,
        "XOF",
        AccountMode.MEMBER,
    )


async def test_an_account_that_nobody_opened_is_none(database: Database):
    async with database.reading() as session:
        assert await account(session, "member:1", AccountKind.WALLET) is None


async def test_sixteen_who_open_an_account_at_once_get_the_same_one(database_url: str):
    databases = [Database(database_url) for _ in range(16)]

    async def open_it(database: Database) -> UUID:
        async with database.transaction() as session:
            return (await open_account(session, "member:1", AccountKind.WALLET)).id

    ids = await asyncio.gather(*(open_it(database) for database in databases))
    await asyncio.gather(*(database.close() for database in databases))
    assert len(set(ids)) == 1


async def test_kinds_and_currencies_are_accounts_of_their_own(books: Books):
    ids = {
        await books.open("member:1", AccountKind.WALLET),
        await books.open("member:1", AccountKind.PARKED),
        await books.open("member:1", AccountKind.WALLET, "XAF"),
        await books.open("member:2", AccountKind.WALLET),
    }
    assert len(ids) == 4


def test_each_kind_has_its_mode():
    modes = {kind: kind.mode for kind in AccountKind}
    assert [kind for kind, mode in modes.items() if mode is AccountMode.MEMBER] == ["wallet", "parked", "pot"]
    assert [kind for kind, mode in modes.items() if mode is AccountMode.CREDIT_LINE] == ["receivable"]


async def test_money_is_positive_to_its_owner_and_a_debt_negative(books: Books):
    wallet, debt = await books.wallet(5000), await books.open("member:1", AccountKind.RECEIVABLE)
    await books.apply(transfer(wallet, books.fees, 100), transfer(debt, books.provider, 700))
    assert await books.standing(wallet) == (4900, 0)
    assert await books.standing(books.provider) == (4300, 0)
    assert await books.standing(books.fees) == (100, 0)
    assert await books.standing(debt) == (-700, 0)


async def test_what_is_available_is_what_is_posted_less_what_is_held(books: Books):
    wallet = await books.wallet(5000)
    await books.apply(hold(wallet, books.provider, 2000))
    found = await books.balance(wallet)
    assert found == Balance(Money(5000), Money(2000))
    assert found.available == Money(3000)


async def test_the_balance_of_no_account_is_an_error(books: Books):
    with pytest.raises(KeyError):
        await books.balance(new_id())


async def test_a_closed_account_moves_no_more(books: Books):
    wallet, other = await books.wallet(), await books.wallet(500)
    async with books.database.transaction() as session:
        await close_account(session, wallet)
        await close_account(session, wallet)
    refused = Refused(RefusalReason.CLOSED_ACCOUNT)
    assert await books.apply(transfer(other, wallet, 100), transfer(wallet, other, 100)) == [refused, refused]
    assert await books.apply(hold(other, wallet, 100)) == [refused]


async def test_only_an_empty_account_of_a_member_closes(books: Books):
    full = await books.wallet(500)
    for cannot_close in (full, books.fees, new_id()):
        async with books.database.transaction() as session:
            with pytest.raises(ValueError, match="not an empty account"):
                await close_account(session, cannot_close)
