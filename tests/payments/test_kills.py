"""`kill -9` in the middle of the work: what was acknowledged is done, what was not is done when it comes again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.jobs import JobRow
from tests.payments.kit import World, completed

ROOT = Path(__file__).parents[2]
DEPOSITS = 24
KILL_AFTER = (1, 3, 6)


def receive(url: str, bodies: list[str], at_once: int, kill_after: int) -> list[str]:
    """Send every body to a receiver of its own process; those that it answered 200 before it was killed or done."""
    receiver = subprocess.Popen(
        [sys.executable, "-m", "tests.payments.receiver", url, str(at_once)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with receiver:
        assert receiver.stdin is not None
        assert receiver.stdout is not None
        receiver.stdin.write("\n".join(bodies) + "\n\n")
        receiver.stdin.flush()
        answered: list[str] = []
        while len(answered) < kill_after:
            status, _, body = receiver.stdout.readline().partition(" ")
            if status == "200":
                answered.append(body.strip())
        # The next ones are under way at this moment; of those, some may just have been answered.
        receiver.kill()
        rest = [line.partition(" ") for line in receiver.stdout if line.endswith("\n")]
        return answered + [body.strip() for status, _, body in rest if status == "200"]


@pytest.mark.parametrize("at_once", [1, 8])
async def test_case_10_a_process_killed_between_storing_and_acting_finishes_exactly_once(
    world: World, database_url: str, at_once: int
) -> None:
    awa = await world.member()
    deposits = [await world.open_deposit(awa, 1000) for _ in range(DEPOSITS)]
    await world.work()
    bodies = [json.dumps(completed(deposit.reference, 1000), sort_keys=True) for deposit in deposits]
    waiting = bodies
    for kill_after in KILL_AFTER:
        # GetMiPay sends again whatever it had no 200 for.
        answered = set(receive(database_url, waiting, at_once, min(kill_after, len(waiting))))
        waiting = [body for body in waiting if body not in answered]
        posted, held = await world.wallet(awa)
        assert posted >= 1000 * (DEPOSITS - len(waiting))
        assert held == 0
    assert len(waiting) <= DEPOSITS - sum(KILL_AFTER)
    assert sorted(receive(database_url, bodies, at_once, DEPOSITS)) == sorted(bodies)
    assert await world.wallet(awa) == (1000 * DEPOSITS, 0)
    async with world.database.reading() as session:
        notices = select(func.count()).where(JobRow.kind == "event:deposit.settled")
        assert await session.scalar(notices) == DEPOSITS
    assert await world.books_are_right()
