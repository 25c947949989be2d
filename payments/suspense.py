"""The suspense account, franc by franc: which payment or difference each came for, and how it is resolved."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core.money import XOF, Money
from ledger import AccountKind
from payments.deposits import Deposit
from payments.differences import BookDifference
from payments.payouts import Payout
from payments.postings import HOUSE


@dataclass(frozen=True, slots=True)
class Suspended:
    """What stands there for one thing; below zero where suspense has paid.

    `reference` is what it came for: a payment (`D-…`, `R-…`), resolved in the review, or a difference (`E-…`); empty
    for what nothing of ours accounts for.
    """

    reference: str
    amount: Money
    since: datetime


async def in_suspense(session: AsyncSession, currency: str = XOF) -> list[Suspended]:
    """Everything that stands in suspense, the oldest first; together it is the account's balance."""
    account = await ledger.account(session, HOUSE, AccountKind.SUSPENSE, currency)
    if account is None:
        return []
    standing = await ledger.standing_by_journal(session, account.id)
    names = await _names(session, [each.journal for each in standing])
    return [Suspended(names.get(each.journal, ""), each.amount, each.since) for each in standing]


async def _names(session: AsyncSession, journals: list[UUID]) -> dict[UUID, str]:
    names: dict[UUID, str] = {}
    for table in (Deposit, Payout, BookDifference):
        rows = await session.execute(select(table.id, table.reference).where(table.id.in_(journals)))
        names |= {row.id: row.reference for row in rows}
    return names
