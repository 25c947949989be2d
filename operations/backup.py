"""A copy of a SQLite database that is being written to: whole, counted again, and only then given its name."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

import ledger
from ledger import Audit
from operations.readiness import NotReady, opened, refuse_old_tables


async def back_up(database_url: str, to: Path) -> Audit:
    """Copy the database into a new file and audit the copy; where a franc is missing in it, `to` is not there.

    Members are served meanwhile: what is committed while it runs is in the next copy. Raises NotReady where it is
    PostgreSQL, which has tools of its own, or where the file is there already.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        raise NotReady("PostgreSQL has its own tools for this, pg_dump and pg_restore: see docs/operations.md, Backup.")
    unproved = to.with_name(f"{to.name}.unproved")
    await asyncio.to_thread(_copy, Path(url.database or ""), unproved, to)
    found = await audit(f"sqlite:///{unproved}")
    if found.is_clean:
        await asyncio.to_thread(_give_its_name, unproved, to)
    return found


async def audit(database_url: str) -> Audit:
    """Count a whole ledger again. Raises NotReady where it cannot be read, or its tables are another release's."""
    async with opened(database_url) as database:
        await refuse_old_tables(database)
        async with database.reading() as session:
            return await ledger.audit(session)


def _copy(source: Path, target: Path, to: Path) -> None:
    if not source.exists():
        raise NotReady(f"There is no database at {source}: check DATABASE_URL.")
    if to.exists():
        raise NotReady(f"{to} is there already: a backup never replaces another one.")
    # What a broken-off attempt has left may be broken too.
    target.unlink(missing_ok=True)
    # VACUUM INTO is one long read: writers go on, and what they commit meanwhile is not in the copy.
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, isolation_level=None)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    # SQLite leaves the copy to the system, which may lose it with the machine's power.
    _make_last(target)


def _give_its_name(copy: Path, name: Path) -> None:
    copy.rename(name)
    _make_last(name.parent)


def _make_last(path: Path) -> None:
    """Have it on the disk, and not only in memory."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
