"""The desk: single commands from many callers, committed together, each with its own verdict."""

import asyncio
from collections import Counter

from core.db import Database
from core.ids import new_id
from ledger import Applied, Conflict, Desk, RefusalReason, Refused, Replayed, VoidHold
from tests.ledger.kit import Books, hold, posting, transfer


async def test_a_crowd_at_the_desk_spends_what_is_there_and_no_more(books: Books, database: Database) -> None:
    wallet, desk = await books.wallet(1000), Desk(database)
    verdicts = await asyncio.gather(*(desk.post(transfer(wallet, books.fees, 10)) for _ in range(300)))
    assert Counter(verdicts) == {Applied(): 100, Refused(RefusalReason.INSUFFICIENT_FUNDS): 200}
    assert await books.standing(wallet) == (0, 0)
    assert (await books.audit()).is_clean


async def test_one_id_said_by_two_processes_at_once_moves_once(
    books: Books, database: Database, database_url: str
) -> None:
    other = Database(database_url)
    wallet = await books.wallet(10_000)
    commands = [transfer(wallet, books.fees, 10) for _ in range(100)]
    desks = [Desk(database), Desk(other)]
    verdicts = await asyncio.gather(*(desk.post(command) for command in commands for desk in desks))
    await other.close()
    assert Counter(verdicts) == {Applied(): 100, Replayed(): 100}
    assert await books.standing(wallet) == (9000, 0)
    assert (await books.audit()).is_clean


async def test_a_contradiction_at_the_desk_stands_alone(books: Books, database: Database) -> None:
    wallet, desk = await books.wallet(100), Desk(database)
    said = new_id()
    verdicts = await asyncio.gather(
        desk.post(transfer(books.provider, wallet, 1, id=said)),
        desk.post(transfer(books.provider, wallet, 2, id=said)),
        desk.post(transfer(wallet, books.fees, 500)),
        desk.post(transfer(wallet, books.fees, 50)),
    )
    assert verdicts == [Applied(), Conflict(), Refused(RefusalReason.INSUFFICIENT_FUNDS), Applied()]
    assert await books.standing(wallet) == (51, 0)


async def test_a_hold_is_placed_posted_and_found_resolved_within_one_group(books: Books, database: Database) -> None:
    wallet, desk = await books.wallet(100), Desk(database)
    held = hold(wallet, books.provider, 60)
    verdicts = await asyncio.gather(
        desk.post(held), desk.post(posting(held.id, 40)), desk.post(VoidHold(held.id)), desk.post(held)
    )
    assert verdicts == [Applied(), Applied(), Refused(RefusalReason.ALREADY_RESOLVED), Replayed()]
    assert await books.standing(wallet) == (60, 0)
    assert (await books.audit()).is_clean
