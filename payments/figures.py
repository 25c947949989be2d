"""What operators watch of the payments as they stand now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core import clock
from core.money import XOF, Money
from ledger import AccountKind
from payments.deposit_states import DepositState
from payments.deposits import UNDECIDED, Deposit
from payments.payouts import Payout
from payments.postings import HOUSE


@dataclass(frozen=True, slots=True)
class Figures:
    """How many payments are unknown and how many a person has to decide, since when the oldest of the unknown ones is;
    what the ledger says stands with GetMiPay, and in suspense.
    """

    unknown: int
    in_review: int
    unknown_since: datetime | None
    merchant: Money
    suspense: Money

    @property
    def unknown_for(self) -> timedelta:
        """How long the oldest of the unknown ones has been so."""
        return clock.now() - self.unknown_since if self.unknown_since else timedelta(0)


async def figures(session: AsyncSession) -> Figures:
    """The payments as they stand now, in francs."""
    rows = [row for table in (Deposit, Payout) for row in await session.execute(_undecided(table))]
    unknown = [row for row in rows if row.state == DepositState.UNKNOWN]
    return Figures(
        unknown=sum(row.many for row in unknown),
        in_review=sum(row.many for row in rows) - sum(row.many for row in unknown),
        unknown_since=min((row.since for row in unknown), default=None),
        merchant=await _standing(session, AccountKind.PROVIDER),
        suspense=await _standing(session, AccountKind.SUSPENSE),
    )


def _undecided(table: type[Deposit | Payout]) -> "Select[StrEnum, int, datetime | None]":
    counted = select(table.state, func.count().label("many"), func.min(table.watch_since).label("since"))
    return counted.where(UNDECIDED).group_by(table.state)


async def _standing(session: AsyncSession, kind: AccountKind) -> Money:
    found = await ledger.account(session, HOUSE, kind, XOF)
    return (await ledger.balance(session, found.id)).posted if found else Money(0)
