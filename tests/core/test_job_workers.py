"""Many workers side by side, some of which die."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import Database
from core.jobs import JobRow, Jobs, Payload, enqueue
from tests.core.kit import Effects, leave_effect, line_of, start, until

OpenOneMore = Callable[[], Database]
MANY = 24


async def leave_many(database: Database, kind: str) -> None:
    async with database.transaction() as session:
        for number in range(MANY):
            await enqueue(session, kind, str(number), {"name": str(number)})


async def work_side_by_side(registry: Jobs, houses: list[Database], hands: int = 3) -> None:
    """Each house lets so many hands work until nothing is left."""

    async def work(house: Database) -> None:
        async with house.reading() as session:
            left = await session.scalar(select(JobRow.id).limit(1))
        while left is not None:
            await registry.do_one(house)
            async with house.reading() as session:
                left = await session.scalar(select(JobRow.id).limit(1))

    await asyncio.gather(*(work(house) for house in houses for _ in range(hands)))


async def test_many_workers_do_each_transactional_job_exactly_once(
    database: Database, another_database: OpenOneMore, effects: Effects
):
    registry = Jobs()
    registry.in_transaction("note", leave_effect)
    await leave_many(database, "note")
    await work_side_by_side(registry, [database, another_database(), another_database()])
    assert await effects.counted() == Counter(str(number) for number in range(MANY))


async def test_many_workers_make_each_call_once_while_none_of_them_dies(
    database: Database, another_database: OpenOneMore
):
    called: Counter[str] = Counter()

    async def call(_: Database, payload: Payload) -> None:
        called[payload["name"]] += 1
        await asyncio.sleep(0)

    registry = Jobs()
    registry.calling("call", call)
    await leave_many(database, "call")
    await work_side_by_side(registry, [database, another_database(), another_database()])
    assert called == Counter(str(number) for number in range(MANY))


async def test_work_that_fails_now_and_then_is_still_done_exactly_once(
    database: Database, another_database: OpenOneMore, effects: Effects
):
    tried: Counter[str] = Counter()

    async def fail_first(session: AsyncSession, payload: Payload) -> None:
        await leave_effect(session, payload)
        tried[payload["name"]] += 1
        if int(payload["name"]) % 4 == 0 and tried[payload["name"]] == 1:
            raise ValueError("the first time")

    registry = Jobs()
    registry.in_transaction("note", fail_first)
    await leave_many(database, "note")
    houses = [database, another_database()]
    await asyncio.gather(*(_until_idle(registry, house) for house in houses for _ in range(3)))
    with clock.ahead(timedelta(minutes=1)):
        await work_side_by_side(registry, houses)
    assert await effects.counted() == Counter(str(number) for number in range(MANY))


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_a_deadlock_between_two_jobs_is_no_failure_of_either(database: Database, effects: Effects):
    both_hold_one = asyncio.Barrier(2)
    tries: list[str] = []

    async def lock_both(session: AsyncSession, payload: Payload) -> None:
        tries.append(payload["name"])
        await session.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
        await session.execute(text("SELECT pg_advisory_xact_lock(:one)"), {"one": payload["first"]})
        if len(tries) <= 2:
            await both_hold_one.wait()
        await session.execute(text("SELECT pg_advisory_xact_lock(:one)"), {"one": 3 - payload["first"]})
        await leave_effect(session, payload)

    registry = Jobs()
    registry.in_transaction("lock", lock_both)
    async with database.transaction() as session:
        await enqueue(session, "lock", "a", {"name": "a", "first": 1})
        await enqueue(session, "lock", "b", {"name": "b", "first": 2})
    assert await asyncio.gather(registry.do_one(database), registry.do_one(database)) == [True, True]
    assert await effects.counted() == {"a": 1, "b": 1}
    assert len(tries) == 3
    assert not await registry.do_one(database)


async def test_a_worker_killed_in_a_transactional_job_leaves_it_undone_to_others(
    database: Database, database_url: str, effects: Effects
):
    registry = Jobs()
    registry.in_transaction("note", leave_effect)
    await database.run(lambda session: enqueue(session, "note", "a", {"name": "a"}))

    worker = await start("dying_worker", database_url, "in_transaction")
    assert await line_of(worker) == "working"
    worker.kill()
    await worker.wait()

    await until(lambda: registry.do_one(database))
    assert await effects.counted() == {"a": 1}


async def test_a_worker_killed_in_a_call_leaves_it_to_others_after_its_lease(
    database: Database, database_url: str, effects: Effects
):
    async def call(house: Database, payload: Payload) -> None:
        await house.run(lambda session: leave_effect(session, payload))

    registry = Jobs()
    registry.calling("note", call)
    await database.run(lambda session: enqueue(session, "note", "a", {"name": "a"}))

    worker = await start("dying_worker", database_url, "calling")
    assert await line_of(worker) == "working"
    worker.kill()
    await worker.wait()

    assert not await registry.do_one(database)
    with clock.ahead(timedelta(seconds=16)):
        assert await registry.do_one(database)
        assert not await registry.do_one(database)
    # At least once: the one who died had made its call already.
    assert await effects.counted() == {"a": 2}


async def test_a_lease_is_renewed_while_the_call_lasts_even_after_a_failure_to_renew_it(
    database: Database, another_database: OpenOneMore
):
    is_calling, may_end = asyncio.Event(), asyncio.Event()

    async def call(_: Database, __: Payload) -> None:
        is_calling.set()
        await may_end.wait()

    registry = Jobs()
    registry.calling("call", call)
    await database.run(lambda session: enqueue(session, "call", "a"))
    # The caller's own connections lose the table for a while: its first renewal fails.
    calling = another_database()
    task = asyncio.create_task(registry.do_one(calling))
    await is_calling.wait()
    claimed_until = await _due(database)
    await database.run(lambda session: session.execute(text("ALTER TABLE job RENAME TO job_out_of_reach")))
    await asyncio.sleep(5.3)
    await database.run(lambda session: session.execute(text("ALTER TABLE job_out_of_reach RENAME TO job")))
    assert await _due(database) == claimed_until

    await until(lambda: _is_later(database, claimed_until))
    with clock.ahead(timedelta(seconds=8)):
        assert clock.now() > claimed_until
        assert not await registry.do_one(database)
    may_end.set()
    assert await task
    assert await _due(database) is None


async def _until_idle(registry: Jobs, house: Database) -> None:
    while await registry.do_one(house):
        pass


async def _due(database: Database):
    async with database.reading() as session:
        return await session.scalar(select(JobRow.run_at))


async def _is_later(database: Database, than) -> bool:
    return (await _due(database)) > than
