"""The database: PostgreSQL for the many, SQLite for the one; the same code on both.

Only the edge opens a transaction (`Database.transaction`); services take the session they are given.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

import stamina
from sqlalchemy import JSON, CursorResult, DateTime, Dialect, Enum, LargeBinary, MetaData, Uuid, event
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

T = TypeVar("T")

_BELLS = "bells"
_WORD_LENGTH = 32

# Deadlock, serialization failure, lock time-out: the same work, done again, succeeds.
_PASSING_SQLSTATES = {"40001", "40P01", "55P03"}
# No connection, no room for one more, starting or stopping.
_AWAY_SQLSTATES = ("08", "53", "57P")


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
    """

    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        self._reading_engine = self.engine.execution_options(reading=True)
        self._writer = asyncio.Lock() if self.is_sqlite else None
        self._bells: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that is committed when the block ends, and rolled back when it raises.

        After the commit the bells that `ring` asked for are rung, so that whoever waits for the new rows wakes up.
        """
        async with self._writer or nullcontext(), AsyncSession(self.engine, expire_on_commit=False) as session:
            async with session.begin():
                yield session
            for name in session.info.get(_BELLS, ()):
                if name in self._bells:
                    self._bells.pop(name).set()

    def bell(self, name: str) -> asyncio.Event:
        """The event that is set after the next commit that rings `name` in this process.

        It is never cleared: whoever holds one hears of every commit since they asked for it.
        """
        return self._bells.setdefault(name, asyncio.Event())

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

    async def close(self) -> None:
        await self.engine.dispose()


def ring(session: AsyncSession, name: str) -> None:
    """Ask for `name`'s bell to be rung once this session's work is committed."""
    session.info.setdefault(_BELLS, set()).add(name)


async def insert_once(session: AsyncSession, model: type[Model], **values: object) -> bool:
    """Insert a row unless its key is taken already; True for the one caller whose row it is."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(model).values(**values).on_conflict_do_nothing()
    result = cast("CursorResult[Any]", await session.execute(statement))
    return result.rowcount == 1


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
    return isinstance(error, (ConnectionError, TimeoutError, socket.gaierror, NoFreeConnection))


def _postgresql_engine(url: URL) -> AsyncEngine:
    driver = url.set(drivername="postgresql+asyncpg")
    return create_async_engine(driver, pool_size=10, max_overflow=10, pool_pre_ping=True, pool_timeout=10)


def _sqlite_engine(url: URL) -> AsyncEngine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), pool_size=8, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # None hands BEGIN to us; the driver's own would be deferred and upgrade too late.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
