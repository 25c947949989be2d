"""The worker: does the jobs that are due and says what waits in the outbox. Any number may run side by side."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import Channel
from bot.forgetting import forget_what_was_said
from bot.sender import send_one_address
from core import clock, inbox, jobs, outbox
from core.db import Database
from core.pacing import Pacer
from members.proofs import purge_proofs

log = structlog.get_logger(__name__)

# A bell may go unheard, and what others had claimed rings none when the claim runs out: look at least this often.
_LOOK_EVERY_S = 1.0
_PURGE_EVERY_S = 3600.0

# Told once something was claimed; True when it is done, False where nothing was due.
DoOne = Callable[[jobs.Claimed], Awaitable[bool]]
NextDue = Callable[[AsyncSession], Awaitable[datetime | None]]


class Worker:
    """The loops of one process: `job_hands` and `sender_hands` of each channel work side by side.

    Of the hands at one kind of work a single one is on the lookout, and leaves it to the next when it has found some:
    what comes in wakes one hand and not all of them, who would ask the database for nothing.
    """

    def __init__(
        self, database: Database, registry: jobs.Jobs, channels: list[Channel], *, job_hands: int = 4,
        sender_hands: int = 4,
    ) -> None:  # fmt: skip
        self._database = database
        self._registry = registry
        self._channels = channels
        self._job_hands = job_hands
        self._sender_hands = sender_hands
        self._resting = asyncio.Event()

    async def run(self) -> None:
        """Work until told to rest. A loop that fails says so and goes on: the database comes back.

        Cancelled it stops in the middle of something: others take that up once its claim has run out.
        """
        await self._take_back_from_the_dead()
        async with asyncio.TaskGroup() as group:
            for loop in self._loops():
                group.create_task(loop)

    def rest(self) -> None:
        """Take up nothing new: `run` ends as soon as what is under way is done."""
        self._resting.set()
        self._database.bells.wake({jobs.BELL, outbox.BELL})

    async def _take_back_from_the_dead(self) -> None:
        """On SQLite this is the only worker: whatever is claimed was claimed by a process that is no more."""
        if self._database.is_sqlite:
            await self._database.run(jobs.release_all)
            await self._database.run(outbox.release_all)

    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        loops = self._hands(self._job_hands, self._do_job, jobs.BELL, jobs.next_due)
        for channel in self._channels:
            loops += self._hands(self._sender_hands, self._sender(channel), outbox.BELL, outbox.next_due)
        return [*loops, self._purge()]

    def _hands(self, count: int, do_one: DoOne, bell: str, next_due: NextDue) -> list[Coroutine[Any, Any, None]]:
        lookout = asyncio.Lock()
        return [self._keep_doing(do_one, bell, next_due, lookout) for _ in range(count)]

    async def _do_job(self, claimed: jobs.Claimed) -> bool:
        return await self._registry.do_one(self._database, claimed)

    def _sender(self, channel: Channel) -> DoOne:
        pacer = Pacer(self._database, channel.name, channel.pace)
        return lambda claimed: send_one_address(self._database, channel, claimed, pacer)

    async def _keep_doing(self, do_one: DoOne, bell: str, next_due: NextDue, lookout: asyncio.Lock) -> None:
        while not self._resting.is_set():
            try:
                with contextlib.ExitStack() as turn:
                    await lookout.acquire()
                    turn.callback(lookout.release)
                    if self._resting.is_set():
                        return
                    # Before looking: what is committed from here on rings, and is not slept through.
                    rung = self._database.bell(bell)
                    if not await do_one(turn.close):
                        await self._wait(rung, next_due)
            except Exception:
                log.exception("worker.loop_failed", loop=bell)
                await asyncio.sleep(_LOOK_EVERY_S)

    async def _wait(self, rung: asyncio.Event, next_due: NextDue) -> None:
        """Sleep until somebody rings, or the next thing is due."""
        async with self._database.reading() as session:
            due = await next_due(session)
        seconds = (due - clock.now()).total_seconds() if due else _LOOK_EVERY_S
        # Not wait_for: until Python 3.12 it can lose a cancellation that comes together with the bell, and the loop
        # would then outlive its worker.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(_LOOK_EVERY_S, max(0, seconds))):
                await rung.wait()

    async def _purge(self) -> None:
        while not self._resting.is_set():
            try:
                await self._database.run(inbox.purge)
                await self._database.run(purge_proofs)
                await forget_what_was_said(self._database)
            except Exception:
                log.exception("worker.purge_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PURGE_EVERY_S):
                    await self._resting.wait()
