"""A balance and a page of history, at ten thousand, a million and ten million transfers.

    .venv/bin/python -m bench.reading [--engine postgresql|sqlite] [--sizes 10000,1000000,10000000] [--turns 300]

The transfers are written by the database itself, in one statement, without the guards; then the balances are set to
match, the guards put back, and the audit counts everything again. Every transfer is the house's with one of 500
members. Read is by the ledger's public functions, on the hot account and on members' own, the newest page and one in
the middle.
"""

import argparse
import asyncio
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bench.ground import database_of, leave_tidily, postgresql
from bench.posters import new_database
from core.db import Database
from core.schema import migrate
from ledger import AccountKind, audit, balance, open_account, statement

_MEMBERS = 500
_AMOUNT = 1000

# Keys in the order of the numbers, as UUIDv7's are; sixteen bytes each.
_POSTGRESQL = """
    INSERT INTO ledger_transfer (id, journal_id, leg, debit_id, credit_id, amount, kind, fingerprint, slot,
                                 effective_at, created_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, 0, $1, bench_member.id, $2,
           'deposit', decode(lpad(to_hex(n), 32, '0'), 'hex'), 0, now(), now()
    FROM generate_series($3::bigint, $4::bigint) AS n JOIN bench_member ON bench_member.number = n % $5
    ORDER BY n
"""
_SQLITE = """
    WITH RECURSIVE counting (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM counting WHERE n < ?2)
    INSERT INTO ledger_transfer (seq, id, journal_id, leg, debit_id, credit_id, amount, kind, fingerprint, slot,
                                 effective_at, created_at)
    SELECT n, CAST(printf('%016d', n) AS BLOB), CAST(printf('%016d', n) AS BLOB), 0, ?3, bench_member.id, ?4,
           'deposit', CAST(printf('%016d', n) AS BLOB), 0, '2026-11-22 12:00:00.000000', '2026-11-22 12:00:00.000000'
    FROM counting CROSS JOIN bench_member ON bench_member.number = n % ?5
"""
_SET_BALANCES = """
    UPDATE ledger_account SET balance = moved.amount
    FROM (SELECT credit_id, sum(amount) AS amount FROM ledger_transfer GROUP BY credit_id) AS moved
    WHERE moved.credit_id = ledger_account.id AND mode = 'member'
"""
_SET_SLOTS = """
    INSERT INTO ledger_slot (account_id, slot, balance)
    SELECT debit_id, 0, -sum(amount) FROM ledger_transfer WHERE true GROUP BY debit_id
    ON CONFLICT (account_id, slot) DO UPDATE SET balance = excluded.balance
"""


Reads = dict[str, Callable[[AsyncSession], Awaitable[object]]]


def main() -> None:
    """Fill step by step, measure at each size, and print one table."""
    options = _options()
    with _place(options) as url:
        medians = asyncio.run(_medians(url, options))
    _print(options, medians)


async def _medians(url: str, options: argparse.Namespace) -> dict[str, list[float]]:
    medians: dict[str, list[float]] = {}
    async with _opened(url) as database:
        await migrate(database)
        house, members = await _open_accounts(database)
    fill = _fill_sqlite if url.startswith("sqlite") else _fill_postgresql
    for before, size in zip([0, *options.sizes], options.sizes, strict=False):
        began = time.perf_counter()
        await fill(url, house, before + 1, size)
        filled = time.perf_counter()
        async with _opened(url) as database:
            await _audit(database)
            audited = time.perf_counter()
            print(
                f"{size} transfers: filled in {filled - began:.0f} s, audited in {audited - filled:.1f} s", flush=True
            )
            for name, median in (await _measure(database, _reads(house, members, size), options.turns)).items():
                medians.setdefault(name, []).append(median)
    return medians


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


def _reads(house: UUID, members: list[UUID], size: int) -> Reads:
    """What is asked for, each time of another member."""
    middle = size // 2
    return {
        "a member's balance": lambda session: balance(session, random.choice(members)),  # noqa: S311
        "a member's newest page": lambda session: statement(session, random.choice(members)),  # noqa: S311
        "a member's page in the middle": lambda session: statement(session, random.choice(members), before=middle),  # noqa: S311
        "the hot account's balance": lambda session: balance(session, house),
        "the hot account's newest page": lambda session: statement(session, house),
        "the hot account's page in the middle": lambda session: statement(session, house, before=middle),
    }


async def _measure(database: Database, reads: Reads, turns: int) -> dict[str, float]:
    """The median of each in milliseconds; they take turns, and the first tenth is for warming up."""
    waits: dict[str, list[float]] = {name: [] for name in reads}
    for _ in range(turns):
        for name, read in reads.items():
            began = time.perf_counter()
            async with database.reading() as session:
                await read(session)
            waits[name].append(time.perf_counter() - began)
    return {name: 1000 * statistics.median(found[turns // 10 :]) for name, found in waits.items()}


async def _open_accounts(database: Database) -> tuple[UUID, list[UUID]]:
    async with database.transaction() as session:
        house = (await open_account(session, "house", AccountKind.PROVIDER)).id
        owners = (f"member:{number}" for number in range(_MEMBERS))
        members = [(await open_account(session, owner, AccountKind.WALLET)).id for owner in owners]
        key = (lambda member: member.bytes) if database.is_sqlite else (lambda member: member)
        await session.execute(
            text(
                f"CREATE TABLE bench_member (number integer PRIMARY KEY, id {'blob' if database.is_sqlite else 'uuid'})"
            )
        )
        rows = [{"number": number, "id": key(member)} for number, member in enumerate(members)]
        await session.execute(text("INSERT INTO bench_member (number, id) VALUES (:number, :id)"), rows)
    return house, members


async def _fill_postgresql(url: str, house: UUID, first: int, last: int) -> None:
    """With the triggers off, and without the indexes that are quicker made anew."""
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        await connection.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER USER")
        listed = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'ledger_transfer' AND indexname LIKE 'ix_%'"
        )
        indexes = await connection.fetch(listed)
        for name, _ in indexes:
            await connection.execute(f"DROP INDEX {name}")
        await connection.execute(_POSTGRESQL, house, _AMOUNT, first, last, _MEMBERS)
        await connection.execute(_SET_BALANCES)
        await connection.execute(_SET_SLOTS)
        for _, definition in indexes:
            await connection.execute(definition)
        await connection.execute("ALTER TABLE ledger_transfer ENABLE TRIGGER USER")
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def _fill_sqlite(url: str, house: UUID, first: int, last: int) -> None:
    """The same, where a trigger can only be dropped and made anew; without a log, which would grow as large as all."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as file:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000"):
            file.execute(f"PRAGMA {pragma}")
        listed = (
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND (type = 'trigger' AND tbl_name"
            " LIKE 'ledger_%' OR type = 'index' AND tbl_name = 'ledger_transfer')"
        )
        taken = file.execute(listed).fetchall()
        for kind, name, _ in taken:
            file.execute(f"DROP {kind} {name}")
        file.execute(_SQLITE, (first, last, house.bytes, _AMOUNT, _MEMBERS))
        file.execute(_SET_BALANCES)
        file.execute(_SET_SLOTS)
        for _, _, definition in taken:
            file.execute(definition)
        file.execute("PRAGMA journal_mode=WAL")  # and no ANALYZE: the house never asks for one


async def _audit(database: Database) -> None:
    async with database.reading() as session:
        found = await audit(session)
    if not found.is_clean:
        raise RuntimeError(f"{found.totals} {found.differences[:3]}")


def _print(options: argparse.Namespace, medians: dict[str, list[float]]) -> None:
    print(f"\n{options.engine}, milliseconds, medians of {options.turns}")
    print("| transfers |" + "".join(f" {size} |" for size in options.sizes) + " the last is |")
    print("|---|" + "---|" * (len(options.sizes) + 1))
    for name, found in medians.items():
        print(f"| {name} |" + "".join(f" {each:.2f} |" for each in found) + f" {found[-1] / found[0]:.2f} × |")


@contextmanager
def _place(options: argparse.Namespace) -> Iterator[str]:
    if options.engine == "postgresql":
        with postgresql(options.server) as server:
            new_database(server, "bench_reading")
            yield database_of(server, "bench_reading")
        return
    folder = Path(tempfile.mkdtemp(prefix="cauri-bench-", dir=options.folder))
    try:
        yield f"sqlite:///{folder / 'cauri.sqlite3'}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument(
        "--sizes", type=lambda given: [int(part) for part in given.split(",")], default=[10_000, 1_000_000, 10_000_000]
    )
    parser.add_argument("--turns", type=int, default=300)
    parser.add_argument("--server", help="a PostgreSQL to measure on; the tests' wheel when not given")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="for SQLite's file; on a real disk")
    return parser.parse_args()


if __name__ == "__main__":
    leave_tidily()
    main()
