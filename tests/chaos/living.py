"""The processes of a house that is killed again and again, and the days that follow, when it no longer is."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

import aiohttp
from sqlalchemy import func, select

from core import clock
from core.db import Database
from core.jobs import JobRow
from core.outbox import OutboxMessage
from tests.chaos.judge import Verdict
from tests.chaos.killing import Kill
from tests.chaos.servers import Postgres
from tests.kills.house import Mortal

ROOT = Path(__file__).parents[2]
_QUIET_S = 1.0


@dataclass(frozen=True)
class Household:
    """Processes of one house, all of them with a clock that runs so much ahead."""

    processes: list[Mortal]
    ahead: timedelta = timedelta(0)

    async def open(self) -> None:
        for each in self.processes:
            await each.open(self.ahead)

    async def is_killed(self, name: str, chance: Random) -> None:
        """Kill one of the processes of that name, and start it again."""
        victim = chance.choice([each for each in self.processes if each.name.startswith(name)])
        await victim.is_killed()
        await victim.open(self.ahead)

    def kills(self, server: Postgres | None, chance: Random) -> dict[str, Kill]:
        """Everybody and everything that can be killed, by name."""
        kills: dict[str, Kill] = {"app": partial(self.is_killed, "app", chance)}
        if server is not None:
            kills["worker"] = partial(self.is_killed, "worker", chance)
            kills["a backend of PostgreSQL"] = partial(server.loses_a_backend, chance)
            kills["PostgreSQL"] = server.is_killed
        return kills

    async def live_on(self, database: Database, sandbox: str, minutes: Sequence[int]) -> None:
        """Nobody is killed any more: everything that waits is done, now and so many minutes later."""
        await self._come_to_rest(database, self.ahead)
        for later in (timedelta(minutes=each) for each in minutes):
            async with aiohttp.ClientSession() as http:
                await http.post(f"{sandbox}/getmipay/api/webhooks/flush", json={"hurry": True})
            for each in self.processes:
                await each.is_killed()
                await each.open(self.ahead + later)
            await self._come_to_rest(database, self.ahead + later)

    async def _come_to_rest(self, database: Database, ahead: timedelta) -> None:
        """Wait until nothing is due and nothing waits to be said, and it stays so."""
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < _QUIET_S:
            assert all(each.lives() for each in self.processes), [each.log for each in self.processes]
            if await _is_busy(database, ahead):
                quiet_since = time.monotonic()
            await asyncio.sleep(0.1)

    def complain(self, verdict: Verdict) -> None:
        """The doors never answered with a fault of their own: a database that is away is said to be so."""
        for each in self.processes:
            faults = each.log.read_text(encoding="utf-8").count("Error handling request")
            if faults:
                verdict.refuse("answered 500", process=each.name, times=faults, log=each.log)


async def turn_knobs(sandbox: str, room: str, **knobs: object) -> None:
    """Tell the sandbox's `getmipay` or `telegram` how to behave."""
    async with aiohttp.ClientSession() as http:
        answer = await http.post(f"{sandbox}/{room}/api/knobs", json=knobs)
        assert answer.ok, await answer.text()


async def audit(url: str, verdict: Verdict, folder: Path) -> None:
    """`cauri audit`, as an operator runs it."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATABASE_URL": url, "LANG": "C.UTF-8"}
    audit = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import cli; cli.main()", "audit", cwd=folder, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await audit.communicate()
    if audit.returncode:
        verdict.refuse("cauri audit", said=said.decode())


async def _is_busy(database: Database, ahead: timedelta) -> bool:
    async with database.reading() as session:
        due = select(func.count()).where(JobRow.run_at <= clock.now() + ahead)
        unsaid = select(func.count()).where(OutboxMessage.state == "queued")
        return bool(await session.scalar(due) or await session.scalar(unsaid))
