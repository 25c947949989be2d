"""Who posts transfers of one franc out of one hot account, and how it is counted afterwards what became of them."""

import asyncio
import os
import random
import re
import sqlite3
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import closing
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from bench.ground import ROOT, pgbench
from core.db import Database
from core.ids import new_id
from core.money import XOF, Money
from core.schema import migrate
from ledger import AccountKind, Applied, Desk, Post, audit, open_account

MEMBERS = 100


@dataclass
class Poster(ABC):
    """Somebody with a database of their own. `callers` is what is tried, `settings` how it is run."""

    name: str
    settings: str
    url: str
    callers: list[int]
    posted: int = 0

    @abstractmethod
    def prepare(self) -> None:
        """Tables and accounts."""

    def post(self, callers: int, seconds: float) -> float:
        """Post for so long; gives transfers per second."""
        count, took = self._post(callers, seconds)
        self.posted += count
        return count / took

    @abstractmethod
    def difference(self) -> int:
        """Francs that left the hot account, less those that were said to be posted. Raises where sums do not match."""

    def bytes_each(self) -> float | None:
        """Of tables and indexes, for each transfer."""
        return None

    @abstractmethod
    def _post(self, callers: int, seconds: float) -> tuple[int, float]:
        """How many were posted, and in how many seconds."""


@dataclass
class Cauri(Poster):
    """Our desk: any number of callers in one process, who each wait for their own verdict."""

    hot: UUID = field(default_factory=new_id)
    members: list[UUID] = field(default_factory=list)
    _empty: int = 0

    def prepare(self) -> None:
        asyncio.run(self._open())
        self._empty = self._size()

    def difference(self) -> int:
        return asyncio.run(self._moved()) - self.posted

    def bytes_each(self) -> float:
        return (self._size() - self._empty) / self.posted

    def _post(self, callers: int, seconds: float) -> tuple[int, float]:
        return asyncio.run(self._posted(callers, seconds))

    async def _open(self) -> None:
        database = Database(self.url)
        await migrate(database)
        async with database.transaction() as session:
            self.hot = (await open_account(session, "house", AccountKind.PROVIDER)).id
            owners = (f"member:{number}" for number in range(MEMBERS))
            self.members = [(await open_account(session, owner, AccountKind.WALLET)).id for owner in owners]
        await database.close()

    async def _posted(self, callers: int, seconds: float) -> tuple[int, float]:
        database = Database(self.url)
        desk, began = Desk(database), time.perf_counter()
        counts = await asyncio.gather(*(self._calls(desk, began + seconds) for _ in range(callers)))
        took = time.perf_counter() - began
        await database.close()
        return sum(counts), took

    async def _calls(self, desk: Desk, until: float) -> int:
        count, franc = 0, Money(1)
        while time.perf_counter() < until:
            transfer = Post(
                id=new_id(),
                debit=self.hot,
                credit=random.choice(self.members),  # noqa: S311
                amount=franc,
                kind="deposit",
                journal=new_id(),
            )
            verdict = await desk.post(transfer)
            if verdict != Applied():
                raise RuntimeError(f"{transfer}: {verdict}")
            count += 1
        return count

    async def _moved(self) -> int:
        database = Database(self.url)
        async with database.reading() as session:
            found = await audit(session)
        await database.close()
        if not found.is_clean:
            raise RuntimeError(str(found.differences))
        return next((total.debits for total in found.totals if total.currency == XOF), 0)

    def _size(self) -> int:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as file:
                names = "SELECT name FROM sqlite_schema WHERE tbl_name LIKE 'ledger_%'"
                return int(file.execute(f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({names})").fetchone()[0])  # noqa: S608
        return _sizes(self.url, "ledger_")


@dataclass
class Pgledger(Poster):
    """Its function, called by pgbench, which costs the machine next to nothing: the most that its SQL can do."""

    _scripts: list[str] = field(default_factory=list)
    _before: int = 0
    _empty: int = 0

    def prepare(self) -> None:
        asyncio.run(self._open())
        self._empty = _sizes(self.url, "pgledger_")

    def difference(self) -> int:
        moved = asyncio.run(_number(self.url, "SELECT -sum(balance) FROM pgledger_accounts_view WHERE name = 'hot'"))
        if asyncio.run(_number(self.url, "SELECT sum(balance) FROM pgledger_accounts_view")):
            raise RuntimeError("pgledger's balances do not cancel")
        return moved - self._before - self.posted

    def bytes_each(self) -> float:
        return (_sizes(self.url, "pgledger_") - self._empty) / self.posted

    async def _open(self) -> None:
        connection = await asyncpg.connect(self.url)
        open_account = "SELECT id FROM pgledger_create_account($1, 'XOF')"
        hot = await connection.fetchval(open_account, "hot")
        members = [await connection.fetchval(open_account, f"member {number}") for number in range(MEMBERS)]
        self._before = int(
            await connection.fetchval("SELECT -sum(balance) FROM pgledger_accounts_view WHERE name = 'hot'")
        )
        await connection.close()
        create = "SELECT id FROM pgledger_create_transfer"
        self._scripts = [f"{create}('{hot}', '{member}', 1);" for member in members]

    def _post(self, callers: int, seconds: float) -> tuple[int, float]:
        return run_pgbench(self.url, self._scripts, callers, seconds)


@dataclass
class Hordak(Poster):
    """`transfer_to`, in as many processes as are asked for."""

    python: str = ""
    _empty: int = 0

    def prepare(self) -> None:
        self._do("setup", str(MEMBERS))
        self._empty = _sizes(self.url, "hordak_")

    def difference(self) -> int:
        transactions, moved = map(int, self._do("check").split())
        return moved - self.posted if transactions == moved else transactions - moved

    def bytes_each(self) -> float:
        return (_sizes(self.url, "hordak_") - self._empty) / self.posted

    def _post(self, callers: int, seconds: float) -> tuple[int, float]:
        return int(self._do("run", str(callers), str(seconds))), seconds

    def _do(self, *arguments: str) -> str:
        command = [self.python, "-W", "ignore", "-m", "bench.peers.hordak_posts", *arguments]
        environment = os.environ | {"BENCH_DATABASE_URL": self.url}
        return subprocess.run(
            command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()


@dataclass
class BareOnPostgresql(Poster):
    """One row of two numbers, committed by itself: what the server can do at all."""

    def prepare(self) -> None:
        asyncio.run(_execute(self.url, "CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY, amount bigint)"))

    def difference(self) -> int:
        return asyncio.run(_number(self.url, "SELECT sum(amount) FROM bare")) - self.posted

    def _post(self, callers: int, seconds: float) -> tuple[int, float]:
        return run_pgbench(self.url, ["INSERT INTO bare (amount) VALUES (1);"], callers, seconds)


@dataclass
class BareOnSqlite(Poster):
    """The same on SQLite, with `synchronous=FULL` as ours has it; one writer is all that it can have."""

    def prepare(self) -> None:
        with closing(self._file()) as file:
            file.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, amount INTEGER)")

    def difference(self) -> int:
        with closing(self._file()) as file:
            return int(file.execute("SELECT sum(amount) FROM bare").fetchone()[0]) - self.posted

    def _post(self, callers: int, seconds: float) -> tuple[int, float]:
        count, began = 0, time.perf_counter()
        with closing(self._file()) as file:
            while time.perf_counter() < began + seconds:
                file.execute("INSERT INTO bare (amount) VALUES (1)")
                count += 1
        return count, time.perf_counter() - began

    def _file(self) -> sqlite3.Connection:
        file = sqlite3.connect(self.url.removeprefix("sqlite:///"), isolation_level=None)
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=FULL")
        return file


def run_pgbench(url: str, scripts: list[str], callers: int, seconds: float) -> tuple[int, float]:
    """Each transaction is one of the scripts, chosen at random; prepared once a connection."""
    folder = ROOT / "var" / "bench" / "pgbench"
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, script in enumerate(scripts):
        files += ["-f", str(folder / f"{number}.sql")]
        (folder / f"{number}.sql").write_text(script)
    command = [pgbench(), "-n", "-M", "prepared", "-c", str(callers), "-j", str(min(2, callers))]
    said = subprocess.run(
        [*command, "-T", str(round(seconds)), *files, url], check=True, capture_output=True, text=True
    )
    count = re.search(r"actually processed: (\d+)", said.stdout)
    rate = re.search(r"tps = ([\d.]+) \(without", said.stdout)
    if not (count and rate):
        raise RuntimeError(said.stdout + said.stderr)
    return int(count[1]), int(count[1]) / float(rate[1])


def has_pgledger(url: str) -> bool:
    """Whether somebody has installed pgledger there, as its README says."""
    try:
        return asyncio.run(_number(url, "SELECT count(*) FROM pg_proc WHERE proname = 'pgledger_create_transfer'")) > 0
    except asyncpg.InvalidCatalogNameError:
        return False


def new_database(server: str, name: str) -> None:
    """An empty one, in the place of what an earlier run left."""
    asyncio.run(_execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    asyncio.run(_execute(server, f'CREATE DATABASE "{name}"'))


def _sizes(url: str, prefix: str) -> int:
    query = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND starts_with(relname, $1)"
    return asyncio.run(_number(url, query, prefix))


async def _number(url: str, query: str, *arguments: object) -> int:
    connection = await asyncpg.connect(url)
    value = await connection.fetchval(query, *arguments)
    await connection.close()
    return int(value or 0)


async def _execute(url: str, command: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(command)
    await connection.close()
