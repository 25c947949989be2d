"""Comparing our books with GetMiPay's: their balance, once a day. Line by line see `payments/comparing_statements.py`.

What differs becomes a `BookDifference`, and the operators are told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy import BigInteger, ForeignKey, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

import ledger
from core import clock
from core.db import Database, Id, Model, UtcDateTime
from core.ids import new_id
from core.jobs import Jobs, Payload, enqueue
from core.money import XOF, Money
from ledger import AccountKind
from operators import Operator
from payments.deposit_states import DepositState
from payments.deposits import Deposit
from payments.differences import Found, is_known_balance, keep_difference
from payments.notices import alert
from payments.payout_states import PayoutState
from payments.payouts import Payout
from payments.postings import HOUSE
from payments.statement_lines import DifferenceKind

COMPARE_BALANCE = "compare_balance"
RECONCILIATION = "reconciliation"
PAYOUTS_UNDER_WAY = (PayoutState.SUBMITTED, PayoutState.ACCEPTED, PayoutState.UNKNOWN, PayoutState.REVIEW)
DEPOSITS_UNDER_WAY = (DepositState.SUBMITTED, DepositState.OPEN, DepositState.UNKNOWN, DepositState.REVIEW)
_EVERY = timedelta(days=1)
_AGAIN_AFTER = timedelta(minutes=15)
_BOOKED_WITHIN = timedelta(minutes=15)

log = structlog.get_logger(__name__)


class Reconciliation(Model):
    """One comparison: what it was with, how many lines fitted, how many differences were new."""

    __tablename__ = "reconciliation"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(String(100))
    """`balance`, or the statement's file name."""
    operator_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("operator.id"))
    lines: Mapped[int]
    matched: Mapped[int]
    found: Mapped[int]
    theirs: Mapped[int | None] = mapped_column(BigInteger)
    ours: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class BalanceTeller(Protocol):
    """Somebody who says what stands with them for us."""

    async def balance(self) -> Money | None: ...


@dataclass(frozen=True, slots=True)
class Books:
    """Our merchant balance by the ledger, and what payments under way may have taken from or added to theirs."""

    posted: Money
    may_be_gone: int
    may_have_come: int

    def differs_by(self, theirs: Money) -> Money:
        """By how much theirs is more (or, below zero, less) than payments under way can explain."""
        most, least = self.posted.amount + self.may_have_come, self.posted.amount - self.may_be_gone
        return Money(max(0, theirs.amount - most) + min(0, theirs.amount - least), self.posted.currency)


class DailyComparison:
    """The job that compares balances, once a day; sooner again where there was no answer."""

    def __init__(self, provider: BalanceTeller) -> None:
        self._provider = provider

    def register(self, jobs: Jobs) -> None:
        jobs.calling(COMPARE_BALANCE, self.compare)

    async def compare(self, database: Database, _: Payload) -> datetime:
        """Ask and compare; returns when to do so again."""
        theirs = await self._provider.balance()
        if theirs is None:
            return clock.now() + _AGAIN_AFTER
        done = await database.run(lambda session: compare_balance(session, theirs))
        log.info("reconciliation", source=done.source, differences=done.found)
        return clock.now() + _EVERY


async def begin_to_compare(session: AsyncSession) -> None:
    """Have the balances compared, now and from then on; does nothing where they are already."""
    await enqueue(session, COMPARE_BALANCE, "balance")


async def books(session: AsyncSession, currency: str = XOF) -> Books:
    """How our merchant balance stands now. It reads every payment once: for once a day, or when somebody asks."""
    account = await ledger.account(session, HOUSE, AccountKind.PROVIDER, currency)
    posted = (await ledger.balance(session, account.id)).posted if account else Money(0, currency)
    leaving = select(func.sum(Payout.amount)).where(Payout.state.in_(PAYOUTS_UNDER_WAY), Payout.currency == currency)
    coming = select(func.sum(Deposit.amount)).where(Deposit.state.in_(DEPOSITS_UNDER_WAY), Deposit.currency == currency)
    # What they keep of a deposit is booked a moment after it is settled.
    keeping = select(func.sum(Deposit.provider_fee)).where(
        Deposit.settled_at >= clock.now() - _BOOKED_WITHIN, Deposit.currency == currency
    )
    gone, kept, come = [int(await session.scalar(each) or 0) for each in (leaving, keeping, coming)]
    return Books(posted, gone + kept, come)


async def compare_balance(session: AsyncSession, theirs: Money, by: Operator | None = None) -> Reconciliation:
    """Compare their balance with ours; a difference that is new is kept, and the operators are told."""
    ours = await books(session, theirs.currency)
    difference = ours.differs_by(theirs)
    done = await begin_reconciliation(session, "balance", by, theirs=theirs.amount, ours=ours.posted.amount)
    done.lines, done.matched = 1, 0 if difference else 1
    if difference and not await is_known_balance(session, difference):
        said, counted = f"{theirs.amount} {theirs.currency}", f"{ours.posted.amount}, payments under way allowed for"
        found = Found(DifferenceKind.BALANCE, f"{clock.now():%Y-%m-%d}", said, counted, difference)
        done.found = int(await keep_difference(session, done.id, found))
    await session.flush()
    if done.found:
        await alert(session, RECONCILIATION, done.source)
    return done


async def reconciliations(session: AsyncSession, limit: int = 30) -> list[Reconciliation]:
    """The latest comparisons, the newest first."""
    return list(await session.scalars(select(Reconciliation).order_by(Reconciliation.at.desc()).limit(limit)))


async def last_balance(session: AsyncSession) -> Reconciliation | None:
    """The latest comparison of balances, with what GetMiPay said stands with them; None before the first one."""
    balances = select(Reconciliation).where(Reconciliation.source == "balance", Reconciliation.ours.is_not(None))
    return await session.scalar(balances.order_by(Reconciliation.at.desc()).limit(1))


async def begin_reconciliation(
    session: AsyncSession, source: str, by: Operator | None, *, theirs: int | None, ours: int | None
) -> Reconciliation:
    """Write down that books are being compared: `theirs` and `ours` in whole francs, where they are known."""
    done = Reconciliation(
        id=new_id(), source=source[:100], operator_id=by.id if by else None, lines=0, matched=0, found=0,
        theirs=theirs, ours=ours, at=clock.now(),
    )  # fmt: skip
    session.add(done)
    await session.flush()
    return done
