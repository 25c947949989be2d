"""Many connections that spend from one wallet at once, each id said by two of them, and nobody giving up on an error.

Run as a program it is one of several processes: `python -m tests.ledger.spender`, the errand as JSON on its input.
"""

import asyncio
import json
import random
import sys
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from core.db import Database
from core.money import Money
from ledger import Applied, Post, Replayed, apply

CONNECTIONS = 16


@dataclass(frozen=True)
class Errand:
    """Spend `amount` of the wallet under each id, by so many connections."""

    url: str
    wallet: str
    payee: str
    ids: list[str]
    amount: int
    connections: int


async def spend(errand: Errand) -> list[tuple[str, str]]:
    """Each id with the answer it got, `done` or `refused`; an id appears as often as the errand names it."""
    waiting = errand.ids.copy()
    random.shuffle(waiting)
    answers: list[tuple[str, str]] = []
    await asyncio.gather(*(_spend_one_by_one(errand, waiting, answers) for _ in range(errand.connections)))
    return answers


async def _spend_one_by_one(errand: Errand, waiting: list[str], answers: list[tuple[str, str]]) -> None:
    database = Database(errand.url)
    while waiting:
        spent = waiting.pop()
        answers.append((spent, await _until_answered(database, _command(errand, UUID(spent)))))
    await database.close()


async def _until_answered(database: Database, command: Post) -> str:
    while True:
        try:
            async with database.engine.begin() as connection:
                [verdict] = await connection.run_sync(apply, [command])
        except (DBAPIError, OSError):
            await asyncio.sleep(0.005)  # whatever became of it, the same id is sent again
        else:
            return "done" if isinstance(verdict, Applied | Replayed) else "refused"


def _command(errand: Errand, spent: UUID) -> Post:
    return Post(
        id=spent,
        debit=UUID(errand.wallet),
        credit=UUID(errand.payee),
        amount=Money(errand.amount),
        kind="payout",
        journal=spent,
    )


def in_words(errand: Errand) -> str:
    return json.dumps(asdict(errand))


if __name__ == "__main__":
    json.dump(asyncio.run(spend(Errand(**json.load(sys.stdin)))), sys.stdout)
