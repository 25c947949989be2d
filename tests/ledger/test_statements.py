import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import NoResultFound

from core.db import Database
from core.ids import new_id
from core.money import Money
from tests.ledger.kit import Books, transfer


async def test_pages_follow_each_other_without_gap_or_repetition(books: Books):
    wallet, other = await books.wallet(1000), await books.wallet(1000)
    moves = [transfer(wallet, other, n) if n % 3 else transfer(other, wallet, n) for n in range(1, 26)]
    await books.apply(*moves)

    seen = []
    before = None
    while page := await books.statement(wallet, before=before, limit=7):
        seen += page
        before = page[-1].seq

    assert [entry.transfer_id for entry in seen[:-1]] == [move.id for move in reversed(moves)]
    assert seen[-1].kind == "deposit"
    assert [entry.seq for entry in seen] == sorted({entry.seq for entry in seen}, reverse=True)
    assert sum(entry.amount.amount for entry in seen) == (await books.standing(wallet))[0]


async def test_an_entry_is_signed_as_the_accounts_owner_sees_it(books: Books):
    wallet, other = await books.wallet(500), await books.wallet()
    sent = transfer(wallet, other, 200)
    await books.apply(sent)
    [mine, _], [theirs] = await books.statement(wallet), await books.statement(other)
    assert (mine.amount, mine.counterparty, mine.journal) == (Money(-200), other, sent.journal)
    assert (theirs.amount, theirs.counterparty, theirs.kind) == (Money(200), wallet, "send")
    [merchant] = await books.statement(books.provider)
    assert merchant.amount == Money(500)


async def test_a_new_account_has_an_empty_statement(books: Books):
    assert await books.statement(await books.wallet()) == []


async def test_the_statement_of_no_account_is_an_error(books: Books):
    with pytest.raises(NoResultFound):
        await books.statement(new_id())


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_page_in_the_middle_walks_down_the_accounts_own_transfers_after_an_analyze_too(
    books: Books, database: Database
):
    wallet, asked = await books.wallet(), []
    await books.apply(*(transfer(books.provider, wallet, 1) for _ in range(300)))
    async with database.transaction() as session:
        await session.execute(text("ANALYZE"))

    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
    await books.statement(wallet, before=150)
    statement, values = asked[-1]
    async with database.reading() as session:
        plan = await (await session.connection()).exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [row.detail for row in plan if "ledger_transfer" in row.detail]
    assert len(steps) == 2
    assert all("_id_seq (" in step for step in steps), steps
