import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database, ring
from tests.core.kit import EFFECTS, Effects, leave_effect, line_of, start

OpenOneMore = Callable[[], Database]


async def test_a_block_that_ends_is_committed(database: Database, effects: Effects):
    async with database.transaction() as session:
        await leave_effect(session, {"name": "done"})
        assert await effects.names() == set()
    assert await effects.names() == {"done"}


async def test_a_block_that_raises_leaves_nothing(database: Database, effects: Effects):
    async def stop_half_way() -> None:
        async with database.transaction() as session:
            await leave_effect(session, {"name": "half"})
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        await stop_half_way()
    assert await effects.names() == set()


async def test_a_block_that_is_cancelled_leaves_nothing_and_locks_nobody_out(database: Database, effects: Effects):
    is_writing = asyncio.Event()

    async def write_for_ever() -> None:
        async with database.transaction() as session:
            await leave_effect(session, {"name": "cancelled"})
            is_writing.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_for_ever())
    await is_writing.wait()
    task.cancel()
    await asyncio.wait([task])

    await database.run(lambda session: leave_effect(session, {"name": "next"}))
    assert await effects.names() == {"next"}


async def test_bells_ring_after_the_commit_and_not_before(database: Database):
    bell, another = database.bell("jobs"), database.bell("outbox")
    async with database.transaction() as session:
        ring(session, "jobs")
        await session.execute(text("SELECT 1"))
        assert not bell.is_set()
    assert bell.is_set()
    assert not another.is_set()


async def test_a_bell_that_has_rung_stays_rung_and_a_new_one_waits_for_the_next_commit(database: Database):
    early = database.bell("jobs")
    async with database.transaction() as session:
        ring(session, "jobs")
    late = database.bell("jobs")
    assert (early.is_set(), late.is_set()) == (True, False)
    async with database.transaction() as session:
        ring(session, "jobs")
    assert late.is_set()


async def test_a_rollback_rings_no_bell(database: Database):
    bell = database.bell("jobs")

    async def stop_half_way() -> None:
        async with database.transaction() as session:
            ring(session, "jobs")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        await stop_half_way()
    assert not bell.is_set()


async def test_a_bell_wakes_who_waits_for_it(database: Database):
    waiting = asyncio.create_task(database.bell("jobs").wait())
    async with database.transaction() as session:
        ring(session, "jobs")
        ring(session, "jobs")
    assert await waiting


async def test_run_hands_back_what_the_work_returns(database: Database, effects: Effects):
    async def count(session: AsyncSession) -> int | None:
        await leave_effect(session, {"name": "done"})
        return await session.scalar(select(func.count()).select_from(EFFECTS))

    assert await database.run(count) == 1


async def test_run_passes_a_fault_on_and_does_not_repeat_it(database: Database, effects: Effects):
    attempts: list[int] = []

    async def fail(session: AsyncSession) -> None:
        attempts.append(1)
        await leave_effect(session, {"name": "half"})
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        await database.run(fail)
    assert len(attempts) == 1
    assert await effects.names() == set()


async def test_a_read_waits_for_no_writer_and_sees_what_is_committed(
    database: Database, effects: Effects, another_database: OpenOneMore
):
    await database.run(lambda session: leave_effect(session, {"name": "before"}))
    async with another_database().transaction() as elsewhere, database.transaction() as here:
        if not database.is_sqlite:
            await leave_effect(elsewhere, {"name": "elsewhere"})
        await leave_effect(here, {"name": "here"})
        readers = [effects.names() for _ in range(8)]
        assert await asyncio.gather(*readers) == [{"before"}] * 8


# PostgreSQL looks anew for each statement: READ COMMITTED is what the house asks for.
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_read_sees_one_moment(database: Database, effects: Effects, another_database: OpenOneMore):
    async with another_database().reading() as session:
        assert list(await session.scalars(select(EFFECTS.c.name))) == []
        await database.run(lambda writer: leave_effect(writer, {"name": "later"}))
        assert list(await session.scalars(select(EFFECTS.c.name))) == []


async def test_many_writers_of_one_process_queue_and_none_is_turned_away(database: Database, effects: Effects):
    async def write(number: int) -> None:
        await database.run(lambda session: leave_effect(session, {"name": str(number)}))

    await asyncio.gather(*(write(number) for number in range(40)))
    assert len(await effects.names()) == 40


async def test_two_processes_that_read_and_then_write_lose_nothing(
    database: Database, database_url: str, effects: Effects
):
    await database.run(lambda session: session.execute(insert(EFFECTS).values(name="0")))
    writers = [await start("counting_process", database_url, "25") for _ in range(2)]
    assert [await line_of(writer) for writer in writers] == ["done", "done"]
    assert [await writer.wait() for writer in writers] == [0, 0]
    assert await effects.names() == {"50"}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_somebody_cancelled_twice_in_mid_query_leaves_nothing_behind_that_never_ends(database: Database):
    asked = asyncio.create_task(_count_for_long(database))
    await asyncio.sleep(0.2)
    # The second one comes while the connection is being closed because of the first.
    for _ in range(2):
        asked.cancel()
        await asyncio.sleep(0.05)
    await asyncio.wait([asked])
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others)
    async with database.reading() as session:
        assert await session.scalar(text("SELECT 1")) == 1


def test_a_query_that_ends_after_its_loop_bothers_nobody(tmp_path: Path):
    async def asks_and_goes() -> None:
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'cauri.sqlite3'}")
        asked = asyncio.create_task(_count_for_long(database))
        await asyncio.sleep(0.2)
        for _ in range(2):
            asked.cancel()
            await asyncio.sleep(0.05)

    before = set(threading.enumerate())
    asyncio.run(asks_and_goes())
    left = set(threading.enumerate()) - before
    assert left
    # Whatever such a thread raises fails this test.
    for thread in left:
        thread.join()


async def _count_for_long(database: Database) -> None:
    counting = """
        WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 5000000)
        SELECT max(n) FROM number
    """
    async with database.reading() as session:
        await session.execute(text(counting))
