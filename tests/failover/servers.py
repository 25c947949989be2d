"""Two servers of Debian's PostgreSQL: a primary, and a standby without which it commits nothing."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.stories.town import free_port

_DEBIAN = Path("/usr/lib/postgresql")
_STANDBY = "standby"


@dataclass
class Pair:
    """The primary until `dies`, and the standby that is `promote`d."""

    programs: Path
    folder: Path
    primary_port: int
    standby_port: int

    @property
    def version(self) -> str:
        return self.programs.parent.name

    @property
    def primary_url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.primary_port}/cauri"

    @property
    def standby_url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.standby_port}/cauri"

    @property
    def either_url(self) -> str:
        """What the house is given: both, of which it takes the one that can be written to."""
        hosts = f"host=127.0.0.1:{self.primary_port}&host=127.0.0.1:{self.standby_port}"
        return f"postgresql://postgres@/cauri?{hosts}&target_session_attrs=read-write"

    def open(self) -> None:
        """Start both; from now on nothing is committed that the standby does not have on its disk."""
        self._do("initdb", "-D", self._place("primary"), "-A", "trust", "-U", "postgres")
        (self._place("primary") / "postgresql.auto.conf").write_text("unix_socket_directories = ''\n")
        self._start("primary", self.primary_port)
        self._ask("postgres", "CREATE DATABASE cauri")
        here = f"host=127.0.0.1 port={self.primary_port} user=postgres application_name={_STANDBY}"
        self._do("pg_basebackup", "-d", here, "-D", self._place(_STANDBY), "-R", "-X", "stream", "-c", "fast")
        self._start(_STANDBY, self.standby_port)
        self._ask("postgres", f"ALTER SYSTEM SET synchronous_standby_names = '{_STANDBY}'")
        self._ask("postgres", "SELECT pg_reload_conf()")
        while self._ask("postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1":
            time.sleep(0.1)

    def dies(self) -> None:
        """The primary's machine is no more: all its processes are killed, and none may finish anything."""
        postmaster = self._pid("primary")
        children = [pid for pid in _processes() if _parent(pid) == postmaster]
        for pid in (postmaster, *children):
            os.kill(pid, signal.SIGKILL)

    def promote(self) -> None:
        """Let the standby be the primary."""
        self._do("pg_ctl", "promote", "-w", "-D", self._place(_STANDBY))

    def close(self) -> None:
        """Leave nothing behind."""
        for name in ("primary", _STANDBY):
            if (self._place(name) / "postmaster.pid").exists():
                subprocess.run(
                    [self.programs / "pg_ctl", "stop", "-m", "immediate", "-D", self._place(name)],
                    user=_user(), capture_output=True, check=False,
                )  # fmt: skip

    def _start(self, name: str, port: int) -> None:
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c max_connections=200"
        log = self.folder / f"{name}.log"
        self._do("pg_ctl", "start", "-w", "-D", self._place(name), "-l", log, "-o", options)

    def _ask(self, database: str, question: str) -> str:
        where = ["-h", "127.0.0.1", "-p", str(self.primary_port), "-U", "postgres", "-d", database]
        return self._do("psql", *where, "-Atqc", question)

    def _do(self, program: str, *arguments: str | Path) -> str:
        # Not a pipe for the server's own output, which would keep us waiting for its end.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                [self.programs / program, *arguments], user=_user(), cwd=self.folder, stdout=said, stderr=said,
                check=False,
            )  # fmt: skip
            said.seek(0)
            words = said.read().strip()
        assert done.returncode == 0, f"{program}: {words}"
        return words

    def _place(self, name: str) -> Path:
        return self.folder / name

    def _pid(self, name: str) -> int:
        return int((self._place(name) / "postmaster.pid").read_text().splitlines()[0])


@contextmanager
def running_pair() -> Iterator[Pair]:
    """Primary and standby; says what is missing where Debian's PostgreSQL is not installed."""
    versions = sorted(_DEBIAN.glob("*/bin/pg_basebackup"), key=lambda path: int(path.parts[-3]))
    if not versions:
        sys.exit("PostgreSQL's server is missing: sudo apt install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="cauri-failover-"))
    if user := _user():
        shutil.chown(folder, user)
    pair = Pair(versions[-1].parent, folder, free_port(), free_port())
    try:
        pair.open()
        yield pair
    finally:
        pair.close()
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """PostgreSQL refuses to be root."""
    return "postgres" if os.geteuid() == 0 else None


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0
