"""The circuit breaker: when an operator does not answer, new payments are refused before any money is touched.

It stands in the database, because the process that takes a request is not the one that hears of failures.
Look-ups and webhooks never ask it.
"""

from datetime import datetime, timedelta

from sqlalchemy import String, case, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Model, UtcDateTime, insert_once
from core.errors import Refusal
from payments.methods import Direction

_FAILURES_THAT_OPEN = 5
_OPEN_FOR = timedelta(seconds=30)
_UNFUNDED_FOR = timedelta(minutes=10)
# No method's id: our own merchant balance stands behind every payout.
_MERCHANT_BALANCE = "merchant_balance"


class OperatorDown(Refusal):
    """Calls to this operator have been failing; nothing was asked of it this time."""

    key = "refusal.operator_down"


class PayoutsUnfunded(Refusal):
    """Our own balance at GetMiPay is short; the operators have been told."""

    key = "refusal.our_balance"


class Breaker(Model):
    """How one operator has been doing in one direction: failures in a row, and until when it is left alone."""

    __tablename__ = "breaker"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    open_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


async def refuse_while_open(session: AsyncSession, direction: Direction, method: str) -> None:
    """Raises OperatorDown or PayoutsUnfunded while new payments would be in vain."""
    if await _is_open(session, _name(direction, method)):
        raise OperatorDown
    if direction is Direction.PAYOUT and await _is_open(session, _MERCHANT_BALANCE):
        raise PayoutsUnfunded


async def record_success(session: AsyncSession, direction: Direction, method: str) -> None:
    """A call was answered: whatever failed before is forgotten."""
    name = _name(direction, method)
    known = await session.get(Breaker, name)
    # Read first: a healthy operator's row is not written, so that payments do not queue on it.
    if known is not None and known.failures:
        await session.execute(update(Breaker).where(Breaker.name == name).values(failures=0, open_until=None))


async def record_failure(session: AsyncSession, direction: Direction, method: str) -> None:
    """A call was not answered; the fifth in a row opens the breaker for half a minute, and so does each one after."""
    name = _name(direction, method)
    await insert_once(session, Breaker, name=name, failures=0)
    failures = Breaker.failures + 1
    reopened = case((failures >= _FAILURES_THAT_OPEN, clock.now() + _OPEN_FOR), else_=None)
    await session.execute(update(Breaker).where(Breaker.name == name).values(failures=failures, open_until=reopened))


async def record_empty_balance(session: AsyncSession) -> None:
    """GetMiPay refused a payout because our merchant balance is short: no more of them for a while."""
    await insert_once(session, Breaker, name=_MERCHANT_BALANCE, failures=0)
    until = clock.now() + _UNFUNDED_FOR
    await session.execute(update(Breaker).where(Breaker.name == _MERCHANT_BALANCE).values(open_until=until))


def _name(direction: Direction, method: str) -> str:
    return f"{direction}:{method}"


async def _is_open(session: AsyncSession, name: str) -> bool:
    known = await session.get(Breaker, name, populate_existing=True)
    return known is not None and known.open_until is not None and known.open_until > clock.now()
