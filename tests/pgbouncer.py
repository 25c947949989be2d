"""PgBouncer in transaction mode, in front of the tests' PostgreSQL."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

# Where Debian puts it is on the path of root alone.
_PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
_SETTINGS = """
[databases]
* = host={folder} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 12
max_client_conn = 1000
"""


@dataclass(frozen=True)
class PgBouncer:
    """One that runs; fewer connections behind it than in front of it."""

    port: int

    def database(self, name: str) -> str:
        """The URL of a database, by way of it, and marked as such."""
        return f"{self.unmarked(name)}?pgbouncer=true"

    def unmarked(self, name: str) -> str:
        """The same as somebody writes it who does not know."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"


@contextmanager
def running_pgbouncer(server: str) -> Iterator[PgBouncer]:
    """PgBouncer in front of that server, as the user whose server it is: it refuses to be root."""
    if _PROGRAM is None:
        pytest.exit("PgBouncer is missing: sudo apt install pgbouncer", returncode=1)
    folder = Path(str(make_url(server).query["host"]))
    with tempfile.TemporaryDirectory(prefix="cauri-pgbouncer-") as place, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        settings = Path(place) / "pgbouncer.ini"
        settings.write_text(_SETTINGS.format(folder=folder, port=port))
        Path(place).chmod(0o755)
        process = subprocess.Popen(
            [_PROGRAM, "-q", settings], user=folder.stat().st_uid, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while not _answers(port):
                assert process.poll() is None, "PgBouncer has ended"
                time.sleep(0.02)
            yield PgBouncer(port)
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
