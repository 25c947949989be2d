"""Pacing: what only one process may do at a time, and what all of them together may do only so often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, String, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Database, Id, Model, UtcDateTime, insert_once
from core.ids import new_id

# Renewed three times as often; whoever died has left their duty to others after this.
_TERM = timedelta(seconds=15)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# Whoever has to wait for longer does something else meanwhile.
_WORTH_WAITING = timedelta(seconds=5)


class PacingRow(Model):
    """When the next one may pass; `holder` is who keeps it closed until then, where that is one of us."""

    __tablename__ = "pacing"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    free_at: Mapped[datetime] = mapped_column(UtcDateTime)
    holder: Mapped[UUID | None] = mapped_column(Id)


class Duty:
    """What one process does for all; another one takes over when it leaves, or 15 seconds after it died.

    On SQLite there is one process, and the duty is always its own.
    """

    RENEW_EVERY_S = _TERM.total_seconds() / 3

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._me = new_id()

    async def take(self) -> bool:
        """Whether the duty is ours, for 15 seconds from now."""
        return self._database.is_sqlite or await self._database.run(self._take)

    async def leave(self) -> None:
        """Let another process have it at once."""
        if not self._database.is_sqlite:
            await self._database.run(self._leave)

    async def _take(self, session: AsyncSession) -> bool:
        now = clock.now()
        if await insert_once(session, PacingRow, name=self._name, free_at=now + _TERM, holder=self._me):
            return True
        mine = update(PacingRow).where(
            PacingRow.name == self._name, or_(PacingRow.holder == self._me, PacingRow.free_at <= now)
        )
        taken = mine.values(free_at=now + _TERM, holder=self._me).returning(PacingRow.name)
        return await session.scalar(taken) is not None

    async def _leave(self, session: AsyncSession) -> None:
        mine = update(PacingRow).where(PacingRow.name == self._name, PacingRow.holder == self._me)
        await session.execute(mine.values(free_at=clock.now(), holder=None))


@dataclass(frozen=True, slots=True)
class Pace:
    """One each `every`, and `at_once` of them together after a rest.

    Whoever has begun may go on for `in_a_row`, and rests the longer for it.
    """

    every: timedelta
    at_once: int = 1
    in_a_row: int = 1

    @classmethod
    def below(cls, per_second: int) -> "Pace | None":
        """A pace that stays within `per_second` in any second, though some are late on their way; none for 0.

        Four fifths of it evenly and a tenth at once: what is left is for what a slow network pushes together.
        """
        return cls(timedelta(seconds=1.25 / per_second), max(1, per_second // 10)) if per_second else None

    def next_after(self, now: datetime, free_at: datetime | None, count: int = 1) -> datetime:
        """When the next may come after `count` at `now`; `free_at` is what this said the last time."""
        rested = now - (self.at_once - 1) * self.every
        return max(rested, free_at or rested) + count * self.every


class Pacer:
    """What all processes together do at one pace: each asks here how long to wait.

    On PostgreSQL one row knows when the next one may pass. Who asks at the same time shares one update of it, so that
    it is no hotter with many hands than with few. On SQLite there is one process, and it is kept in memory.
    """

    def __init__(self, database: Database, name: str, pace: Pace | None) -> None:
        self._database = database
        self._name = name
        self._pace = pace
        self._free_at: datetime | None = None

    async def wait(self, count: int = 1) -> timedelta:
        """Queue up for `count` passages together; how long to wait for them.

        Where that is not `is_worth_waiting`, nothing was queued up for: ask again then.
        """
        if self._pace is None or not count:
            return timedelta(0)
        if not self._database.is_sqlite:
            return await self._database.together(_let_pass, _Wanted(self._name, self._pace, count))
        wait, self._free_at = _passage(self._pace, count, clock.now(), self._free_at)
        return wait

    async def close(self, wait: timedelta) -> None:
        """Let nobody go on for so long."""
        if self._database.is_sqlite:
            self._free_at = max(self._free_at or clock.now(), clock.now() + wait)
        elif self._pace is not None:
            await self._database.together(_close, (self._name, wait))

    @staticmethod
    def is_worth_waiting(wait: timedelta) -> bool:
        """Whether to stand and wait, five seconds at most."""
        return wait <= _WORTH_WAITING


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    pace: Pace
    count: int


def _passage(pace: Pace, count: int, now: datetime, free_at: datetime | None) -> tuple[timedelta, datetime | None]:
    """How long to wait for `count` together, and when the one after them may pass."""
    wait = max(now, free_at or now) - now
    return wait, pace.next_after(now, free_at, count) if Pacer.is_worth_waiting(wait) else free_at


def _let_pass(connection: Connection, wanted: Sequence[_Wanted]) -> list[timedelta]:
    """By PostgreSQL's clock, so that a machine whose own is wrong silences nobody."""
    waits: list[timedelta] = []
    free_at: dict[str, datetime] = {}
    now: dict[str, datetime] = {}
    for name in sorted({each.name for each in wanted}):
        now[name], free_at[name] = _locked(connection, name)
    for each in wanted:
        wait, after = _passage(each.pace, each.count, now[each.name], free_at[each.name])
        waits.append(wait)
        free_at[each.name] = after or free_at[each.name]
    for name, moment in free_at.items():
        connection.execute(update(PacingRow).where(PacingRow.name == name).values(free_at=moment))
    return waits


def _close(connection: Connection, closed: Sequence[tuple[str, timedelta]]) -> list[None]:
    for name, wait in sorted(closed):
        now, free_at = _locked(connection, name)
        connection.execute(update(PacingRow).where(PacingRow.name == name).values(free_at=max(free_at, now + wait)))
    return [None for _ in closed]


def _locked(connection: Connection, name: str) -> tuple[datetime, datetime]:
    """The time, and when the next may pass. A crash may forget the last passages: nobody waits for the disk."""
    row = select(func.set_config("synchronous_commit", "off", True), func.clock_timestamp(), PacingRow.free_at)
    row = row.where(PacingRow.name == name).with_for_update()
    if (found := connection.execute(row).one_or_none()) is None:
        connection.execute(insert(PacingRow).values(name=name, free_at=_LONG_AGO).on_conflict_do_nothing())
        found = connection.execute(row).one()
    return found[1], found[2]


async def release_all(session: AsyncSession) -> None:
    """Let every duty be taken up again: for the start of the only process, which knows that nobody else holds one."""
    await session.execute(update(PacingRow).where(PacingRow.holder.is_not(None)).values(free_at=clock.now()))
