"""What one business event has moved, and what still stands on an account for each of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.money import Money
from ledger.accounts import AccountKind
from ledger.tables import ACCOUNT, HOLD, PARKED, RESOLUTION, TRANSFER


@dataclass(frozen=True, slots=True)
class Side:
    """An account by name."""

    owner: str
    kind: AccountKind


@dataclass(frozen=True, slots=True)
class Movement:
    """One transfer of a journal."""

    id: UUID
    leg: int
    kind: str
    debit: Side
    credit: Side
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class HoldStory:
    """A hold and what became of it: `outcome` is posted, voided or expired; None while it holds."""

    id: UUID
    amount: Money
    held_at: datetime
    outcome: str | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Parked:
    """What is parked for an owner."""

    account: UUID
    owner: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Standing:
    """What a journal has left on an account, from its owner's view, since its first transfer there."""

    journal: UUID
    amount: Money
    since: datetime


async def journal(session: AsyncSession, journal_id: UUID) -> list[Movement]:
    """Every transfer of a journal, the first one first."""
    debit, credit = ACCOUNT.alias("debit"), ACCOUNT.alias("credit")
    columns = [TRANSFER.c[name] for name in ("id", "leg", "kind", "amount", "created_at")]
    sides = [
        debit.c.owner.label("debit_owner"), debit.c.kind.label("debit_kind"), credit.c.owner.label("credit_owner"),
        credit.c.kind.label("credit_kind"), debit.c.currency,
    ]  # fmt: skip
    found = (
        select(*columns, *sides)
        .join(debit, debit.c.id == TRANSFER.c.debit_id)
        .join(credit, credit.c.id == TRANSFER.c.credit_id)
        .where(TRANSFER.c.journal_id == journal_id)
        .order_by(TRANSFER.c.seq)
    )
    return [
        Movement(
            row.id, row.leg, row.kind, Side(row.debit_owner, AccountKind(row.debit_kind)),
            Side(row.credit_owner, AccountKind(row.credit_kind)), Money(row.amount, row.currency), row.created_at,
        )
        for row in await session.execute(found)
    ]  # fmt: skip


async def hold(session: AsyncSession, hold_id: UUID) -> HoldStory | None:
    """A hold, and what became of it; None where there never was one."""
    columns = [HOLD.c.id, HOLD.c.amount, HOLD.c.created_at, RESOLUTION.c.outcome, ACCOUNT.c.currency]
    found = (
        select(*columns, RESOLUTION.c.created_at.label("resolved_at"))
        .join(ACCOUNT, ACCOUNT.c.id == HOLD.c.debit_id)
        .outerjoin(RESOLUTION, RESOLUTION.c.hold_id == HOLD.c.id)
        .where(HOLD.c.id == hold_id)
    )
    row = (await session.execute(found)).one_or_none()
    if row is None:
        return None
    return HoldStory(row.id, Money(row.amount, row.currency), row.created_at, row.outcome, row.resolved_at)


async def is_posted(session: AsyncSession, transfer_id: UUID) -> bool:
    """Whether there is a transfer of that id."""
    return await session.scalar(select(TRANSFER.c.id).where(TRANSFER.c.id == transfer_id)) is not None


async def standing_by_journal(session: AsyncSession, account_id: UUID) -> list[Standing]:
    """The journals that have left something on the account, the oldest first: it is read whole, so keep it small."""
    account = (
        await session.execute(select(ACCOUNT.c.kind, ACCOUNT.c.currency).where(ACCOUNT.c.id == account_id))
    ).one()
    sign = AccountKind(account.kind).sign
    return [
        Standing(row.journal_id, Money(sign * row.left_there, account.currency), row.since)
        for row in await session.execute(_left(account_id))
    ]


async def parked(session: AsyncSession, after: UUID | None = None, limit: int = 100) -> list[Parked]:
    """Whose money a ceiling keeps from their wallet; the next page comes `after` the last one's account."""
    found = select(ACCOUNT.c.id, ACCOUNT.c.owner, ACCOUNT.c.balance, ACCOUNT.c.currency)
    found = found.where(PARKED, ACCOUNT.c.balance > 0).order_by(ACCOUNT.c.id).limit(limit)
    rows = await session.execute(found if after is None else found.where(ACCOUNT.c.id > after))
    return [Parked(row.id, row.owner, Money(row.balance, row.currency)) for row in rows]


def _left(account_id: UUID) -> Select[Any]:
    signed: ColumnElement[int] = case((TRANSFER.c.credit_id == account_id, TRANSFER.c.amount), else_=-TRANSFER.c.amount)
    left_there = cast(func.sum(signed), BigInteger)
    since = func.min(TRANSFER.c.created_at)
    return (
        select(TRANSFER.c.journal_id, left_there.label("left_there"), since.label("since"))
        .where(or_(TRANSFER.c.debit_id == account_id, TRANSFER.c.credit_id == account_id))
        .group_by(TRANSFER.c.journal_id)
        .having(left_there != 0)
        .order_by(since)
    )
