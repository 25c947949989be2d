"""`kill -9` in the middle of the work: what was acknowledged is done, what was not is done when it comes again."""

import json
import subprocess
import sys
from pathlib import Path

from sqlalchemy import func, select

from core.jobs import JobRow
from tests.payments.kit import World, completed

ROOT = Path(__file__).parents[2]
DEPOSITS = 24
KILL_AFTER = (1, 3, 6)


def receive(url: str, bodies: list[str], kill_after: int | None) -> int:
    """Send every body to a receiver of its own process; how many were answered 200 before it was killed or done."""
    receiver = subprocess.Popen(
        [sys.executable, "-m", "tests.payments.receiver", url],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with receiver:
        assert receiver.stdin is not None
        assert receiver.stdout is not None
        receiver.stdin.write("\n".join(bodies) + "\n")
        receiver.stdin.flush()
        answered = 0
        while answered < len(bodies) and answered != kill_after:
            answered += "answered 200" in receiver.stdout.readline()
        # The next one is under way at this moment.
        receiver.kill()
        return answered


async def test_case_10_a_process_killed_between_storing_and_acting_finishes_exactly_once(
    world: World, database_url: str
) -> None:
    awa = await world.member()
    deposits = [await world.open_deposit(awa, 1000) for _ in range(DEPOSITS)]
    await world.work()
    bodies = [json.dumps(completed(deposit.reference, 1000), sort_keys=True) for deposit in deposits]
    done = 0
    for kill_after in KILL_AFTER:
        # From the last acknowledged one on: GetMiPay sends again whatever it had no 200 for.
        done += receive(database_url, bodies[done:], kill_after)
        posted, held = await world.wallet(awa)
        assert posted >= 1000 * done
        assert held == 0
    assert done == sum(KILL_AFTER)
    assert receive(database_url, bodies, None) == DEPOSITS
    assert await world.wallet(awa) == (1000 * DEPOSITS, 0)
    async with world.database.reading() as session:
        notices = select(func.count()).where(JobRow.kind == "event:deposit.settled")
        assert await session.scalar(notices) == DEPOSITS
    assert await world.books_are_right()
