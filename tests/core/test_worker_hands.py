"""The worker's hands: one looks for work, and all of them work side by side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from core.jobs import Jobs, Payload, enqueue
from tests.core.kit import Effects, leave_effect, until
from worker import Worker

HANDS = 4


@asynccontextmanager
async def working(database: Database, registry: Jobs) -> AsyncIterator[None]:
    """A worker at its work."""
    worker = asyncio.create_task(Worker(database, registry, [], job_hands=HANDS).run())
    yield
    worker.cancel()
    await asyncio.wait([worker])


async def leave(database: Database, *names: str) -> None:
    async with database.transaction() as session:
        for name in names:
            await enqueue(session, "work", name, {"name": name})


async def test_as_many_calls_last_at_the_same_time_as_there_are_hands(database: Database):
    all_are_calling = asyncio.Barrier(HANDS + 1)

    async def call(_: Database, __: Payload) -> None:
        await all_are_calling.wait()

    registry = Jobs()
    registry.calling("work", call)
    async with working(database, registry):
        await leave(database, *"abcd")
        await all_are_calling.wait()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_as_many_transactions_are_open_at_the_same_time_as_there_are_hands(database: Database):
    all_are_writing = asyncio.Barrier(HANDS + 1)

    async def write(_: AsyncSession, __: Payload) -> None:
        await all_are_writing.wait()

    registry = Jobs()
    registry.in_transaction("work", write)
    async with working(database, registry):
        await leave(database, *"abcd")
        await all_are_writing.wait()


async def test_what_fails_holds_up_nothing_behind_it(database: Database, effects: Effects):
    async def fail_at_first(session: AsyncSession, payload: Payload) -> None:
        if payload["name"] in {"a", "b", "c", "d"}:
            raise ValueError(payload["name"])
        await leave_effect(session, payload)

    registry = Jobs()
    registry.in_transaction("work", fail_at_first)
    async with working(database, registry):
        await leave(database, *"abcdef")

        async def both_are_done() -> bool:
            return await effects.names() == {"e", "f"}

        await until(both_are_done)
