"""Words the core's tests say often."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Column, MetaData, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database

# Apart from the house's own metadata, which the schema's test compares with the migrated tables.
EFFECTS = Table("effect", MetaData(), Column("name", String(64), nullable=False))
_HOUSE = Path(__file__).parent.parent.parent


class Effects:
    """How often each effect happened."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counted(self) -> Counter[str]:
        async with self._database.reading() as session:
            return Counter(await session.scalars(select(EFFECTS.c.name)))

    async def names(self) -> set[str]:
        return set(await self.counted())


async def leave_effect(session: AsyncSession, payload: dict[str, Any]) -> None:
    """A transactional handler: writes the payload's name down."""
    await session.execute(insert(EFFECTS).values(name=payload["name"]))


async def until(happened: Callable[[], Awaitable[Any]]) -> Any:
    """Wait for something another task or process does; the test's own time-out is the limit."""
    while True:
        if found := await happened():
            return found
        await asyncio.sleep(0.02)


async def start(script: str, *arguments: str) -> Process:
    """Another process of the house, running one of the scripts of `tests/core`."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.core.{script}", *arguments, cwd=_HOUSE, stdout=PIPE
    )


async def line_of(process: Process) -> str:
    """The next line that process writes."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()
