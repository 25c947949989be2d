import asyncio
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import Database
from core.events import publish, subscribe
from core.jobs import JobRow, Jobs, Payload
from tests.core.kit import Effects, leave_effect


async def tell(database: Database, event: str = "deposit.settled") -> None:
    await database.run(lambda session: publish(session, event, {"name": "a"}))


async def unheard(database: Database) -> int | None:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(JobRow))


async def note_twice(session: AsyncSession, payload: Payload) -> None:
    await leave_effect(session, {"name": f"{payload['name']} again"})


async def test_each_subscriber_hears_an_event_once(database: Database, effects: Effects):
    registry = Jobs()
    subscribe(registry, "deposit.settled", leave_effect, note_twice)
    await tell(database)
    await asyncio.gather(*(registry.do_one(database) for _ in range(5)))
    assert await effects.counted() == {"a": 1, "a again": 1}
    assert await unheard(database) == 0


async def test_who_subscribes_later_hears_beside_those_who_did_before(database: Database, effects: Effects):
    registry = Jobs()
    subscribe(registry, "deposit.settled", leave_effect)
    subscribe(registry, "deposit.settled", note_twice)
    subscribe(registry, "deposit.settled")
    await tell(database)
    while await registry.do_one(database):
        pass
    assert await effects.counted() == {"a": 1, "a again": 1}


async def test_an_event_that_may_go_unheard_leaves_nothing_behind(database: Database):
    registry = Jobs()
    subscribe(registry, "deposit.settled")
    await tell(database)
    assert await registry.do_one(database)
    assert await unheard(database) == 0


async def test_the_same_event_told_twice_is_heard_twice(database: Database, effects: Effects):
    registry = Jobs()
    subscribe(registry, "deposit.settled", leave_effect)
    await tell(database)
    await tell(database)
    while await registry.do_one(database):
        pass
    assert await effects.counted() == {"a": 2}


async def test_subscribers_share_one_transaction(database: Database, effects: Effects):
    failures = iter([True, False])

    async def fail_first(session: AsyncSession, payload: Payload) -> None:
        if next(failures):
            raise ValueError("not today")

    registry = Jobs()
    subscribe(registry, "deposit.settled", leave_effect, fail_first)
    await tell(database)
    await registry.do_one(database)
    assert await effects.names() == set()
    with clock.ahead(timedelta(seconds=3)):
        await registry.do_one(database)
    assert await effects.counted() == {"a": 1}


async def test_an_event_of_a_rolled_back_transaction_never_happened(database: Database):
    async with database.transaction() as session:
        await publish(session, "deposit.settled", {"name": "a"})
        await session.rollback()
    assert await unheard(database) == 0


async def test_an_event_reaches_the_subscribers_of_its_name_only(database: Database, effects: Effects):
    registry = Jobs()
    subscribe(registry, "deposit.settled", leave_effect)
    subscribe(registry, "deposit.failed", note_twice)
    await tell(database, "deposit.failed")
    while await registry.do_one(database):
        pass
    assert await effects.counted() == {"a again": 1}
