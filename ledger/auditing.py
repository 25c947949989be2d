"""The audit: the whole ledger counted again from what was written, and compared with what it keeps."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, Subquery, and_, cast, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import AccountMode, kept_balance
from ledger.tables import ACCOUNT, ENTRY, HOLD, RESOLUTION, TRANSFER


@dataclass(frozen=True, slots=True)
class Total:
    """A currency's sums, in its smallest unit. `balances` are all that accounts keep, credits minus debits."""

    currency: str
    debits: int
    credits: int
    balances: int

    @property
    def is_even(self) -> bool:
        return self.debits == self.credits and self.balances == 0


@dataclass(frozen=True, slots=True)
class Difference:
    """An account that keeps something else than its transfers and holds say, or a member's that stands below zero."""

    account_id: UUID
    balance: int
    rebuilt_balance: int
    held: int
    rebuilt_held: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found; `is_clean` when debits equal credits in each currency and no account differs."""

    totals: list[Total]
    differences: list[Difference]

    @property
    def is_clean(self) -> bool:
        return not self.differences and all(total.is_even for total in self.totals)


async def audit(session: AsyncSession) -> Audit:
    """Count the ledger again. Each question is one statement, so that it sees one single moment of a busy ledger."""
    totals = await session.execute(_totals())
    differences = await session.execute(_differences())
    return Audit([Total(*row) for row in totals], [Difference(*row) for row in differences])


def _totals() -> Select[Any]:
    sides = union_all(
        _sums(_side(TRANSFER.c.debit_id), debits=TRANSFER.c.amount),
        _sums(_side(TRANSFER.c.credit_id), credits_=TRANSFER.c.amount),
        _sums(ACCOUNT, balances=kept_balance()),
    ).subquery()
    columns = (_sum(sides.c[name]).label(name) for name in ("debits", "credits", "balances"))
    return select(sides.c.currency, *columns).group_by(sides.c.currency).order_by(sides.c.currency)


def _side(account_id: ColumnElement[UUID]) -> FromClause:
    return TRANSFER.join(ACCOUNT, ACCOUNT.c.id == account_id)


def _sums(source: FromClause, debits: Any = 0, credits_: Any = 0, balances: Any = 0) -> Select[Any]:
    columns = (_sum(debits).label("debits"), _sum(credits_).label("credits"), _sum(balances).label("balances"))
    return select(ACCOUNT.c.currency, *columns).select_from(source).group_by(ACCOUNT.c.currency)


def _differences() -> Select[Any]:
    moved, reserved = _moved(), _reserved()
    balance, held = kept_balance(), ACCOUNT.c.held
    rebuilt, rebuilt_held = func.coalesce(moved.c.amount, 0), func.coalesce(reserved.c.amount, 0)
    below_zero = and_(ACCOUNT.c.mode == AccountMode.MEMBER, balance - held < 0)
    return (
        select(ACCOUNT.c.id, balance, rebuilt, held, rebuilt_held)
        .outerjoin(moved, moved.c.account_id == ACCOUNT.c.id)
        .outerjoin(reserved, reserved.c.account_id == ACCOUNT.c.id)
        .where(or_(balance != rebuilt, held != rebuilt_held, below_zero))
        .order_by(ACCOUNT.c.id)
    )


def _moved() -> Subquery:
    """Each account's balance, from its entries."""
    return select(ENTRY.c.account_id, _sum(ENTRY.c.amount).label("amount")).group_by(ENTRY.c.account_id).subquery()


def _reserved() -> Subquery:
    """What is held of each account, from the holds that nothing has resolved."""
    open_holds = (
        select(HOLD.c.debit_id.label("account_id"), _sum(HOLD.c.amount).label("amount"))
        .outerjoin(RESOLUTION, RESOLUTION.c.hold_id == HOLD.c.id)
        .where(RESOLUTION.c.hold_id.is_(None))
    )
    return open_holds.group_by(HOLD.c.debit_id).subquery()


def _sum(value: Any) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(value), 0), BigInteger)
