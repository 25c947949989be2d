from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from core.ids import new_id
from core.money import Money
from ledger import AccountKind, Applied, Conflict, RefusalReason, Refused, Replayed, VoidHold
from tests.ledger.kit import Books, hold, posting, reversal, transfer

POOR = Refused(RefusalReason.INSUFFICIENT_FUNDS)


async def test_an_empty_batch_does_nothing(books: Books):
    assert await books.apply() == []


async def test_one_poor_one_repeated_and_one_contradictory_item_leave_their_neighbours_alone(books: Books):
    wallet, other = await books.wallet(100), await books.wallet()
    first, poor, last = transfer(wallet, other, 60), transfer(wallet, other, 50), transfer(wallet, other, 40)
    verdicts = await books.apply(first, poor, first, replace(first, amount=Money(1)), poor, last)
    assert verdicts == [Applied(), POOR, Replayed(), Conflict(), POOR, Applied()]
    assert await books.standing(other) == (100, 0)


async def test_a_batch_is_decided_in_order(books: Books):
    wallet, other = await books.wallet(), await books.wallet()
    deposit = transfer(books.provider, wallet, 100)
    assert await books.apply(transfer(wallet, other, 100), deposit) == [POOR, Applied()]
    assert await books.apply(transfer(other, wallet, 1), transfer(wallet, other, 100)) == [POOR, Applied()]


async def test_what_a_batch_places_it_can_post_void_and_reverse(books: Books):
    wallet = await books.wallet(1000)
    kept, dropped = hold(wallet, books.provider, 300), hold(wallet, books.provider, 700)
    paid = posting(kept.id)
    verdicts = await books.apply(
        kept, dropped, hold(wallet, books.provider, 1), paid, VoidHold(dropped.id), VoidHold(dropped.id),
        transfer(wallet, books.fees, 701), transfer(wallet, books.fees, 700), reversal(paid.id, 100),
    )  # fmt: skip
    assert verdicts == [
        *(Applied(), Applied(), POOR, Applied(), Applied(), Replayed()),
        *(POOR, Applied(), Applied()),
    ]
    assert await books.standing(wallet) == (100, 0)
    assert (await books.audit()).is_clean


async def test_money_released_in_a_batch_is_spent_in_the_same_batch(books: Books):
    wallet, other = await books.wallet(100), await books.wallet()
    payout = hold(wallet, books.provider, 100)
    await books.apply(payout)
    assert (
        await books.apply(VoidHold(payout.id), transfer(wallet, other, 40), hold(wallet, books.provider, 60))
        == [Applied()] * 3
    )
    assert await books.standing(wallet) == (60, 60)


async def test_the_number_of_statements_does_not_grow_with_the_batch(books: Books):
    wallets = [await books.wallet(1000) for _ in range(20)]

    async def statements_for(size: int) -> int:
        batch = [transfer(wallets[n % 20], wallets[(n + 1) % 20], 1) for n in range(size)]
        with _counted(books.database.engine.sync_engine) as count:
            assert await books.apply(*batch) == [Applied()] * size
        return len(count)

    assert await statements_for(2) == await statements_for(200)


@pytest.mark.parametrize("kind", [AccountKind.FEES, AccountKind.SUSPENSE])
async def test_the_house_may_go_below_zero(books: Books, kind: AccountKind):
    wallet, house = await books.wallet(), await books.open("house", kind)
    assert await books.apply(transfer(house, wallet, 500)) == [Applied()]
    assert await books.standing(house) == (-500, 0)


async def test_money_of_the_house_can_be_held_and_posted(books: Books):
    income = transfer(await books.wallet(500), books.fees, 500)
    payout = hold(books.fees, books.provider, 400)
    assert await books.apply(income, payout) == [Applied(), Applied()]
    assert await books.standing(books.fees) == (500, 400)
    assert await books.apply(posting(payout.id, 300)) == [Applied()]
    assert await books.standing(books.fees) == (200, 0)
    assert (await books.audit()).is_clean


async def test_an_unknown_id_is_refused_whatever_it_should_name(books: Books):
    wallet = await books.wallet(10)
    assert await books.apply(
        transfer(wallet, new_id(), 1), transfer(new_id(), wallet, 1), hold(wallet, new_id(), 1),
        posting(new_id()), VoidHold(new_id()), reversal(new_id()),
    ) == [
        *[Refused(RefusalReason.UNKNOWN_ACCOUNT)] * 3,
        *[Refused(RefusalReason.UNKNOWN_HOLD)] * 2,
        Refused(RefusalReason.UNKNOWN_TRANSFER),
    ]  # fmt: skip


@contextmanager
def _counted(engine: Any) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)
