"""The house in a process of its own, to be killed with SIGKILL and started again."""

import asyncio
import itertools
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path

import httpx

from core import jobs, outbox
from core.db import Database

_ROOT = Path(__file__).parents[2]
# From the very moment of the act to well after its answer.
_DELAYS_S = (0.0, 0.005, 0.02, 0.06, 0.15)


class House:
    """`cauri run` with these settings in its environment; `kills` counts how often it was killed."""

    def __init__(self, settings: Mapping[str, str], database: Database, folder: Path) -> None:
        self._environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", **settings}
        self._url = f"http://127.0.0.1:{settings['PORT']}"
        self._database = database
        self._folder = folder
        self._delays = itertools.cycle(_DELAYS_S)
        self._running: Process | None = None
        self._standby: Process | None = None
        self.kills = 0

    async def open(self) -> None:
        """Start it, and have the next one do its imports meanwhile."""
        self._running = self._standby or await self._spawn()
        assert self._running.stdin is not None
        self._running.stdin.write(b"\n")
        self._standby = await self._spawn()

    async def answers(self) -> None:
        """Wait until it does."""
        async with httpx.AsyncClient() as http:
            while True:
                assert self._running is not None
                assert self._running.returncode is None, (self._folder / "house.log").read_text()[-3000:]
                try:
                    if (await http.get(f"{self._url}/health")).is_success:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.02)

    async def dies(self) -> None:
        """Kill it a little later than it is at something, and start it again."""
        await asyncio.sleep(next(self._delays))
        await self.dies_at_once()

    async def dies_at_once(self) -> None:
        """Kill it now, and start it again."""
        assert self._running is not None
        self._running.kill()
        await self._running.wait()
        self.kills += 1
        await self._let_claims_run_out()
        await self.open()

    async def close(self) -> None:
        """Leave no process behind."""
        for process in (self._running, self._standby):
            if process is not None and process.returncode is None:
                process.kill()
                await process.wait()

    async def _let_claims_run_out(self) -> None:
        """What a dead worker had claimed is free after 15 and 20 seconds on PostgreSQL; nobody waits for that here.

        On SQLite its successor sees to it, as there can be no other worker.
        """
        if not self._database.is_sqlite:
            await self._database.run(jobs.release_all)
            await self._database.run(outbox.release_all)

    async def _spawn(self) -> Process:
        with (self._folder / "house.log").open("ab") as log:
            # Not from the repository's folder: an operator's `.env` would be read there.
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.kills.standby", cwd=self._folder, env=self._environment, stdin=PIPE,
                stdout=log, stderr=log,
            )  # fmt: skip
