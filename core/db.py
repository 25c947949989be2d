"""The database: PostgreSQL for the many, SQLite for the one; the same code on both.

Only the edge opens a transaction (`Database.transaction`); services take the session they are given.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

import stamina
from asyncpg.exceptions import TargetServerAttributeNotMatched
from sqlalchemy import (
    JSON,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Enum,
    LargeBinary,
    MetaData,
    Uuid,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.bells import Bells
from core.gathering import Gathering
from core.sqlite import connect

T = TypeVar("T")
Item = TypeVar("Item")
Answer = TypeVar("Answer")
GroupWork = Callable[[Connection, list[Item]], list[Answer]]

_BELLS = "bells"
_PGBOUNCER = "pgbouncer"
_CONNECT_S = 10
_WORD_LENGTH = 32
# How many groups PostgreSQL commits side by side.
_LANES = 2
# What a statement might have to take back is kept in memory: for a group of a hundred it went through a file.
_PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY")
# A group's statements are few and always the same: left to itself, PostgreSQL plans them anew for each small group.
_PLANNED_ONCE = {"plan_cache_mode": "force_generic_plan"}

# Deadlock, serialization failure, lock time-out: the same work, done again, succeeds.
_PASSING_SQLSTATES = {"40001", "40P01", "55P03"}
# No connection, no room for one more, starting or stopping, a standby that is not promoted yet.
_AWAY_SQLSTATES = ("08", "53", "57P", "25006")
_UNIQUE_VIOLATION = "23505"


class Model(DeclarativeBase):
    """The base of every table, so that one metadata describes the whole schema."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Id(TypeDecorator[UUID]):
    """A UUID: native on PostgreSQL, 16 bytes on SQLite, where text would cost more than twice the index."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> UUID | bytes | None:
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        return value if value is None or dialect.name == "postgresql" else UUID(bytes=value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC on both engines; a naive one is a fault of ours and raises."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def word(kind: type[StrEnum]) -> Enum:
    """The type of a column that holds one word of `kind`, without a database type to migrate when one is added."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=_WORD_LENGTH,
        values_callable=lambda words: [each.value for each in words],
    )


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Database:
    """One engine and its transactions.

    On SQLite there is one writer at a time: a lock in this process stands in front of `BEGIN IMMEDIATE`, because a
    read that upgrades to a write fails at once whatever the busy time-out says.

    A PostgreSQL behind PgBouncer is named with `?pgbouncer=true`. `listen_url` is then its own address, by which
    commits wake other processes; without it they look for work once a second.
    """

    def __init__(self, url: str | URL, listen_url: str = "") -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        # On SQLite one thread does the whole of a group; the asynchronous driver changes threads for each statement.
        self._in_a_thread = _configured(create_engine(self.url.set(drivername="sqlite"))) if self.is_sqlite else None
        # On PostgreSQL a group that has lost its connection is done again on another: no need to ask first, in three
        # round trips, whether it is still there.
        self._for_groups = None if self.is_sqlite else _postgresql_engine(self.url, for_groups=True)
        self._reading_engine = self.engine.execution_options(reading=True)
        self._writer = asyncio.Lock() if self.is_sqlite else None
        self.bells = Bells(None if self.is_sqlite else _connect_arguments(make_url(listen_url or url)))
        self._gatherings: dict[GroupWork[Any, Any], Gathering[Any, Any]] = {}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that is committed when the block ends, and rolled back when it raises.

        After the commit the bells that `ring` asked for are rung, so that whoever waits for the new rows wakes up.
        """
        async with self._writer or nullcontext(), AsyncSession(self.engine, expire_on_commit=False) as session:
            async with session.begin():
                yield session
            self.bells.ring(session.info.get(_BELLS, set()))

    def bell(self, name: str) -> asyncio.Event:
        """The event that is set after the next commit that rings `name`; see `Bells.named`."""
        return self.bells.named(name)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for looking only: it waits for no writer and writes nothing."""
        async with AsyncSession(self._reading_engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def run(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Do `work` in one transaction, again from the start when the database says that only chance was against it."""
        async for attempt in stamina.retry_context(on=is_passing_conflict, attempts=5, wait_initial=0.02, wait_max=0.5):
            with attempt:
                async with self.transaction() as session:
                    return await work(session)
        raise AssertionError("unreachable")

    async def together(self, work: GroupWork[Item, Answer], item: Item) -> Answer:
        """`work`'s answer to `item`, done in one transaction with whatever else comes at the same time.

        `work` is a plain function that answers each of a list of items; what it raises spoils only the item that it
        is raised for. When this returns, the answer is committed; when it raises, nothing of the item is, unless the
        connection was lost in the very commit: so an item is one that can be said again.
        """
        gathering = self._gatherings.get(work)
        if gathering is None:
            gathering = self._gatherings[work] = Gathering(
                partial(self._commit_group, work),
                lanes=1 if self.is_sqlite else _LANES,
                says_nothing_of_the_items=is_database_away,
            )
        answer: Answer = await gathering.join(item)
        return answer

    async def _commit_group(self, work: GroupWork[Item, Answer], items: list[Item]) -> list[Answer]:
        async for attempt in stamina.retry_context(on=_comes_right, attempts=5, wait_initial=0.02, wait_max=0.5):
            with attempt:
                async with self._writer or nullcontext():
                    answers, bells = await self._in_one_transaction(work, items)
                self.bells.ring(bells)
                return answers
        raise AssertionError("unreachable")

    async def _in_one_transaction(
        self, work: GroupWork[Item, Answer], items: list[Item]
    ) -> tuple[list[Answer], set[str]]:
        if self._for_groups is not None:
            async with self._for_groups.begin() as connection:
                return await connection.run_sync(_with_bells, work, items)
        assert self._in_a_thread is not None  # noqa: S101 - one of the two is there
        return await asyncio.to_thread(_begun, self._in_a_thread, work, items)

    async def close(self) -> None:
        await self.engine.dispose()
        if self._in_a_thread is not None:
            self._in_a_thread.dispose()
        if self._for_groups is not None:
            await self._for_groups.dispose()


def _begun(
    engine: Engine, work: GroupWork[Item, Answer], items: list[Item]
) -> tuple[list[Answer], set[str]]:  # fmt: skip
    with engine.begin() as connection:
        return _with_bells(connection, work, items)


def _with_bells(
    connection: Connection, work: GroupWork[Item, Answer], items: list[Item]
) -> tuple[list[Answer], set[str]]:
    """`work`'s answers, and the bells it asked for; a connection that comes from the pool may remember older ones."""
    bells: set[str] = set()
    connection.info[_BELLS] = bells
    return work(connection, items), bells


def ring(session: AsyncSession | Connection, name: str) -> None:
    """Ask for `name`'s bell to be rung once this session's, or this group's, work is committed."""
    session.info.setdefault(_BELLS, set()).add(name)


async def insert_once(session: AsyncSession, model: type[Model], **values: object) -> bool:
    """Insert a row unless its key is taken already; True for the one caller whose row it is."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(model).values(**values).on_conflict_do_nothing()
    result = cast("CursorResult[Any]", await session.execute(statement))
    return result.rowcount == 1


def _comes_right(error: Exception) -> bool:
    """Whether a group, done again from the start, may well succeed.

    Another process may have written one of its keys at the same moment, and is seen on looking again; a lost connection
    is replaced, and whatever it may have committed before is then seen as well.
    """
    if not isinstance(error, DBAPIError):
        return False
    is_duplicate = getattr(error.orig, "sqlstate", None) == _UNIQUE_VIOLATION
    return is_duplicate or error.connection_invalidated or is_passing_conflict(error)


def is_passing_conflict(error: Exception) -> bool:
    """Whether the same transaction, run again, may well succeed: deadlock, serialization failure, SQLite busy."""
    if not isinstance(error, DBAPIError):
        return False
    return getattr(error.orig, "sqlstate", None) in _PASSING_SQLSTATES or "database is locked" in str(error.orig)


def is_database_away(error: BaseException) -> bool:
    """Whether the database could not be reached or dropped us: nothing was decided, the sender should come again."""
    if isinstance(error, DBAPIError):
        return (
            error.connection_invalidated
            or is_passing_conflict(error)
            or isinstance(error, (InterfaceError, OperationalError))
            or str(getattr(error.orig, "sqlstate", "")).startswith(_AWAY_SQLSTATES)
        )
    no_connection = (ConnectionError, TimeoutError, socket.gaierror, NoFreeConnection, TargetServerAttributeNotMatched)
    return isinstance(error, no_connection)


def _postgresql_engine(url: URL, *, for_groups: bool = False) -> AsyncEngine:
    driver = _as_asyncpg_knows_it(url)
    # PgBouncer gives each transaction another of its connections: what was prepared on one is unknown on the next, so
    # a statement is prepared without a name, for the moment.
    unnamed = {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "prepared_statement_name_func": str}
    planned = {"server_settings": _PLANNED_ONCE} if for_groups else {}
    return create_async_engine(
        driver, pool_size=10, max_overflow=10, pool_pre_ping=not for_groups, pool_timeout=10,
        connect_args={"timeout": _CONNECT_S} | (unnamed if is_through_pgbouncer(url) else planned),
    )  # fmt: skip


def is_through_pgbouncer(url: URL) -> bool:
    """Whether this address is said to be PgBouncer's, and not PostgreSQL's own."""
    return url.query.get(_PGBOUNCER) in {"true", "1"}


def _connect_arguments(url: URL) -> dict[str, Any]:
    """What asyncpg itself wants to be told for a connection of its own."""
    driver = _as_asyncpg_knows_it(url)
    _, arguments = driver.get_dialect()().create_connect_args(driver)
    return {"timeout": _CONNECT_S, **arguments}


def _as_asyncpg_knows_it(url: URL) -> URL:
    return url.set(drivername="postgresql+asyncpg").difference_update_query([_PGBOUNCER])


def _sqlite_engine(url: URL) -> AsyncEngine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    own = {"async_creator_fn": connect}
    engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), pool_size=8, max_overflow=0, connect_args=own)

    _configured(engine.sync_engine)
    return engine


def _configured(engine: Engine) -> Engine:
    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # None hands BEGIN to us; the driver's own would be deferred and upgrade too late.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
