"""What the database says when only chance was against us, and when it is not there at all."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from core.db import Database, is_database_away, is_passing_conflict
from tests.core.kit import EFFECTS, Effects, leave_effect, until

OpenOneMore = Callable[[], Database]

on_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@on_postgresql
async def test_a_deadlock_is_done_again_and_both_succeed(database: Database, effects: Effects):
    both_hold_one = asyncio.Barrier(2)
    attempts: list[str] = []
    await database.run(lambda session: session.execute(insert(EFFECTS).values([{"name": "a"}, {"name": "b"}])))

    async def take(session: AsyncSession, first: str, second: str) -> None:
        attempts.append(first)
        await session.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
        await session.execute(_locked(first))
        if len(attempts) <= 2:
            await both_hold_one.wait()
        await session.execute(_locked(second))
        await leave_effect(session, {"name": first + second})

    await asyncio.gather(
        database.run(lambda session: take(session, "a", "b")), database.run(lambda session: take(session, "b", "a"))
    )
    assert await effects.counted() == {"a": 1, "b": 1, "ab": 1, "ba": 1}
    assert len(attempts) == 3


@on_postgresql
async def test_a_lock_waited_for_too_long_is_passing(database: Database, effects: Effects):
    await database.run(lambda session: leave_effect(session, {"name": "a"}))

    async def wait_for_it() -> None:
        async with database.transaction() as holder, database.transaction() as session:
            await holder.execute(_locked("a"))
            await session.execute(text("SET LOCAL lock_timeout = '20ms'"))
            await session.execute(_locked("a"))

    with pytest.raises(DBAPIError) as waited:
        await wait_for_it()
    assert is_passing_conflict(waited.value)
    assert is_database_away(waited.value)


@on_postgresql
async def test_a_stale_snapshot_is_passing(database: Database, effects: Effects):
    await database.run(lambda session: leave_effect(session, {"name": "a"}))

    async def write_upon_what_is_no_more() -> None:
        async with database.transaction() as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
            await session.scalar(select(EFFECTS.c.name))
            await database.run(lambda other: other.execute(update(EFFECTS).values(name="b")))
            await session.execute(update(EFFECTS).values(name="c"))

    with pytest.raises(DBAPIError) as stale:
        await write_upon_what_is_no_more()
    assert is_passing_conflict(stale.value)


@on_sqlite
async def test_a_file_locked_for_longer_than_anybody_waits_is_passing(
    database: Database, effects: Effects, another_database: OpenOneMore
):
    hurried = await _hurried(another_database)

    async def write_twice_at_once() -> None:
        async with database.transaction() as session:
            await leave_effect(session, {"name": "first"})
            async with hurried.transaction() as other:
                await leave_effect(other, {"name": "second"})

    with pytest.raises(DBAPIError) as busy:
        await write_twice_at_once()
    assert is_passing_conflict(busy.value)
    assert is_database_away(busy.value)
    await hurried.run(lambda session: leave_effect(session, {"name": "third"}))
    assert await effects.names() == {"third"}


@on_sqlite
async def test_a_busy_file_is_tried_again_until_it_is_free(
    database: Database, effects: Effects, another_database: OpenOneMore
):
    hurried = await _hurried(another_database)
    async with database.transaction() as session:
        await leave_effect(session, {"name": "first"})
        second = asyncio.create_task(hurried.run(lambda other: leave_effect(other, {"name": "second"})))
        await asyncio.sleep(0.05)
        assert not second.done()
    await second
    assert await effects.names() == {"first", "second"}


async def test_a_broken_rule_is_neither_passing_nor_away(database: Database):
    unnamed = text("INSERT INTO inbound_message (channel) VALUES ('telegram')")
    with pytest.raises(IntegrityError) as broken:
        await database.run(lambda session: session.execute(unnamed))
    assert not is_passing_conflict(broken.value)
    assert not is_database_away(broken.value)
    assert not is_passing_conflict(RuntimeError("ours"))
    assert not is_database_away(RuntimeError("ours"))
    assert not is_database_away(FileNotFoundError("ours too"))


@on_postgresql
async def test_a_connection_that_is_cut_means_away_and_the_next_one_works(database: Database):
    async def be_cut_off() -> None:
        async with database.transaction() as session, database.reading() as killer:
            victim = await session.scalar(text("SELECT pg_backend_pid()"))
            await killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": victim})
            await session.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError) as cut:
        await be_cut_off()
    assert is_database_away(cut.value)
    assert not is_passing_conflict(cut.value)
    async with database.reading() as session:
        assert await session.scalar(text("SELECT 1")) == 1


async def test_a_server_that_cannot_be_reached_is_away():
    for nobody_there in ("postgresql://cauri@127.0.0.1:1/cauri", "postgresql://cauri@nowhere.invalid/cauri"):
        assert is_database_away(await _failure_to_reach(nobody_there))


@on_postgresql
async def test_a_server_with_no_room_for_one_more_is_away(database: Database):
    visitor = f"visitor_{database.url.database}"
    async with database.transaction() as session:
        await session.execute(text(f'CREATE ROLE "{visitor}" LOGIN CONNECTION LIMIT 0'))
    assert is_database_away(await _failure_to_reach(database.url.set(username=visitor)))


async def test_no_free_connection_is_away(tmp_path: Path):
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{tmp_path}/small.sqlite3", pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    async with engine.connect():
        with pytest.raises(Exception, match="QueuePool limit") as none_free:
            await engine.connect()
    await engine.dispose()
    assert is_database_away(none_free.value)


async def test_a_file_that_cannot_be_opened_is_away(tmp_path: Path):
    (tmp_path / "folder.sqlite3").mkdir()
    assert is_database_away(await _failure_to_reach(f"sqlite:///{tmp_path}/folder.sqlite3"))
    # aiosqlite waits for no thread of a connection that failed, and the thread cannot end once the loop is closed.
    await until(_aiosqlite_rests)


async def test_the_folder_of_a_new_file_is_made(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/var/deeper/cauri.sqlite3")
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE t (x)"))
    await database.close()
    with sqlite3.connect(tmp_path / "var/deeper/cauri.sqlite3") as file:
        assert file.execute("SELECT count(*) FROM t").fetchone() == (0,)
    file.close()


async def test_sqlite_waits_syncs_fully_and_holds_foreign_keys(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/cauri.sqlite3")
    async with database.reading() as session:
        found = [
            await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    await database.close()
    assert found == ["wal", 2, 1, 10_000]


async def _hurried(another_database: OpenOneMore) -> Database:
    """One that does not wait for a busy file."""
    hurried = another_database()
    async with hurried.reading() as session:
        await session.execute(text("PRAGMA busy_timeout=0"))
    return hurried


async def _aiosqlite_rests() -> bool:
    return not any("_connection_worker_thread" in thread.name for thread in threading.enumerate())


async def _failure_to_reach(url: str | URL) -> Exception:
    database = Database(url)
    with pytest.raises((OSError, DBAPIError)) as away:
        await database.run(lambda session: session.execute(text("SELECT 1")))
    await database.close()
    return away.value


def _locked(name: str):
    return select(EFFECTS).where(EFFECTS.c.name == name).with_for_update()
