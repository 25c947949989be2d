"""Several processes of the house side by side, each of them asked to leave or killed as one likes."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from core.settings import Settings
from core.tls import trusted
from tests.stories.town import free_port, until

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Hand:
    """One process of the crew."""

    command: str
    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lives(self) -> bool:
        return Path(f"/proc/{self.pid}").exists()

    async def is_ready(self) -> None:
        """Wait until it can take work."""
        async with httpx.AsyncClient(verify=trusted()) as http:
            while True:
                assert self.lives, f"{self.command} has ended"
                try:
                    if (await http.get(f"{self.url}/ready")).is_success:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def leaves(self) -> None:
        """Ask it to stop, and wait for its end."""
        os.kill(self.pid, signal.SIGTERM)
        await until(self._has_gone)

    async def dies(self) -> None:
        """Kill it."""
        os.kill(self.pid, signal.SIGKILL)
        await until(self._has_gone)

    async def _has_gone(self) -> bool:
        return not self.lives


class Crew:
    """The processes that share one database and these settings."""

    def __init__(self, forge: Process, settings: Settings, folder: Path) -> None:
        self._forge = forge
        self._settings = _as_environment(settings)
        self.log = folder / "crew.log"
        self.hands: list[Hand] = []

    async def joins(self, command: str) -> Hand:
        """One more, running `cauri` with that command; it is ready."""
        assert self._forge.stdin is not None
        assert self._forge.stdout is not None
        port = free_port()
        order = {**self._settings, "PORT": str(port), "COMMAND": command, "LOG": str(self.log)}
        self._forge.stdin.write(f"{json.dumps(order)}\n".encode())
        hand = Hand(command, int(await self._forge.stdout.readline()), port)
        self.hands.append(hand)
        await hand.is_ready()
        return hand

    def said(self, event: str) -> list[str]:
        """The lines of all their logs that are about that."""
        return [line for line in self.log.read_text().splitlines() if f'"{event}"' in line]


@asynccontextmanager
async def gathered(settings: Settings, folder: Path) -> AsyncIterator[Crew]:
    """A crew without anybody yet; whoever is still there at the end is killed."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8"}
    forge = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.processes.forge", cwd=folder, env=environment, stdin=PIPE, stdout=PIPE
    )
    crew = Crew(forge, settings, folder)
    try:
        yield crew
    finally:
        for hand in crew.hands:
            if hand.lives:
                os.kill(hand.pid, signal.SIGKILL)
        forge.kill()
        await forge.wait()


def _as_environment(settings: Settings) -> Mapping[str, str]:
    given = settings.model_dump(exclude_defaults=True)
    return {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in given.items()
    }
