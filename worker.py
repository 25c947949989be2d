"""The worker: does the jobs that are due and says what waits in the outbox. Any number may run side by side."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import Channel
from bot.sender import send_one_address
from core import clock, inbox, jobs, outbox
from core.db import Database

log = structlog.get_logger(__name__)

# Work that other processes leave in the database rings no bell here: look at least this often.
_LOOK_EVERY_S = 1.0
_PURGE_EVERY_S = 3600.0

DoOne = Callable[[], Awaitable[bool]]
NextDue = Callable[[AsyncSession], Awaitable[datetime | None]]


class Worker:
    """The loops of one process: `job_hands` and `sender_hands` of each work side by side."""

    def __init__(
        self, database: Database, registry: jobs.Jobs, channels: list[Channel], *, job_hands: int = 4,
        sender_hands: int = 4,
    ) -> None:  # fmt: skip
        self._database = database
        self._registry = registry
        self._channels = channels
        self._job_hands = job_hands
        self._sender_hands = sender_hands

    async def run(self) -> None:
        """Work until cancelled. A loop that fails says so and goes on: the database comes back."""
        await self._take_back_from_the_dead()
        async with asyncio.TaskGroup() as group:
            for loop in self._loops():
                group.create_task(loop)

    async def _take_back_from_the_dead(self) -> None:
        """On SQLite this is the only worker: whatever is claimed was claimed by a process that is no more."""
        if self._database.is_sqlite:
            await self._database.run(jobs.release_all)
            await self._database.run(outbox.release_all)

    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        loops = [self._keep_doing(self._do_job, jobs.BELL, jobs.next_due) for _ in range(self._job_hands)]
        for channel in self._channels:
            loops += [
                self._keep_doing(self._sender(channel), outbox.BELL, outbox.next_due) for _ in range(self._sender_hands)
            ]
        return [*loops, self._purge()]

    async def _do_job(self) -> bool:
        return await self._registry.do_one(self._database)

    def _sender(self, channel: Channel) -> DoOne:
        return lambda: send_one_address(self._database, channel)

    async def _keep_doing(self, do_one: DoOne, bell: str, next_due: NextDue) -> None:
        while True:
            try:
                # Before looking: what is committed from here on rings, and is not slept through.
                self._database.bell(bell).clear()
                while await do_one():
                    pass
                await self._wait(bell, next_due)
            except Exception:
                log.exception("worker.loop_failed", loop=bell)
                await asyncio.sleep(_LOOK_EVERY_S)

    async def _wait(self, name: str, next_due: NextDue) -> None:
        """Sleep until somebody rings, or the next thing is due."""
        async with self._database.reading() as session:
            due = await next_due(session)
        seconds = (due - clock.now()).total_seconds() if due else _LOOK_EVERY_S
        # Not wait_for: until Python 3.12 it can lose a cancellation that comes together with the bell, and the loop
        # would then outlive its worker.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(_LOOK_EVERY_S, max(0, seconds))):
                await self._database.bell(name).wait()

    async def _purge(self) -> None:
        while True:
            try:
                await self._database.run(inbox.purge)
            except Exception:
                log.exception("worker.purge_failed")
            await asyncio.sleep(_PURGE_EVERY_S)
