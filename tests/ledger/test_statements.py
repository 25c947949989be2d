import pytest
from sqlalchemy.exc import NoResultFound

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
