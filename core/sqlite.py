"""SQLite's connections, each with a thread of its own behind it, which may be stopped twice."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any

import aiosqlite

_ROWS_AT_ONCE = 64


class SqliteConnection(aiosqlite.Connection):
    """A connection that ends however it is ended.

    Whoever is cancelled twice in mid-query has its connection closed and stopped at the same time: the library then
    waited for ever for a thread that was no more, and the whole process with it when it was to end.
    """

    def stop(self) -> asyncio.Future[Any] | None:
        """Stop the thread; None where that was asked for already, so that nobody waits for its second end."""
        return super().stop() if self._running else None


class _Closing(sqlite3.Connection):
    """The driver's connection, which leaves no transaction behind.

    While anybody remembers a cursor, and be it in a traceback, SQLite puts off closing: the write lock of whoever was
    cancelled would stay, and every other writer would be told that the database is locked.
    """

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()
        super().close()


def connect(database: str, **options: Any) -> SqliteConnection:
    """A connection to be awaited, as `aiosqlite.connect` makes them."""
    connection = SqliteConnection(partial(sqlite3.connect, database, factory=_Closing, **options), _ROWS_AT_ONCE)
    # A daemon, as SQLAlchemy makes of those it opens itself.
    work = connection._thread.run  # noqa: SLF001
    connection._thread = Thread(target=_to_its_end, args=(work,), daemon=True)  # noqa: SLF001
    return connection


def _to_its_end(work: Callable[[], None]) -> None:
    """What a query answers that was given up in mid-way may find its loop closed: then nobody waits for it."""
    with suppress(RuntimeError):
        work()
