"""Bells across processes: a commit in one wakes whoever waits in another, and nothing depends on it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import text

from core.db import Database, ring
from tests.core.kit import until

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


@pytest.fixture
async def houses(database: Database, another_database: Callable[[], Database]) -> AsyncIterator[list[Database]]:
    """Three processes' worth of databases, whose bells are carried."""
    houses = [database, another_database(), another_database()]
    carriers = [asyncio.create_task(house.bells.carry()) for house in houses]
    await until(lambda: _all_listen(houses))
    yield houses
    for carrier in carriers:
        carrier.cancel()
    await asyncio.wait(carriers)


async def test_a_commit_in_one_process_wakes_the_others_too(houses: list[Database]):
    here = houses[0]
    bells = [house.bell("jobs") for house in houses]
    silent = [house.bell("outbox") for house in houses]
    async with here.transaction() as session:
        ring(session, "jobs")
    assert bells[0].is_set()
    await asyncio.gather(*(bell.wait() for bell in bells))
    assert not any(bell.is_set() for bell in silent)


async def test_a_rollback_wakes_nobody_elsewhere(houses: list[Database]):
    bell = houses[1].bell("jobs")

    async def stop_half_way() -> None:
        async with houses[0].transaction() as session:
            ring(session, "jobs")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        await stop_half_way()
    # What is told is told in order: had the rollback been told, it would be known by now.
    after = houses[1].bell("outbox")
    async with houses[0].transaction() as session:
        ring(session, "outbox")
    await after.wait()
    assert not bell.is_set()


async def test_whoever_loses_the_connection_makes_a_new_one_and_looks_at_what_may_have_been_missed(
    houses: list[Database],
):
    listens = [house.bell("jobs") for house in houses]
    await _cut_all(houses[0])
    # Each may have missed something: woken once by its own return.
    await asyncio.gather(*(bell.wait() for bell in listens))
    await until(lambda: _all_listen(houses))
    bell = houses[2].bell("jobs")
    async with houses[0].transaction() as session:
        ring(session, "jobs")
    await bell.wait()


async def _all_listen(houses: list[Database]) -> bool:
    """Whether a word of each is heard by each other."""
    for house in houses:
        bells = [other.bell(f"word_of_{houses.index(house)}") for other in houses]
        house.bells.ring({f"word_of_{houses.index(house)}"})
        _, deaf = await asyncio.wait([asyncio.create_task(bell.wait()) for bell in bells], timeout=0.2)
        for task in deaf:
            task.cancel()
        if deaf:
            return False
    return True


async def _cut_all(house: Database) -> None:
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    async with house.transaction() as session:
        await session.execute(text(f"{others} AND pid <> pg_backend_pid()"))
