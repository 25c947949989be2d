"""Somebody who guesses a PIN as fast as they can, by many connections at once.

Run as a program it is one of several processes: `python -m tests.members.guesser URL MEMBER GUESS…`; it prints how many
of the guesses were compared with the PIN at all.
"""

import asyncio
import sys
from uuid import UUID

from core.db import Database
from members import Pins
from members.guard import PinLocked, claim_try, forgive, tries_left

SECRET = "a secret of the house"


async def guess(url: str, member_id: UUID, guesses: list[str]) -> int:
    """How many of these were compared."""
    database, pins = Database(url), Pins(SECRET)
    try:
        return sum(await asyncio.gather(*(_try(database, pins, member_id, each) for each in guesses)))
    finally:
        await database.close()


async def _try(database: Database, pins: Pins, member_id: UUID, pin: str) -> bool:
    try:
        kept = await database.run(lambda session: claim_try(session, member_id))
    except PinLocked:
        return False
    if await pins.is_right(member_id, pin, kept):
        await database.run(lambda session: forgive(session, member_id))
    else:
        await database.run(lambda session: tries_left(session, member_id))
    return True


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(guess(sys.argv[1], UUID(sys.argv[2]), sys.argv[3:]))))
