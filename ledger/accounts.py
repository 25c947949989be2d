"""Accounts: who owns one, what kind it is, and what stands on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, Select, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import now
from core.ids import new_id
from core.money import XOF, Money
from ledger.tables import ACCOUNT, HOLD, RESOLUTION, SLOT, insert_if_new


class AccountMode(StrEnum):
    """How far an account may go: a member's never below zero, a credit line and the house's own both ways."""

    MEMBER = "member"
    CREDIT_LINE = "credit_line"
    SYSTEM = "system"


class AccountKind(StrEnum):
    """What an account is for."""

    WALLET = "wallet"  # a member's money
    PARKED = "parked"  # a member's money that a cap keeps from the wallet: "to be released"
    RECEIVABLE = "receivable"  # what a member owes us
    POT = "pot"  # money a tontine keeps: a round's, an advance, a security deposit, its fund
    PROVIDER = "provider"  # our merchant balance at GetMiPay
    FEES = "fees"  # our income
    CASH = "cash"  # banknotes in a tontine's hands, outside of every wallet
    SUSPENSE = "suspense"  # where a person must look

    @property
    def mode(self) -> AccountMode:
        """The mode that accounts of this kind have."""
        if self in {AccountKind.WALLET, AccountKind.PARKED, AccountKind.POT}:
            return AccountMode.MEMBER
        return AccountMode.CREDIT_LINE if self is AccountKind.RECEIVABLE else AccountMode.SYSTEM

    @property
    def sign(self) -> int:
        """What makes credits minus debits the owner's view: -1 for an asset (our merchant balance, cash), else 1."""
        return -1 if self in {AccountKind.PROVIDER, AccountKind.CASH} else 1


AccountKey: TypeAlias = tuple[str, AccountKind, str]
"""Owner, kind and currency: what an account is found by."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `owner` is an opaque key, such as `member:…`, `round:…` or `house`."""

    id: UUID
    owner: str
    kind: AccountKind
    currency: str
    closed_at: datetime | None
    created_at: datetime

    @property
    def mode(self) -> AccountMode:
        return self.kind.mode


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands on an account, as its owner sees it: money is positive, a debt (a receivable) negative."""

    posted: Money
    held: Money

    @property
    def available(self) -> Money:
        return self.posted - self.held


async def open_account(session: AsyncSession, owner: str, kind: AccountKind, currency: str = XOF) -> Account:
    """The owner's account of that kind, opened now unless it exists; two who open it at once get the same one.

    A closed account is given back as it is, closed.
    """
    found = await account(session, owner, kind, currency)
    if found:
        return found
    # Whoever comes second waits here for the first, inserts nothing, and reads the first one's account below.
    values = {
        "id": new_id(),
        "owner": owner,
        "kind": kind,
        "mode": kind.mode,
        "currency": currency,
        "created_at": now(),
    }
    await session.execute(insert_if_new(session.get_bind().dialect.name, ACCOUNT).values(values))
    opened = await account(session, owner, kind, currency)
    assert opened is not None  # noqa: S101 - an account is never deleted
    return opened


async def account(session: AsyncSession, owner: str, kind: AccountKind, currency: str = XOF) -> Account | None:
    """The owner's account of that kind, or None where there is none yet."""
    wanted = (ACCOUNT.c.owner == owner, ACCOUNT.c.kind == kind, ACCOUNT.c.currency == currency)
    row = (await session.execute(select(*_ACCOUNT_COLUMNS).where(*wanted))).one_or_none()
    return _account(row) if row else None


def open_together(connection: Connection, keys: Iterable[AccountKey]) -> None:
    """Open each of these accounts unless it exists, as `open_account` does."""
    moment, new = now(), insert_if_new(connection.dialect.name, ACCOUNT)
    # In one order everywhere: who comes second waits for the first.
    for owner, kind, currency in sorted(keys):
        values = {"owner": owner, "kind": kind, "mode": kind.mode, "currency": currency, "created_at": moment}
        connection.execute(new.values(id=new_id(), **values))


async def close_account(session: AsyncSession, account_id: UUID) -> None:
    """Close an account for good. Raises ValueError unless it is a member's, empty, and nothing of it is held."""
    closable = (ACCOUNT.c.mode != AccountMode.SYSTEM, ACCOUNT.c.balance == 0, ACCOUNT.c.held == 0)
    statement = update(ACCOUNT).where(ACCOUNT.c.id == account_id, *closable)
    closed = await session.execute(
        statement.values(closed_at=func.coalesce(ACCOUNT.c.closed_at, now())).returning(ACCOUNT.c.id)
    )
    if closed.one_or_none() is None:
        raise ValueError(f"account {account_id} is not an empty account of a member")


async def balance(session: AsyncSession, account_id: UUID) -> Balance:
    """What stands on the account now. Raises KeyError where there is no such account.

    What an expired hold reserved counts as released from its very moment, though the row is written only when
    the account next moves.
    """
    row = (await session.execute(_balance_query(account_id, now()))).one_or_none()
    if row is None:
        raise KeyError(account_id)
    posted = Money(row.balance * AccountKind(row.kind).sign, row.currency)
    return Balance(posted, Money(row.held, row.currency))


def kept_balance() -> ColumnElement[int]:
    """The balance as the database keeps it, credits minus debits: the account's own row and its slots together."""
    slots = select(func.sum(SLOT.c.balance)).where(SLOT.c.account_id == ACCOUNT.c.id).scalar_subquery()
    return ACCOUNT.c.balance + cast(func.coalesce(slots, 0), BigInteger)


_ACCOUNT_COLUMNS = tuple(ACCOUNT.c[name] for name in ("id", "owner", "kind", "currency", "closed_at", "created_at"))


def _account(row: Row[Any]) -> Account:
    return Account(row.id, row.owner, AccountKind(row.kind), row.currency, row.closed_at, row.created_at)


def _balance_query(account_id: UUID, moment: datetime) -> Select[Any]:
    expired = (
        select(func.sum(HOLD.c.amount))
        .outerjoin(RESOLUTION, RESOLUTION.c.hold_id == HOLD.c.id)
        .where(HOLD.c.debit_id == ACCOUNT.c.id, HOLD.c.expires_at <= moment, RESOLUTION.c.hold_id.is_(None))
        .scalar_subquery()
    )
    held = ACCOUNT.c.held - cast(func.coalesce(expired, 0), BigInteger)
    columns = (ACCOUNT.c.kind, ACCOUNT.c.currency, kept_balance().label("balance"), held.label("held"))
    return select(*columns).where(ACCOUNT.c.id == account_id)
