"""A process of its own: reads a number, adds one, writes it back, as many times as it is told."""

import asyncio
import sys

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from tests.core.kit import EFFECTS


async def add_one(session: AsyncSession) -> None:
    number = await session.scalar(select(EFFECTS.c.name).with_for_update())
    await session.execute(update(EFFECTS).values(name=str(int(number or 0) + 1)))


async def main(url: str, times: int) -> None:
    database = Database(url)
    for _ in range(times):
        await database.run(add_one)
    await database.close()
    sys.stdout.write("done\n")


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
