"""Many at once and nobody killed: each gets an answer at the first try, never an error to try again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import chain, pairwise

import pytest

from core.db import Database
from ledger import Applied, RefusalReason, Refused
from tests.ledger.kit import Books, hold, transfer


@pytest.fixture
async def rivals(books: Books, database_url: str) -> AsyncIterator[list[Books]]:
    """Eight connections to the same books, open already so that they start together."""
    rivals = [replace(books, database=Database(database_url)) for _ in range(8)]
    await asyncio.gather(*(rival.balance(books.provider) for rival in rivals))
    yield rivals
    await asyncio.gather(*(rival.database.close() for rival in rivals))


async def test_a_crowd_that_spends_from_one_wallet_is_answered_without_an_error(books: Books, rivals: list[Books]):
    wallet = await books.wallet(1000)

    async def spend(rival: Books) -> list[str]:
        spent = [await rival.apply(transfer(wallet, books.fees, 40)) for _ in range(5)]
        held = [await rival.apply(hold(wallet, books.provider, 10)) for _ in range(5)]
        return [str(verdict) for [verdict] in spent + held]

    answers = await asyncio.gather(*(spend(rival) for rival in rivals))
    assert set(chain.from_iterable(answers)) == {str(Applied()), str(Refused(RefusalReason.INSUFFICIENT_FUNDS))}
    found = await books.balance(wallet)
    assert 0 <= found.available.amount < 40
    assert (await books.audit()).is_clean


async def test_opposite_orders_do_not_deadlock(books: Books, rivals: list[Books]):
    one, other, third = await books.wallet(1000), await books.wallet(1000), await books.wallet(1000)

    async def send(rival: Books, turn: int) -> None:
        circle = [one, other, third, books.fees, one]
        pairs = list(pairwise(circle if turn % 2 else reversed(circle)))
        for _ in range(10):
            assert await rival.apply(*(transfer(debit, credit, 1) for debit, credit in pairs)) == [Applied()] * 4

    await asyncio.gather(*(send(rival, turn) for turn, rival in enumerate(rivals)))
    assert [await books.standing(wallet) for wallet in (one, other, third)] == [(1000, 0)] * 3
