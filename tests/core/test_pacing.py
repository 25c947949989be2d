"""What all processes together may do only so often, and what one of them does for all."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from core import clock
from core.db import Database
from core.pacing import Duty, Pace, Pacer

OpenOneMore = Callable[[], Database]
PACE = Pace(timedelta(milliseconds=100), at_once=3)
ON_POSTGRESQL = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


def test_after_a_rest_a_few_pass_together_and_then_one_by_one():
    now, free_at, waits = clock.now(), None, []
    for _ in range(5):
        waits.append(max(timedelta(0), (free_at or now) - now))
        free_at = PACE.next_after(now, free_at)
    assert waits == [timedelta(0)] * 3 + [timedelta(milliseconds=100), timedelta(milliseconds=200)]


@pytest.mark.parametrize("per_second", [1, 30, 80, 1_000])
def test_a_pace_stays_within_its_limit_in_any_second(per_second: int):
    pace = Pace.below(per_second)
    assert pace is not None
    assert timedelta(seconds=1) // pace.every + pace.at_once <= max(per_second, 1)


def test_no_limit_is_no_pace():
    assert Pace.below(0) is None


async def test_whoever_asks_together_is_told_to_pass_one_after_the_other(database: Database):
    pacer = Pacer(database, "voice", PACE)
    waits = await asyncio.gather(*(pacer.wait() for _ in range(10)))
    # Each has a moment of its own, but for the three that may pass together.
    told = sorted(waits)
    assert told[:3] == [timedelta(0)] * 3
    assert len(set(told[3:])) == 7
    assert told[-1] <= 7 * PACE.every


@ON_POSTGRESQL
async def test_many_processes_together_pass_no_faster_than_one(database: Database, another_database: OpenOneMore):
    houses = [database, another_database(), another_database()]
    pacers = [Pacer(house, "voice", PACE) for house in houses]
    began = clock.now()
    waits = await asyncio.gather(*(pacer.wait() for pacer in pacers for _ in range(6)))
    took = clock.now() - began
    # The last of eighteen, of which three passed together, has fifteen paces to wait from the first one on.
    assert max(waits) + took >= 15 * PACE.every
    assert sorted(waits)[2] <= PACE.every


async def test_who_would_wait_too_long_has_not_queued_up(database: Database):
    pacer = Pacer(database, "voice", Pace(timedelta(seconds=4)))
    assert await pacer.wait() == timedelta(0)
    assert pacer.is_worth_waiting(await pacer.wait())
    first, second = await pacer.wait(), await pacer.wait()
    assert not pacer.is_worth_waiting(first)
    # Nobody stands before the second one: the first did not queue up.
    assert second <= first


async def test_a_closed_gate_is_closed_to_all_processes(database: Database, another_database: OpenOneMore, engine: str):
    pacer = Pacer(database, "voice", PACE)
    elsewhere = pacer if engine == "sqlite" else Pacer(another_database(), "voice", PACE)
    await pacer.close(timedelta(minutes=1))
    waits = [await pacer.wait(), await elsewhere.wait()]
    assert all(timedelta(seconds=30) < wait <= timedelta(minutes=1) for wait in waits)


async def test_without_a_pace_nobody_waits(database: Database):
    pacer = Pacer(database, "voice", None)
    await pacer.close(timedelta(minutes=1))
    assert [await pacer.wait() for _ in range(50)] == [timedelta(0)] * 50


@ON_POSTGRESQL
async def test_a_duty_is_had_by_one_until_it_leaves_or_dies(database: Database, another_database: OpenOneMore):
    here, there = Duty(database, "watch"), Duty(another_database(), "watch")
    assert sorted(await asyncio.gather(here.take(), there.take())) == [False, True]
    had, other = (here, there) if await here.take() else (there, here)
    assert not await other.take()
    await had.leave()
    assert await other.take()
    assert not await had.take()
    # It dies: nobody renews it any more.
    with clock.ahead(timedelta(seconds=16)):
        assert await had.take()


@ON_POSTGRESQL
async def test_who_has_lost_a_duty_takes_it_from_nobody_by_leaving(database: Database, another_database: OpenOneMore):
    here, there = Duty(database, "watch"), Duty(another_database(), "watch")
    assert await here.take()
    with clock.ahead(timedelta(seconds=16)):
        assert await there.take()
        await here.leave()
        assert not await here.take()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_on_sqlite_the_only_process_has_every_duty(database: Database):
    assert await Duty(database, "watch").take()
