"""A worker of its own process that takes a job, does its work, says so, and never comes to the job's end."""

import asyncio
import sys

from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from core.jobs import Jobs, Payload
from tests.core.kit import leave_effect


async def work_for_ever(session: AsyncSession, payload: Payload) -> None:
    await leave_effect(session, payload)
    await _hang()


async def call_for_ever(database: Database, payload: Payload) -> None:
    await database.run(lambda session: leave_effect(session, payload))
    await _hang()


async def main(url: str, way: str) -> None:
    registry = Jobs()
    if way == "calling":
        registry.calling("note", call_for_ever)
    else:
        registry.in_transaction("note", work_for_ever)
    await registry.do_one(Database(url))


async def _hang() -> None:
    sys.stdout.write("working\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], sys.argv[2]))
