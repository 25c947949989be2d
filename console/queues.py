"""The queues: what waits to be done and said, for how long, and what an operator has to look at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

import complaints
from bot.views import View
from console.showing import masked_words, plain
from console.visits import Visit
from core import clock, jobs, outbox
from core.inbox import InboundMessage
from core.jobs import JobRow
from core.outbox import OutboxAddress, OutboxMessage
from operators import Act
from payments import Deposit, DepositState, Figures, Payout, PayoutState, figures
from payments.deposits import UNDECIDED

_LINES = 20
_COUNTED_AT_MOST = 10_000
# A step that failed is tried again within ten minutes: those are what fails now.
_RETRIED_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Due:
    """How many steps of a kind are due, and since when the first of them is."""

    kind: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Queues:
    """As they stand now; of each list the first few only."""

    jobs: tuple[int, timedelta]
    unsaid: tuple[int, timedelta]
    figures: Figures
    complaints: complaints.Waiting
    due: list[Due]
    failing: list[JobRow]
    addresses: list[OutboxAddress]
    unknown: list[Deposit | Payout]
    kept_aside: list[InboundMessage]
    alerts: list[Alert]


async def show(visit: Visit) -> web.Response:
    """The page."""
    async with visit.house.database.reading() as session:
        queues = await look(session, visit.house.operators_chat)
    await visit.note(Act.SEE, "queues")
    return visit.page("queues.html", queues=queues)


async def look(session: AsyncSession, operators_chat: str) -> Queues:
    """Every list along an index, and each no longer than a page."""
    return Queues(
        jobs=await jobs.waiting(session),
        unsaid=await outbox.waiting(session),
        figures=await figures(session),
        complaints=await complaints.waiting(session),
        due=await _due(session),
        failing=await _failing(session),
        addresses=await _addresses(session),
        unknown=await _unknown(session),
        kept_aside=await _kept_aside(session),
        alerts=await _alerts(session, operators_chat) if operators_chat else [],
    )


async def _due(session: AsyncSession) -> list[Due]:
    late = select(JobRow.kind, JobRow.run_at).where(JobRow.run_at <= clock.now())
    late_ones = late.order_by(JobRow.run_at).limit(_COUNTED_AT_MOST).subquery()
    since = func.min(late_ones.c.run_at).label("since")
    by_kind = select(late_ones.c.kind, func.count().label("many"), since).group_by(late_ones.c.kind)
    rows = await session.execute(by_kind.order_by(since))
    return [Due(row.kind, row.many, row.since) for row in rows]


async def _failing(session: AsyncSession) -> list[JobRow]:
    soon = clock.now() + _RETRIED_WITHIN
    failing = select(JobRow).where(JobRow.run_at <= soon, JobRow.error.is_not(None)).order_by(JobRow.run_at)
    return list(await session.scalars(failing.limit(_LINES)))


async def _addresses(session: AsyncSession) -> list[OutboxAddress]:
    """Where something has waited to be said for longest, and is not being said."""
    late = select(OutboxAddress).where(OutboxAddress.due_at <= clock.now()).order_by(OutboxAddress.due_at)
    return list(await session.scalars(late.limit(_LINES)))


async def _unknown(session: AsyncSession) -> list[Deposit | Payout]:
    found: list[Any] = []
    for table, state in ((Deposit, DepositState.UNKNOWN), (Payout, PayoutState.UNKNOWN)):
        oldest = select(table).where(UNDECIDED, table.state == state).order_by(table.watch_since).limit(_LINES)
        found += await session.scalars(oldest)
    return sorted(found, key=lambda payment: payment.created_at)[:_LINES]


async def _kept_aside(session: AsyncSession) -> list[InboundMessage]:
    """Messages of people that we failed on, newest first."""
    aside = select(InboundMessage).where(InboundMessage.error.is_not(None))
    return list(await session.scalars(aside.order_by(InboundMessage.received_at.desc()).limit(_LINES)))


async def _alerts(session: AsyncSession, chat: str) -> list[Alert]:
    """What was last said in the operators' chat."""
    here = (OutboxMessage.channel == "telegram", OutboxMessage.chat == chat)
    said = select(OutboxMessage).where(*here, OutboxMessage.subject.startswith("alert:"))
    rows = await session.scalars(said.order_by(OutboxMessage.seq.desc()).limit(_LINES))
    return [Alert(each.created_at, masked_words(plain(View.load(each.view).text))) for each in rows]
