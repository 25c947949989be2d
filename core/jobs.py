"""Jobs: the next step of something, kept as a row so that a crash anywhere loses nothing.

A job is enqueued in the transaction that makes it necessary and done by whichever worker claims it first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast
from uuid import UUID

import structlog
from sqlalchemy import Connection, String, Table, UniqueConstraint, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Database, Id, Json, Model, UtcDateTime, insert_once, is_passing_conflict, ring
from core.ids import new_id
from core.rows import Insertion

Payload: TypeAlias = dict[str, Any]
TransactionalHandler: TypeAlias = Callable[[AsyncSession, Payload], Awaitable[None]]
CallingHandler: TypeAlias = Callable[[Database, Payload], Awaitable[datetime | None]]
Claimed: TypeAlias = Callable[[], None]

BELL = "jobs"
# Renewed while the call lasts; a worker that died leaves its job to others after this.
_LEASE = timedelta(seconds=15)
_FIRST_RETRY = timedelta(seconds=2)
_LAST_RETRY = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class JobRow(Model):
    """A step still to be done; its row goes when it is done."""

    __tablename__ = "job"
    __table_args__ = (UniqueConstraint("kind", "key"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128))
    payload: Mapped[Payload] = mapped_column(Json)
    run_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


_JOB = cast("Table", JobRow.__table__)


async def enqueue(
    session: AsyncSession, kind: str, key: str, payload: Payload | None = None, *, run_at: datetime | None = None
) -> None:
    """Leave a step to be done at `run_at` (now when not given); one pending job for each kind and key."""
    moment = clock.now()
    await insert_once(
        session, JobRow, id=new_id(), kind=kind, key=key, payload=payload or {}, run_at=run_at or moment, attempts=0,
        created_at=moment,
    )  # fmt: skip
    ring(session, BELL)


def enqueued_together(connection: Connection, kind: str, payloads: Sequence[Payload]) -> Insertion:
    """What leaves a step to be done now for each of the payloads, each under a key of its own; the caller writes it."""
    moment = clock.now()
    rows = [{"id": new_id(), "key": str(new_id()), "payload": payload} for payload in payloads]
    ring(connection, BELL)
    return Insertion(_JOB, rows, {"kind": kind, "run_at": moment, "attempts": 0, "created_at": moment})


class Jobs:
    """Who does which kind of job, and the doing of one."""

    def __init__(self) -> None:
        self._transactional: dict[str, TransactionalHandler] = {}
        self._calling: dict[str, CallingHandler] = {}

    def in_transaction(self, kind: str, handler: TransactionalHandler) -> None:
        """Work in the database alone: done together with the job's end in one transaction, so exactly once."""
        self._transactional[kind] = handler

    def calling(self, kind: str, handler: CallingHandler) -> None:
        """Work that calls the outside: done at least once; a time it returns is when it is to be done again."""
        self._calling[kind] = handler

    def done_by(self, kind: str) -> TransactionalHandler | None:
        """Who does this kind of work in the database alone."""
        return self._transactional.get(kind)

    async def do_one(self, database: Database, claimed: Claimed = lambda: None) -> bool:
        """Claim the most overdue job and do it; False when none is due.

        `claimed` is told, perhaps more than once, as soon as there is one: others may look for the next.
        """
        try:
            job, is_call = await database.run(lambda session: self._claim(session, claimed))
        except _JobFailed as failure:
            await _retry_later(database, failure.job, failure.cause)
            return True
        if job is not None and is_call:
            await self._call(database, job)
        return job is not None

    async def _claim(self, session: AsyncSession, claimed: Claimed) -> "tuple[_Job | None, bool]":
        """Take a job; one that needs only the database is done at once, in this same transaction."""
        due = (
            select(JobRow)
            .where(JobRow.run_at <= clock.now(), JobRow.kind.in_([*self._transactional, *self._calling]))
            .order_by(JobRow.run_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = await session.scalar(due)
        if row is None:
            return None, False
        claimed()
        row.attempts += 1
        job = _Job(row.id, row.kind, row.key, row.payload, row.attempts)
        if job.kind in self._calling:
            row.run_at = clock.now() + _LEASE
            return job, True
        await session.execute(delete(JobRow).where(JobRow.id == job.id))
        try:
            await self._transactional[job.kind](session, job.payload)
        except Exception as error:
            if is_passing_conflict(error):
                raise
            raise _JobFailed(job, error) from error
        return job, False

    async def _call(self, database: Database, job: "_Job") -> None:
        heartbeat = asyncio.create_task(_keep_lease(database, job.id))
        try:
            again_at = await self._calling[job.kind](database, job.payload)
        except Exception as error:  # noqa: BLE001 - a job that fails must not stop the ones behind it
            await _retry_later(database, job, error)
        else:
            await database.run(lambda session: _finish(session, job.id, again_at))
        finally:
            heartbeat.cancel()
            # Cancelled in mid-query it still has a connection to give back.
            await asyncio.wait([heartbeat])


async def release_all(session: AsyncSession) -> None:
    """Make every claimed job due again: for the start of the only worker, which knows that nobody else holds one."""
    now = clock.now()
    claimed = update(JobRow).where(JobRow.attempts > 0, JobRow.error.is_(None), JobRow.run_at <= now + _LEASE)
    await session.execute(claimed.values(run_at=now))


async def end_job(session: AsyncSession, kind: str, key: str) -> bool:
    """End a job that is done by calling, in the transaction of what came of it; True for the one caller who ends it.

    Whoever did the same because a lease had run out then leaves no second trace.
    """
    ended = delete(JobRow).where(JobRow.kind == kind, JobRow.key == key).returning(JobRow.id)
    return await session.scalar(ended) is not None


async def waiting(session: AsyncSession) -> tuple[int, timedelta]:
    """How many jobs are due, and how long the most overdue one has been."""
    moment = clock.now()
    row = await session.execute(select(func.count(), func.min(JobRow.run_at)).where(JobRow.run_at <= moment))
    count, oldest = row.one()
    return count, (moment - oldest) if oldest else timedelta(0)


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next job will be due. What is due by now and not done is in other hands, or nobody's here."""
    return await session.scalar(select(func.min(JobRow.run_at)).where(JobRow.run_at > clock.now()))


async def _finish(session: AsyncSession, job_id: UUID, again_at: datetime | None) -> None:
    if again_at is None:
        await session.execute(delete(JobRow).where(JobRow.id == job_id))
    else:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(run_at=again_at, attempts=0, error=None))
    ring(session, BELL)


@dataclass(frozen=True, slots=True)
class _Job:
    """A claimed job, apart from its row, which a rollback would take away."""

    id: UUID
    kind: str
    key: str
    payload: Payload
    attempts: int


async def _keep_lease(database: Database, job_id: UUID) -> None:
    while True:
        await asyncio.sleep(_LEASE.total_seconds() / 3)
        try:
            await database.run(lambda session: _extend_lease(session, job_id))
        except Exception:
            # The database may be back before the lease ends; giving up would let a second worker call.
            log.exception("job.lease_not_renewed", job=str(job_id))


async def _extend_lease(session: AsyncSession, job_id: UUID) -> None:
    await session.execute(update(JobRow).where(JobRow.id == job_id).values(run_at=clock.now() + _LEASE))


async def _retry_later(database: Database, job: _Job, error: Exception) -> None:
    log.error("job.failed", kind=job.kind, key=job.key, attempts=job.attempts, exc_info=error)
    wait = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(job.attempts - 1, 10))
    change = update(JobRow).where(JobRow.id == job.id)
    change = change.values(run_at=clock.now() + wait, attempts=job.attempts, error=repr(error)[:500])
    await database.run(lambda session: session.execute(change))


class _JobFailed(Exception):
    def __init__(self, job: "_Job", cause: Exception) -> None:
        super().__init__(job.kind)
        self.job = job
        self.cause = cause
