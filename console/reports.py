"""Reports: what came in and went out, by day, method and country, as a table, a chart and a CSV.

A day's payments lie side by side in their tables, because their ids begin with the time. A day that is over is counted
once and kept; it is counted again for as long as something in it may still change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import phonenumbers
from aiohttp import web
from sqlalchemy import BigInteger, Date, Select, String, cast, delete, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from console.charts import Chart, chart_of
from console.exports import csv_answer
from console.visits import NotFound, Visit
from core import clock
from core.db import Model
from core.events import subscribe
from core.jobs import Jobs, Payload, TransactionalHandler, enqueue
from core.phones import COUNTRIES
from operators import Act
from payments import Deposit, Payout, Send

COUNT_DAYS = "count_days"
_COUNT_DAY = "count_day"
# Before there was anything to count.
_FIRST_DAY = date(2020, 1, 1)
_DAYS_SHOWN, _DAYS_AT_MOST = 30, 92
# Links that nobody paid in time, and what people decide later, change a day that is over; not after a week.
_COUNTED_AGAIN_FOR = 7
_AT = time(0, 10, tzinfo=UTC)
_ID_BITS_BELOW_TIME = 80
_CODE_LENGTH = 4
_DONE = {"settled", "completed"}
_COUNTRY_OF = {f"+{phonenumbers.country_code_for_region(code)}": code for code in COUNTRIES}


class PaymentDay(Model):
    """How many payments of a kind were asked for on one day of UTC, and how much they came to, as they ended."""

    __tablename__ = "payment_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    """`deposit`, `payout` or `send`."""
    method: Mapped[str] = mapped_column(String(32), primary_key=True)
    country: Mapped[str] = mapped_column(String(4), primary_key=True)
    state: Mapped[str] = mapped_column(String(32), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a report."""

    day: date
    kind: str
    method: str
    country: str
    state: str
    currency: str
    count: int
    amount: int
    fee: int

    @property
    def is_done(self) -> bool:
        return self.state in _DONE


@dataclass(slots=True)
class Sum:
    """What lines come to: done in and out, their fees, and how many did not come about."""

    count_in: int = 0
    amount_in: int = 0
    count_out: int = 0
    amount_out: int = 0
    sent: int = 0
    fee: int = 0
    not_done: int = 0

    def add(self, line: Line) -> None:
        if not line.is_done:
            self.not_done += line.count
            return
        self.fee += line.fee
        if line.kind == "deposit":
            self.count_in, self.amount_in = self.count_in + line.count, self.amount_in + line.amount
        elif line.kind == "payout":
            self.count_out, self.amount_out = self.count_out + line.count, self.amount_out + line.amount
        else:
            self.sent += line.amount


async def show(visit: Visit) -> web.Response:
    """The report of some days: how it went day by day, by method and by country."""
    since, until = _asked(visit)
    async with visit.house.database.reading() as session:
        lines = await lines_of(session, since, until)
    await visit.note(Act.SEE, "reports", since=since.isoformat(), until=until.isoformat())
    days = [since + timedelta(days=each) for each in range((until - since).days + 1)]
    by_day = summed(lines, lambda line: line.day, days)
    chart: Chart = chart_of([(day, by_day[day].amount_in, by_day[day].amount_out) for day in days])
    return visit.page(
        "reports.html",
        since=since,
        until=until,
        chart=chart,
        by_day={day: came_to for day, came_to in by_day.items() if came_to != Sum()},
        total=summed(lines, lambda _: "", [""])[""],
        by_method=summed(lines, lambda line: line.method),
        by_country=summed(lines, lambda line: line.country),
        method_name=visit.house.methods.name_of,
    )


async def give_csv(visit: Visit) -> web.Response:
    """The same, line by line, for a spreadsheet."""
    since, until = _asked(visit)
    async with visit.house.database.reading() as session:
        lines = await lines_of(session, since, until)
    await visit.note(Act.SEE, "reports.csv", since=since.isoformat(), until=until.isoformat())
    names = visit.house.methods.name_of
    rows = (
        (each.day, each.kind, names(each.method) if each.method else "", each.country, each.state, each.currency,
         each.count, each.amount, each.fee)
        for each in lines
    )  # fmt: skip
    head = ("day", "kind", "method", "country", "state", "currency", "count", "amount", "fee")
    return csv_answer(f"cauri-{since.isoformat()}-{until.isoformat()}.csv", [head, *rows])


def summed(lines: Sequence[Line], by: Any, keys: Iterable[Any] = ()) -> dict[Any, Sum]:
    """What the lines come to, for each of `keys` and for whatever else they go by."""
    sums: dict[Any, Sum] = {key: Sum() for key in keys}
    for line in lines:
        sums.setdefault(by(line), Sum()).add(line)
    return dict(sorted(sums.items()))


async def lines_of(session: AsyncSession, since: date, until: date) -> list[Line]:
    """What was asked for on these days; a day that was not counted and kept is counted now."""
    kept = select(PaymentDay).where(PaymentDay.day >= since, PaymentDay.day <= until)
    lines = [_line(row) for row in await session.scalars(kept)]
    known = {line.day for line in lines}
    for each in range((until - since).days + 1):
        day = since + timedelta(days=each)
        if day not in known:
            lines += await count_day(session, day)
    return sorted(lines, key=lambda line: (line.day, line.kind, line.method, line.country, line.state))


async def count_day(session: AsyncSession, day: date) -> list[Line]:
    """Count one day's payments: three walks along the primary keys, from its first moment to its last."""
    lines = []
    for counted in (_counted(Deposit, day), _counted(Payout, day), _counted_sends(day)):
        for row in await session.execute(counted):
            country = _COUNTRY_OF.get(row.code, "")
            state = getattr(row.state, "value", row.state)
            lines.append(Line(day, row.kind, row.method, country, state, row.currency, row.count, row.amount, row.fee))
    return lines


def register_reports(jobs: Jobs) -> None:
    """Count each day once it is over, and again when something of it was taken back."""
    jobs.in_transaction(COUNT_DAYS, _count_days)
    jobs.in_transaction(_COUNT_DAY, _keep_day)
    subscribe(jobs, "deposit.reversed", _count_again(Deposit))
    subscribe(jobs, "payout.reversed", _count_again(Payout))


async def begin_to_count(session: AsyncSession) -> None:
    """Have days counted from now on; does nothing where they are already."""
    await enqueue(session, COUNT_DAYS, "house", run_at=_next_night())


async def _count_days(session: AsyncSession, _: Payload) -> None:
    today = clock.now().date()
    for back in range(1, _COUNTED_AGAIN_FOR + 1):
        await _have_counted(session, today - timedelta(days=back))
    await enqueue(session, COUNT_DAYS, "house", run_at=_next_night())


def _count_again(table: type[Any]) -> TransactionalHandler:
    async def count_again(session: AsyncSession, payload: Payload) -> None:
        payment = await session.get_one(table, UUID(payload["id"]))
        if payment.created_at.date() < clock.now().date():
            await _have_counted(session, payment.created_at.date())

    return count_again


async def _have_counted(session: AsyncSession, day: date) -> None:
    """Each day is a job of its own: none of them keeps a transaction open for long."""
    await enqueue(session, _COUNT_DAY, day.isoformat(), {"day": day.isoformat()})


async def _keep_day(session: AsyncSession, payload: Payload) -> None:
    day = date.fromisoformat(payload["day"])
    lines = await count_day(session, day)
    await session.execute(delete(PaymentDay).where(PaymentDay.day == day))
    if lines:
        rows = [{name: getattr(line, name) for name in Line.__slots__} for line in lines]
        await session.execute(insert(PaymentDay), rows)


def _counted(table: type[Deposit] | type[Payout], day: date) -> Select[Any]:
    kind = "deposit" if table is Deposit else "payout"
    amount = func.coalesce(Deposit.received, Deposit.amount) if table is Deposit else table.amount
    code = func.substr(table.phone, 1, _CODE_LENGTH).label("code")
    columns = (literal(kind).label("kind"), table.method, code, table.state, table.currency, *_sums(amount, table.fee))
    counted = select(*columns).where(table.id >= _first_id(day), table.id < _first_id(day + timedelta(days=1)))
    return counted.group_by(table.method, code, table.state, table.currency)


def _counted_sends(day: date) -> Select[Any]:
    nothing = literal("")
    columns = (
        literal("send").label("kind"), nothing.label("method"), nothing.label("code"),
        literal("completed").label("state"), Send.currency, *_sums(Send.amount, literal(0)),
    )  # fmt: skip
    counted = select(*columns).where(Send.id >= _first_id(day), Send.id < _first_id(day + timedelta(days=1)))
    return counted.group_by(Send.currency)


def _sums(amount: Any, fee: Any) -> tuple[Any, ...]:
    return (
        func.count().label("count"), cast(func.sum(amount), BigInteger).label("amount"),
        cast(func.sum(fee), BigInteger).label("fee"),
    )  # fmt: skip


def _first_id(day: date) -> UUID:
    """Below every id that was made on that day, and above those made before: a UUIDv7 begins with its milliseconds."""
    start = datetime.combine(day, time(), UTC)
    return UUID(int=int(start.timestamp()) * 1000 << _ID_BITS_BELOW_TIME)


def _next_night() -> datetime:
    return datetime.combine(clock.now().date() + timedelta(days=1), _AT)


def _line(row: PaymentDay) -> Line:
    return Line(*(getattr(row, name) for name in Line.__slots__))


def _asked(visit: Visit) -> tuple[date, date]:
    """The days that the address names: the last thirty where it names none, three months at most."""
    today = clock.now().date()
    try:
        until = min(date.fromisoformat(visit.query.get("until") or today.isoformat()), today)
        since = date.fromisoformat(visit.query.get("since") or (until - timedelta(days=_DAYS_SHOWN - 1)).isoformat())
    except (ValueError, OverflowError):
        raise NotFound from None
    if not _FIRST_DAY <= since <= until:
        raise NotFound
    return max(since, until - timedelta(days=_DAYS_AT_MOST - 1)), until
