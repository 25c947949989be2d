"""Who is measured: each a server of its own, with a database of its own, and the same deposits to settle."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from bench.driving import post
from bench.ground import ROOT
from core.db import Database
from core.ids import new_id
from core.schema import migrate

SECRET = "bench-secret"  # noqa: S105 - signs nothing but made-up webhooks
AMOUNT, FEE = 1000, 10
MEMBERS = 2000
_PATH = "/webhook/getmipay/"


class Store:
    """A contender's database, written and counted from outside."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")

    def insert(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        """Many rows at once."""
        if not self.is_sqlite:
            asyncio.run(self._copy(table, columns, rows))
            return
        with contextlib.closing(self._file()) as file, file:
            marks = ", ".join("?" * len(columns))
            names = ", ".join(columns)
            file.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", [_plain(row) for row in rows])  # noqa: S608

    def number(self, query: str) -> int:
        """The one number that `query` counts."""
        if not self.is_sqlite:
            return int(asyncio.run(self._fetch(query)) or 0)
        with contextlib.closing(self._file()) as file:
            return int(file.execute(query).fetchone()[0] or 0)

    def settle_down(self) -> None:
        """Let the planner know what there is, as it would in a database that is older than a second."""
        if not self.is_sqlite:
            asyncio.run(self._execute("VACUUM ANALYZE"))

    def _file(self) -> sqlite3.Connection:
        return sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30)

    async def _copy(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        connection = await asyncpg.connect(self.url)
        await connection.copy_records_to_table(table, columns=columns, records=rows)
        await connection.close()

    async def _fetch(self, query: str) -> object:
        connection = await asyncpg.connect(self.url)
        value = await connection.fetchval(query)
        await connection.close()
        return value

    async def _execute(self, command: str) -> None:
        connection = await asyncpg.connect(self.url)
        await connection.execute(command)
        await connection.close()


@dataclass
class Contender:
    """One server. `settings` says how it is run, for the table's foot."""

    name: str
    settings: str
    command: list[str]
    store: Store
    settled: int = 0
    """Deposits that were answered 200 so far, each counted once."""
    _next: int = 0

    def prepare(self) -> None:
        """Tables, members and the house."""

    def seed(self, how_many: int) -> list[str]:
        """Open deposits; gives GetMiPay's id of each."""
        return self._ids(how_many)

    def credited(self) -> int:
        """Francs that stand in all wallets, and francs that are taken as fees."""
        return self.settled * AMOUNT

    @contextmanager
    def serving(self) -> Iterator[tuple[int, int]]:
        """The server's port and process id, while the block lasts."""
        port = _free_port()
        command = [part.replace("PORT", str(port)) for part in self.command]
        environment = os.environ | {"BENCH_DATABASE_URL": self.store.url, "BENCH_SECRET": SECRET}
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=_log(self.name),
            start_new_session=True,
        )
        try:
            _wait_for(port, process)
            yield port, process.pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()

    def _ids(self, how_many: int) -> list[str]:
        first, self._next = self._next, self._next + how_many
        return [f"TXN-{number:010d}" for number in range(first, self._next)]


@dataclass
class Cauri(Contender):
    """The house's own doors."""

    members: list[Any] = field(default_factory=list)

    def prepare(self) -> None:
        asyncio.run(_migrated(self.store.url))
        moment = datetime.now(UTC)
        self.members = [new_id() for _ in range(MEMBERS)]
        columns = ("id", "name", "language", "time_zone", "tier", "tap_limit", "created_at")
        rows = [(member, "Awa", "fr", "Africa/Ouagadougou", "identified", 0, moment) for member in self.members]
        self.store.insert("member", columns, rows)
        wallets = [(new_id(), f"member:{member}", "wallet", "XOF", "member", moment) for member in self.members]
        self.store.insert("ledger_account", ("id", "owner", "kind", "currency", "mode", "created_at"), wallets)

    def seed(self, how_many: int) -> list[str]:
        names, moment = self._ids(how_many), datetime.now(UTC)
        columns = (
            "id", "member_id", "key", "reference", "state", "amount", "fee", "currency", "method", "phone",
            "provider_id", "expires_at", "suspended", "parked", "created_at",
        )  # fmt: skip
        rows = [
            (
                new_id(), self.members[number % MEMBERS], name, f"D-{name[4:]}", "open", AMOUNT, FEE, "XOF", "wave",
                "+22670123456", name, moment + timedelta(hours=1), 0, 0, moment,
            )
            for number, name in enumerate(names)
        ]  # fmt: skip
        self.store.insert("deposit", columns, rows)
        return names

    def credited(self) -> int:
        wallets = self.store.number("SELECT sum(balance) FROM ledger_account WHERE kind = 'wallet'")
        fees = "SELECT sum(s.balance) FROM ledger_slot s JOIN ledger_account a ON a.id = s.account_id"
        return wallets + self.store.number(f"{fees} WHERE a.kind = 'fees'")


@dataclass
class Peer(Contender):
    """A server with the plain tables: `setup` is the command that makes them."""

    setup: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        environment = os.environ | {"BENCH_DATABASE_URL": self.store.url, "BENCH_SECRET": SECRET}
        subprocess.run(self.setup, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        owners = ["provider", "fees", *(f"member:{number}" for number in range(MEMBERS))]
        rows = [(number, owner, 0) for number, owner in enumerate(owners, start=1)]
        self.store.insert("account", ("id", "owner", "balance"), rows)

    def seed(self, how_many: int) -> list[str]:
        first, names = self._next + 1, self._ids(how_many)
        rows = [
            (number, f"D-{name[4:]}", name, 3 + number % MEMBERS, AMOUNT, FEE, "open")
            for number, name in enumerate(names, start=first)
        ]
        columns = ("id", "reference", "provider_id", "wallet_id", "amount", "fee", "state")
        self.store.insert("deposit", columns, rows)
        return names

    def credited(self) -> int:
        return self.store.number("SELECT sum(balance) FROM account WHERE owner <> 'provider'")


def contenders(engine: str, server: str, folder: Path, python: str) -> list[Contender]:
    """Everybody who is measured on `engine`. `server` is a PostgreSQL's URL, `python` the peers' own interpreter."""
    ours, bare = ([sys.executable, "-m", f"bench.peers.{name}", "PORT"] for name in ("cauri", "bare"))
    django = [
        str(Path(python).parent / "gunicorn"), "bench.peers.django_app.wsgi", "--bind", "127.0.0.1:PORT",
        "--worker-class", "gthread", "--workers", "5", "--threads", "4", "--backlog", "1024",
    ]  # fmt: skip
    make = [python, "-m", "django", "migrate", "--run-syncdb", "--settings", "bench.peers.django_app.settings"]
    serve = [
        str(Path(python).parent / "uvicorn"), "bench.peers.fastapi_app:app", "--host", "127.0.0.1", "--port",
        "PORT", "--workers", "2", "--log-level", "warning", "--no-access-log",
    ]  # fmt: skip
    tables = [
        python, "-c", "import asyncio; from bench.peers.fastapi_app import create_tables as c; asyncio.run(c())",
    ]  # fmt: skip
    return [
        Cauri("cauri", "one process", ours, Store(_database(engine, server, folder, "cauri"))),
        *(
            Cauri(name, "two processes, one port", [*ours, "2"], Store(_database(engine, server, folder, name)))
            for name in ["cauri-2"]
            if engine == "postgresql"
        ),
        Peer(
            "django", "gunicorn 5 workers × 4 threads, persistent connections, select_for_update", django,
            Store(_database(engine, server, folder, "django")), setup=make,
        ),
        Peer(
            "fastapi", "uvicorn 2 workers, async ORM, with_for_update, pool of 10 + 10 each", serve,
            Store(_database(engine, server, folder, "fastapi")), setup=tables,
        ),
        Contender("bare", "aiohttp, one process, checks the HMAC only", bare, Store("sqlite:///nothing")),
    ]  # fmt: skip


def signed_request(name: str) -> bytes:
    """GetMiPay's webhook about one deposit, as it travels."""
    body = json.dumps(
        {
            "event": "payment.completed", "transaction_id": name, "reference": f"D-{name[4:]}", "status": "success",
            "amount": AMOUNT, "currency": "XOF", "method": "wave",
        },
        sort_keys=True,
    ).encode()  # fmt: skip
    return post(_PATH, body, hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest())


def cpu_seconds(leader: int) -> float:
    """What all processes of a group or session have used so far, children that ended excepted."""
    ticks = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == leader:
                    ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def _migrated(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


def _database(engine: str, server: str, folder: Path, name: str) -> str:
    if engine == "sqlite":
        return f"sqlite:///{folder / name}.sqlite3"
    asyncio.run(Store(server)._execute(f'CREATE DATABASE "{name}"'))  # noqa: SLF001
    return server.replace("/postgres?", f"/{name}?")


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """As our own columns keep it on SQLite."""
    return tuple(
        value.bytes if hasattr(value, "bytes")
        else value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime)
        else value
        for value in row
    )  # fmt: skip


def _log(name: str) -> Any:
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / f"{name}.log").open("w")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} did not start: see var/bench")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not listen")
