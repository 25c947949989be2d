"""SQLite's connections, each with a thread of its own behind it, which may be stopped twice."""

import asyncio
import sqlite3
from functools import partial
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


def connect(database: str, **options: Any) -> SqliteConnection:
    """A connection to be awaited, as `aiosqlite.connect` makes them."""
    connection = SqliteConnection(partial(sqlite3.connect, database, **options), _ROWS_AT_ONCE)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does with those it makes itself
    return connection
