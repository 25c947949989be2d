"""The house in a process of its own, to be killed with SIGKILL and started again."""

import asyncio
import itertools
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import httpx
from pydantic import SecretStr

from core import jobs, outbox, pacing
from core.db import Database
from core.settings import Settings
from core.tls import trusted

_ROOT = Path(__file__).parents[2]
# From the very moment of the act to well after its answer.
_DELAYS_S = (0.0, 0.005, 0.02, 0.06, 0.15)


def as_environment(settings: Settings) -> dict[str, str]:
    """These settings, as a process finds them."""
    given = settings.model_dump(exclude_defaults=True)
    return {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in given.items()
    }


class Mortal:
    """A program with these words and this environment; `kills` counts how often it was killed."""

    def __init__(self, name: str, words: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._words = words
        self._environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", **environment}
        self._folder = folder
        self._standby: Process | None = None
        self._pid = 0
        self.kills = 0

    async def open(self, ahead: timedelta = timedelta(0)) -> None:
        """Start it, with a clock that runs so much ahead."""
        self._standby = self._standby or await self._spawn()
        assert self._standby.stdin is not None
        self._standby.stdin.write(f"{ahead.total_seconds()}\n".encode())
        self._pid = int(await self._told())

    async def is_killed(self) -> None:
        """Kill it now."""
        os.kill(self._pid, signal.SIGKILL)
        assert await self._told() == "ended"
        self.kills += 1

    async def close(self) -> None:
        """Leave no process behind."""
        if self._standby is not None:
            if self.lives():
                os.kill(self._pid, signal.SIGKILL)
            self._standby.kill()
            await self._standby.wait()

    def lives(self) -> bool:
        # Once it has ended its parent, the standby, has said farewell and nothing is left of it.
        return Path(f"/proc/{self._pid}").exists()

    @property
    def log(self) -> Path:
        """What it says, of all its lives."""
        return self._folder / f"{self.name}.log"

    async def _told(self) -> str:
        """The next line that the standby says."""
        assert self._standby is not None
        assert self._standby.stdout is not None
        return (await self._standby.stdout.readline()).decode().strip()

    async def _spawn(self) -> Process:
        with self.log.open("ab") as log:
            # Not from the repository's folder: an operator's `.env` would be read there.
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.kills.standby", *self._words, cwd=self._folder, env=self._environment,
                stdin=PIPE, stdout=PIPE, stderr=log,
            )  # fmt: skip


class House(Mortal):
    """`cauri run` with these settings in its environment."""

    def __init__(self, settings: Mapping[str, str], database: Database, folder: Path) -> None:
        super().__init__("house", ["cli", "run"], settings, folder)
        self._url = f"http://127.0.0.1:{settings['PORT']}"
        self._database = database
        self._delays = itertools.cycle(_DELAYS_S)

    async def answers(self) -> None:
        """Wait until it does."""
        async with httpx.AsyncClient(verify=trusted()) as http:
            while True:
                assert self.lives(), self.log.read_text()[-3000:]
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
        await self.is_killed()
        await self._let_claims_run_out()
        await self.open()

    async def _let_claims_run_out(self) -> None:
        """What a dead worker had claimed is free after 15 and 20 seconds on PostgreSQL; nobody waits for that here.

        On SQLite its successor sees to it, as there can be no other worker.
        """
        if not self._database.is_sqlite:
            await self._database.run(jobs.release_all)
            await self._database.run(outbox.release_all)
            await self._database.run(pacing.release_all)
