"""One worker, one job after the other."""

import asyncio
import math
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.db import Database
from core.jobs import JobRow, Jobs, Payload, enqueue
from tests.core.kit import Effects, leave_effect


@pytest.fixture
def registry() -> Jobs:
    """Knows one kind of job, which writes its payload's name down."""
    known = Jobs()
    known.in_transaction("note", leave_effect)
    return known


async def leave(database: Database, name: str, kind: str = "note", run_at: datetime | None = None) -> None:
    await database.run(lambda session: enqueue(session, kind, name, {"name": name}, run_at=run_at))


async def rows(database: Database) -> list[JobRow]:
    async with database.reading() as session:
        return list(await session.scalars(select(JobRow).order_by(JobRow.run_at)))


async def only_row(database: Database) -> JobRow:
    [row] = await rows(database)
    return row


async def do_all(registry: Jobs, database: Database) -> int:
    done = 0
    while await registry.do_one(database):
        done += 1
    return done


async def test_nothing_due_is_nothing_done(database: Database, registry: Jobs):
    assert not await registry.do_one(database)
    assert not await Jobs().do_one(database)


async def test_a_job_is_done_once_and_its_row_goes(database: Database, registry: Jobs, effects: Effects):
    await leave(database, "a")
    assert await registry.do_one(database)
    assert not await registry.do_one(database)
    assert await effects.counted() == {"a": 1}
    assert await rows(database) == []


async def test_a_job_of_a_rolled_back_transaction_never_was(database: Database, registry: Jobs):
    async with database.transaction() as session:
        await enqueue(session, "note", "a", {"name": "a"})
        await session.rollback()
    assert not await registry.do_one(database)


async def test_one_job_waits_for_each_kind_and_key(database: Database, registry: Jobs, effects: Effects):
    registry.in_transaction("other", leave_effect)
    for _ in range(3):
        await leave(database, "a")
    await leave(database, "a", kind="other")
    assert len(await rows(database)) == 2
    assert await do_all(registry, database) == 2

    await leave(database, "a")
    assert await do_all(registry, database) == 1
    assert await effects.counted() == {"a": 3}


async def test_a_job_without_a_payload_gets_an_empty_one(database: Database):
    heard: list[Payload] = []

    async def listen(_: AsyncSession, payload: Payload) -> None:
        heard.append(payload)

    registry = Jobs()
    registry.in_transaction("bare", listen)
    await database.run(lambda session: enqueue(session, "bare", "1"))
    await registry.do_one(database)
    assert heard == [{}]


async def test_a_job_is_not_done_before_its_time(database: Database, registry: Jobs, effects: Effects):
    due = clock.now() + timedelta(hours=1)
    await leave(database, "a", run_at=due)
    assert not await registry.do_one(database)
    async with database.reading() as session:
        assert await jobs.next_due(session) == due
        assert await jobs.waiting(session) == (0, timedelta(0))
    with clock.ahead(timedelta(hours=1, minutes=2)):
        async with database.reading() as session:
            count, oldest = await jobs.waiting(session)
        assert count == 1
        assert timedelta(minutes=2) <= oldest < timedelta(minutes=3)
        assert await registry.do_one(database)
    async with database.reading() as session:
        assert await jobs.next_due(session) is None
    assert await effects.counted() == {"a": 1}


async def test_the_most_overdue_job_comes_first(database: Database, registry: Jobs):
    done: list[str] = []

    async def note(_: AsyncSession, payload: Payload) -> None:
        done.append(payload["name"])

    registry.in_transaction("note", note)
    now = clock.now()
    for minutes, name in ((1, "c"), (3, "a"), (2, "b")):
        await leave(database, name, run_at=now - timedelta(minutes=minutes))
    await do_all(registry, database)
    assert done == ["a", "b", "c"]


async def test_a_job_nobody_here_knows_is_left_to_who_does(database: Database, registry: Jobs):
    await leave(database, "a", kind="of_a_newer_release")
    assert not await registry.do_one(database)
    assert (await only_row(database)).attempts == 0


async def test_a_transactional_job_may_leave_itself_again(database: Database):
    async def once_more(session: AsyncSession, payload: Payload) -> None:
        if payload["left"]:
            await enqueue(session, "count", "down", {"left": payload["left"] - 1})

    registry = Jobs()
    registry.in_transaction("count", once_more)
    await database.run(lambda session: enqueue(session, "count", "down", {"left": 2}))
    assert await do_all(registry, database) == 3


async def test_a_job_that_fails_undoes_its_work_and_waits_longer_each_time(database: Database, effects: Effects):
    async def fail(session: AsyncSession, payload: Payload) -> None:
        await leave_effect(session, payload)
        raise ValueError("not today")

    registry = Jobs()
    registry.in_transaction("note", fail)
    await leave(database, "a")
    waits = await _waits_after_failures(registry, database)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
    row = await only_row(database)
    assert row.error == "ValueError('not today')"
    assert row.payload == {"name": "a"}
    assert await effects.names() == set()


async def test_a_call_that_fails_waits_longer_each_time(database: Database):
    async def fail(_: Database, __: Payload) -> None:
        raise ConnectionError("x" * 1_000)

    registry = Jobs()
    registry.calling("call", fail)
    await leave(database, "a", kind="call")
    assert await _waits_after_failures(registry, database) == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
    assert len((await only_row(database)).error or "") == 500


async def test_a_poison_job_does_not_stop_those_behind_it(database: Database, registry: Jobs, effects: Effects):
    async def fail(_: AsyncSession, __: Payload) -> None:
        raise ValueError("poison")

    registry.in_transaction("poison", fail)
    await leave(database, "poison", kind="poison", run_at=clock.now() - timedelta(hours=1))
    for name in ("a", "b"):
        await leave(database, name)
    assert await do_all(registry, database) == 3
    assert await effects.counted() == {"a": 1, "b": 1}
    assert (await only_row(database)).kind == "poison"


async def test_a_job_that_failed_succeeds_later(database: Database, effects: Effects):
    failures = iter([True, False])

    async def fail_first(session: AsyncSession, payload: Payload) -> None:
        if next(failures):
            raise ValueError("not today")
        await leave_effect(session, payload)

    registry = Jobs()
    registry.in_transaction("note", fail_first)
    await leave(database, "a")
    assert await do_all(registry, database) == 1
    with clock.ahead(timedelta(seconds=3)):
        assert await do_all(registry, database) == 1
    assert await effects.counted() == {"a": 1}
    assert await rows(database) == []


async def test_a_call_is_made_outside_any_transaction(database: Database, effects: Effects):
    async def call(house: Database, payload: Payload) -> None:
        await house.run(lambda session: leave_effect(session, payload))

    registry = Jobs()
    registry.calling("call", call)
    await leave(database, "a", kind="call")
    assert await do_all(registry, database) == 1
    assert await effects.counted() == {"a": 1}
    assert await rows(database) == []


async def test_a_call_that_names_a_time_is_made_again_then(database: Database):
    again_at = clock.now() + timedelta(minutes=5)
    answers: list[datetime | None] = [again_at, None]

    async def look_up(_: Database, __: Payload) -> datetime | None:
        return answers.pop(0)

    registry = Jobs()
    registry.calling("look_up", look_up)
    await leave(database, "a", kind="look_up")
    assert await do_all(registry, database) == 1
    row = await only_row(database)
    assert (row.run_at, row.attempts, row.error) == (again_at, 0, None)
    with clock.ahead(timedelta(minutes=5)):
        assert await do_all(registry, database) == 1
    assert await rows(database) == []


async def test_a_time_to_call_again_forgets_earlier_failures(database: Database):
    again_at = clock.now() + timedelta(minutes=5)
    answers = [ConnectionError("away"), again_at]

    async def look_up(_: Database, __: Payload) -> datetime | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    registry = Jobs()
    registry.calling("look_up", look_up)
    await leave(database, "a", kind="look_up")
    await registry.do_one(database)
    assert (await only_row(database)).error == "ConnectionError('away')"
    with clock.ahead(timedelta(seconds=3)):
        await registry.do_one(database)
    row = await only_row(database)
    assert (row.run_at, row.attempts, row.error) == (again_at, 0, None)


async def test_enqueueing_and_finishing_ring_the_workers_bell(database: Database, registry: Jobs, effects: Effects):
    bells = [database.bell(jobs.BELL)]

    async def call(_: Database, __: Payload) -> None:
        bells.append(database.bell(jobs.BELL))

    registry.calling("call", call)
    await leave(database, "a", kind="call")
    assert bells.pop().is_set()
    await registry.do_one(database)
    assert bells.pop().is_set()


async def test_a_cancelled_call_stays_claimed_until_its_lease_is_over(database: Database):
    is_calling = asyncio.Event()

    async def hang(_: Database, __: Payload) -> None:
        is_calling.set()
        await asyncio.Event().wait()

    registry = Jobs()
    registry.calling("call", hang)
    await leave(database, "a", kind="call")
    task = asyncio.create_task(registry.do_one(database))
    await is_calling.wait()
    task.cancel()
    await asyncio.wait([task])

    assert not await registry.do_one(database)
    row = await only_row(database)
    assert (row.attempts, row.error) == (1, None)
    assert row.run_at > clock.now()


async def test_the_only_worker_takes_back_what_a_dead_one_had_claimed(database: Database):
    made: list[str] = []

    async def call(_: Database, payload: Payload) -> None:
        made.append(payload["name"])
        if len(made) == 1:
            raise asyncio.CancelledError

    registry = Jobs()
    registry.calling("call", call)
    await leave(database, "claimed", kind="call")
    with pytest.raises(asyncio.CancelledError):
        await registry.do_one(database)
    later = clock.now() + timedelta(hours=1)
    await leave(database, "later", kind="call", run_at=later)

    assert not await registry.do_one(database)
    await database.run(jobs.release_all)
    assert await do_all(registry, database) == 1
    assert made == ["claimed", "claimed"]
    assert (await only_row(database)).run_at == later


async def test_taking_back_leaves_a_failed_job_its_wait(database: Database):
    async def fail(_: Database, __: Payload) -> None:
        raise ConnectionError("away")

    registry = Jobs()
    registry.calling("call", fail)
    await leave(database, "a", kind="call")
    await registry.do_one(database)
    await database.run(jobs.release_all)
    assert not await registry.do_one(database)


async def _waits_after_failures(registry: Jobs, database: Database) -> list[int]:
    """Whole seconds from each of twelve failures to the next try, the clock put forward to each."""
    waits: list[int] = []
    for attempt in range(1, 13):
        with clock.ahead(timedelta(hours=attempt)):
            assert await registry.do_one(database)
            assert not await registry.do_one(database)
            row = await only_row(database)
            assert row.attempts == attempt
            waits.append(math.ceil((row.run_at - clock.now()).total_seconds()))
    return waits
