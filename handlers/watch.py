"""The watch: looks every minute whether something has been left lying, and tells the operators.

A small operator has nobody who reads metrics at night; these are the few that cannot wait for morning.
"""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

import payments
from core import clock, jobs, outbox
from core.db import Database
from core.jobs import Jobs, Payload
from core.money import Money
from handlers.alerts import Alerts

WATCH = "watch"
_EVERY = timedelta(minutes=1)
_JOBS_LATE = timedelta(minutes=5)
_MESSAGES_LATE = timedelta(minutes=10)
_UNKNOWN_LONG = timedelta(hours=2)


class Watch:
    """The job that looks; `merchant_at_least` is what our balance at GetMiPay should not fall below."""

    def __init__(self, alerts: Alerts, merchant_at_least: Money) -> None:
        self._alerts = alerts
        self._merchant_at_least = merchant_at_least

    def register(self, registry: Jobs) -> None:
        registry.calling(WATCH, self.look)

    async def look(self, database: Database, _: Payload) -> datetime:
        """Tell what is late, if anything; returns when to look again."""
        async with database.reading() as session:
            found = await self._found(session)
        if found:
            await database.run(lambda session: self._tell(session, found))
        return clock.now() + _EVERY

    async def _found(self, session: AsyncSession) -> dict[str, object]:
        """What is wrong, each with the figure that says how much."""
        _, overdue = await jobs.waiting(session)
        _, unsaid = await outbox.waiting(session)
        figures = await payments.figures(session)
        looked_at: dict[str, tuple[bool, object]] = {
            "jobs_late": (overdue > _JOBS_LATE, _minutes(overdue)),
            "messages_late": (unsaid > _MESSAGES_LATE, _minutes(unsaid)),
            "unknown_long": (figures.unknown_for > _UNKNOWN_LONG, figures.unknown),
            "merchant_low": (figures.merchant < self._merchant_at_least, figures.merchant),
        }
        return {reason: figure for reason, (is_wrong, figure) in looked_at.items() if is_wrong}

    async def _tell(self, session: AsyncSession, found: dict[str, object]) -> None:
        for reason, figure in found.items():
            await self._alerts.tell(session, reason, figure=figure)


async def begin_to_watch(session: AsyncSession) -> None:
    """Have it looked, now and from then on; does nothing where it is already."""
    await jobs.enqueue(session, WATCH, "house")


def _minutes(time: timedelta) -> int:
    return time // timedelta(minutes=1)
