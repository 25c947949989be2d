"""Bells: a commit that leaves work wakes whoever waits for it, here and, on PostgreSQL, in every other process.

A bell carries no work, only the news that there is some: one that goes unheard costs its hearer a look at the clock.
So the others are told after the commit and apart from it: PostgreSQL lets commits that notify pass one at a time.
"""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

log = structlog.get_logger(__name__)

_CHANNEL = "cauri_bells"
# What rings meanwhile is told together: a busy process tells two hundred times a second, a calm one at once.
_BREATH_S = 0.005
_STILL_THERE_S = 10.0
_ANSWERS_WITHIN_S = 5.0
_RECONNECT_S = 1.0


class Bells:
    """The bells of one process; `server` is how PostgreSQL itself is reached, None where nobody else could listen."""

    def __init__(self, server: dict[str, Any] | None) -> None:
        self._server = server
        self._here: dict[str, asyncio.Event] = {}
        self._untold: set[str] = set()
        self._news = asyncio.Event()

    def named(self, name: str) -> asyncio.Event:
        """The event that is set when `name` rings next, here or elsewhere.

        It is never cleared: whoever holds one hears of every commit since they asked for it.
        """
        return self._here.setdefault(name, asyncio.Event())

    def ring(self, names: set[str]) -> None:
        """Ring here at once; the others are told by whoever `carry`s."""
        self.wake(names)
        if self._server is not None and names:
            self._untold |= names
            self._news.set()

    def wake(self, names: set[str]) -> None:
        """Ring in this process alone."""
        for name in names:
            if name in self._here:
                self._here.pop(name).set()

    async def carry(self) -> None:
        """Tell the others what rings here, and ring here what they tell, until cancelled; reconnects by itself.

        Through PgBouncer nobody can be heard: then this ends, and processes look for work once a second.
        """
        if self._server is None:
            return
        while True:
            try:
                await self._carry_on(self._server)
            except PgBouncerInBetween:
                log.warning("bells.behind_pgbouncer")
                return
            except Exception as error:  # noqa: BLE001 - whatever it was, the server comes back
                log.warning("bells.not_carried", reason=repr(error))
            await asyncio.sleep(_RECONNECT_S)

    async def _carry_on(self, server: dict[str, Any]) -> None:
        connection = await asyncpg.connect(**server, statement_cache_size=0)
        try:
            if await is_pgbouncer(connection):
                raise PgBouncerInBetween
            # What is told is in no table: nobody has to wait for the disk.
            await connection.execute("SET synchronous_commit = off")
            await connection.add_listener(_CHANNEL, self._heard)
            connection.add_termination_listener(lambda _: self._news.set())
            # Whatever rang while nobody listened.
            self.wake(set(self._here))
            while True:
                await self._tell(connection)
                await asyncio.sleep(_BREATH_S)
                # Not wait_for: it can lose a cancellation until Python 3.12.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_STILL_THERE_S):
                        await self._news.wait()
        finally:
            connection.terminate()

    async def _tell(self, connection: asyncpg.Connection) -> None:
        """Tell what rang since the last time; where nothing did, see whether the server is still there."""
        names, self._untold = self._untold, set()
        self._news.clear()
        # Not an empty query, which the driver fails to read the answer of.
        told = f"NOTIFY {_CHANNEL}, '{' '.join(sorted(names))}'" if names else "SELECT 1"
        await connection.execute(told, timeout=_ANSWERS_WITHIN_S)

    def _heard(self, connection: asyncpg.Connection, teller: int, _: str, told: object) -> None:
        if teller != connection.get_server_pid():
            self.wake(set(str(told).split()))


class PgBouncerInBetween(Exception):
    """The connection leads to PgBouncer, which gives each transaction another of PostgreSQL's own."""


async def is_pgbouncer(connection: asyncpg.Connection) -> bool:
    """Whether PgBouncer is at the other end: PostgreSQL itself knows the number that it told us of its process."""
    async with connection.transaction():
        return bool(await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid())
