"""What comes while a group is being committed forms the next one."""

import asyncio

import pytest
from sqlalchemy import Connection, insert, text

from core.db import Database, ring
from core.gathering import AT_MOST, WORTH_A_LANE, Gathering
from tests.core.kit import EFFECTS, Effects


class Committing:
    """A commit that lasts until it is let go on, and keeps what it was given."""

    def __init__(self, lanes: int = 1) -> None:
        self.groups: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gathering = Gathering(
            self.commit, lanes=lanes, says_nothing_of_the_items=lambda error: isinstance(error, OSError)
        )

    async def commit(self, items: list[str]) -> list[str]:
        self.groups.append(items)
        await self.gate.wait()
        if "away" in items:
            raise OSError
        if "poor" in items:
            raise ValueError(items)
        return [f"{item} done" for item in items]

    def join(self, *items: str) -> list[asyncio.Task[str]]:
        return [asyncio.create_task(self.gathering.join(item)) for item in items]


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_what_comes_alone_starts_at_once_and_the_rest_goes_together() -> None:
    here = Committing()
    first = here.join("a")
    await turn()
    rest = here.join("b", "c", "d")
    await turn()
    assert here.groups == [["a"]]
    here.gate.set()
    assert await asyncio.gather(*first, *rest) == ["a done", "b done", "c done", "d done"]
    assert here.groups == [["a"], ["b", "c", "d"]]
    assert await here.gathering.join("e") == "e done"


async def test_no_group_is_larger_than_the_bound() -> None:
    here = Committing()
    tasks = here.join(*(str(number) for number in range(2 * AT_MOST + 2)))
    here.gate.set()
    assert len(set(await asyncio.gather(*tasks))) == 2 * AT_MOST + 2
    assert max(len(group) for group in here.groups) == AT_MOST


async def test_a_crowd_is_committed_by_two_lanes_side_by_side_and_a_few_by_one() -> None:
    here = Committing(lanes=2)
    tasks = here.join("a")
    await turn()
    tasks += here.join("b")
    await turn()
    assert here.groups == [["a"]]
    crowd = [str(number) for number in range(WORTH_A_LANE)]
    tasks += here.join(*crowd)
    await turn()
    assert here.groups == [["a"], ["b", *crowd]]
    tasks += here.join("c", "d")
    await turn()
    here.gate.set()
    assert len(await asyncio.gather(*tasks)) == WORTH_A_LANE + 4
    assert here.groups == [["a"], ["b", *crowd], ["c", "d"]]


async def test_a_poor_item_spoils_nobody_else() -> None:
    here = Committing()
    here.gate.set()
    answers = await asyncio.gather(*here.join("a", "poor", "b"), return_exceptions=True)
    assert [answers[0], answers[2]] == ["a done", "b done"]
    assert isinstance(answers[1], ValueError)


async def test_a_fault_that_says_nothing_of_the_items_is_told_to_all_at_once() -> None:
    here = Committing()
    here.gate.set()
    answers = await asyncio.gather(*here.join("a", "away", "b"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError] * 3
    assert len(here.groups) == 1
    assert await here.gathering.join("c") == "c done"


async def test_whoever_is_cancelled_before_the_group_begins_takes_no_part_and_later_holds_up_nobody() -> None:
    here = Committing()
    early, other = here.join("early", "other")
    await turn()
    late, last = here.join("late", "last")
    await turn()
    late.cancel()
    early.cancel()
    await turn()
    here.gate.set()
    assert await asyncio.gather(other, last) == ["other done", "last done"]
    assert here.groups == [["early", "other"], ["last"]]


@pytest.fixture
async def effects(database: Database) -> Effects:
    async with database.transaction() as session:
        await (await session.connection()).run_sync(EFFECTS.create)
    return Effects(database)


def write(connection: Connection, names: list[str]) -> list[str]:
    for name in names:
        if name == "poor":
            raise ValueError(name)
        connection.execute(insert(EFFECTS).values(name=name))
    ring(connection, "written")
    return names


async def test_an_answer_is_given_after_the_commit_and_rings_the_bell(database: Database, effects: Effects) -> None:
    names, bell = [f"n{number}" for number in range(50)], database.bell("written")
    answers = await asyncio.gather(
        *(database.together(write, name) for name in [*names, "poor"]), return_exceptions=True
    )
    assert answers[:-1] == names
    assert isinstance(answers[-1], ValueError)
    assert bell.is_set()
    assert await effects.counted() == dict.fromkeys(names, 1)


async def test_a_group_that_is_not_committed_rings_no_bell(database: Database, effects: Effects) -> None:
    bell = database.bell("written")
    with pytest.raises(ValueError, match="poor"):
        await database.together(write, "poor")
    assert not bell.is_set()


@pytest.mark.parametrize("engine", ["postgresql"])  # A file has no connection to lose.
async def test_a_group_whose_connection_is_lost_is_done_again(database: Database, effects: Effects) -> None:
    lost: list[str] = []

    def lose_once(connection: Connection, names: list[str]) -> list[str]:
        connection.execute(insert(EFFECTS), [{"name": name} for name in names])
        if not lost:
            lost.append("now")
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return names

    assert await asyncio.gather(*(database.together(lose_once, name) for name in "abc")) == ["a", "b", "c"]
    assert lost
    assert await effects.counted() == {"a": 1, "b": 1, "c": 1}
