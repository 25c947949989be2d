import pytest

from core import clock
from core.db import Database
from core.money import Money
from ledger import AccountKind
from members import Member
from members.wallets import DebtOutstanding, MemberFrozen, member_account, over_what_is_held, refuse_taking_out
from tests.ledger.kit import Books, open_books, transfer


@pytest.fixture
async def books(database: Database) -> Books:
    return await open_books(database)


async def receives(books: Books, member: Member, francs: int) -> None:
    wallet = await books.database.run(lambda session: member_account(session, member.id))
    await books.apply(transfer(books.provider, wallet, francs, "deposit"))


async def takes_out(database: Database, member: Member) -> None:
    """Asks whether they may."""
    async with database.reading() as session:
        await refuse_taking_out(session, member.id)


async def excess(database: Database, member: Member) -> Money:
    return await database.run(lambda session: over_what_is_held(session, member.id))


async def test_an_account_of_each_kind_is_opened_once(database: Database, awa: Member, issa: Member):
    async with database.transaction() as session:
        wallet = await member_account(session, awa.id)
        assert await member_account(session, awa.id, AccountKind.WALLET) == wallet
        others = {
            await member_account(session, awa.id, AccountKind.PARKED),
            await member_account(session, issa.id),
            await member_account(session, awa.id, currency="XAF"),
        }
    assert len(others - {wallet}) == 3


async def test_a_member_in_good_standing_may_take_out(database: Database, awa: Member):
    await takes_out(database, awa)


async def test_a_frozen_member_may_not_take_out(database: Database, awa: Member, issa: Member):
    async with database.transaction() as session:
        (await session.get_one(Member, awa.id)).frozen_at = clock.now()
    with pytest.raises(MemberFrozen):
        await takes_out(database, awa)
    await takes_out(database, issa)


async def test_who_owes_may_not_take_out_until_it_is_paid(books: Books, database: Database, awa: Member):
    debt = await database.run(lambda session: member_account(session, awa.id, AccountKind.RECEIVABLE))
    await takes_out(database, awa)
    await books.apply(transfer(debt, books.provider, 300, "reversal"))
    with pytest.raises(DebtOutstanding) as owed:
        await takes_out(database, awa)
    assert owed.value.params == {"debt": Money(300)}
    await books.apply(transfer(books.provider, debt, 300, "repayment"))
    await takes_out(database, awa)


async def test_a_wallet_says_by_how_much_it_is_too_full(books: Books, database: Database, awa: Member):
    assert await excess(database, awa) == Money(0)
    await receives(books, awa, 200_000)
    assert await excess(database, awa) == Money(0)
    await receives(books, awa, 1)
    assert await excess(database, awa) == Money(1)
    async with database.transaction() as session:
        (await session.get_one(Member, awa.id)).tier = "identified"
    assert await excess(database, awa) == Money(0)
