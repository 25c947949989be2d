"""A member's history: every deposit, payout and send of theirs, newest first, the pending ones too."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Id, UtcDateTime
from core.money import Money
from payments.corrections import Correction, CorrectionKind
from payments.deposits import Deposit
from payments.payouts import Payout
from payments.sends import Send


class LineKind(StrEnum):
    DEPOSIT = "deposit"
    PAYOUT = "payout"
    SENT = "sent"
    RECEIVED = "received"
    DEPOSIT_REVERSAL = "deposit_reversal"
    PAYOUT_REVERSAL = "payout_reversal"
    CREDITED = "credited"
    RECOVERED = "recovered"
    DEBT_PAID = "debt_paid"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ends; the next one starts just before it, whatever has happened since."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, or is still to."""

    id: UUID
    """The deposit's, payout's or send's."""
    kind: LineKind
    at: datetime
    reference: str
    state: str
    """A `DepositState` or `PayoutState`; `completed` for a send."""
    amount: Money
    """Above zero when it comes into the wallet, below when it leaves it; a payout's fee is not in it."""
    fee: Money
    parked: Money
    """The part that a cap keeps from the wallet."""
    method: str | None
    note: str | None
    counterparty_id: UUID | None
    """The other member of a send."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first; `before` asks for the next page, None where there is none."""

    lines: list[Line]
    before: Cursor | None


async def history(session: AsyncSession, member_id: UUID, before: Cursor | None = None, limit: int = 10) -> Page:
    """The member's `limit` newest lines, or those that come after `before` going back in time."""
    # Each branch reads its own index from the cursor on: the whole past is never read for a page of it.
    branches = [_newest(branch, before, limit + 1) for branch in _branches(member_id)]
    merged = union_all(*branches).subquery()
    rows = await session.execute(select(merged).order_by(merged.c.at.desc(), merged.c.id.desc()).limit(limit + 1))
    found = [_line(row) for row in rows]
    lines = found[:limit]
    return Page(lines, Cursor(lines[-1].at, lines[-1].id) if len(found) > limit else None)


async def payment_referred_to(session: AsyncSession, member_id: UUID, text: str) -> tuple[str, UUID, str] | None:
    """The kind, id and reference of the member's own deposit, payout or send that is called so, however it is typed."""
    reference = "".join(text.split()).upper()
    sends = or_(Send.sender_id == member_id, Send.recipient_id == member_id)
    for kind, table, is_theirs in (
        ("deposit", Deposit, Deposit.member_id == member_id),
        ("payout", Payout, Payout.member_id == member_id),
        ("send", Send, sends),
    ):
        found = await session.scalar(select(table.id).where(table.reference == reference, is_theirs))
        if found is not None:
            return kind, found, reference
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Branch:
    """One kind of line, as columns of its table."""

    kind: Any
    table: type[Deposit | Payout | Send | Correction]
    at: Any
    where: ColumnElement[bool]
    amount: Any
    state: Any
    fee: Any
    parked: Any
    method: Any
    note: Any
    counterparty_id: Any


def _branches(member_id: UUID) -> list[_Branch]:
    deposits = _Branch(
        kind=LineKind.DEPOSIT, table=Deposit, at=Deposit.created_at, where=Deposit.member_id == member_id,
        amount=func.coalesce(Deposit.received, Deposit.amount), state=Deposit.state, fee=Deposit.fee,
        parked=Deposit.parked, method=Deposit.method, note=None, counterparty_id=None,
    )  # fmt: skip
    payouts = _Branch(
        kind=LineKind.PAYOUT, table=Payout, at=Payout.created_at, where=Payout.member_id == member_id,
        amount=-Payout.amount, state=Payout.state, fee=Payout.fee, parked=0, method=Payout.method, note=None,
        counterparty_id=None,
    )  # fmt: skip
    sent = _Branch(
        kind=LineKind.SENT, table=Send, at=Send.created_at, where=Send.sender_id == member_id, amount=-Send.amount,
        state="completed", fee=0, parked=0, method=None, note=Send.note, counterparty_id=Send.recipient_id,
    )  # fmt: skip
    received = replace(
        sent, kind=LineKind.RECEIVED, where=Send.recipient_id == member_id, amount=Send.amount, parked=Send.parked,
        counterparty_id=Send.sender_id,
    )  # fmt: skip
    taken_back = replace(
        deposits, kind=LineKind.DEPOSIT_REVERSAL, at=Deposit.reversed_at, amount=-Deposit.received, parked=0,
        where=and_(Deposit.member_id == member_id, Deposit.reversed_at.is_not(None)),
    )  # fmt: skip
    given_back = replace(
        payouts, kind=LineKind.PAYOUT_REVERSAL, at=Payout.reversed_at, amount=Payout.amount,
        where=and_(Payout.member_id == member_id, Payout.reversed_at.is_not(None)),
    )  # fmt: skip
    mine, comes_in = Correction.member_id == member_id, Correction.kind == CorrectionKind.CREDITED
    corrections = replace(
        sent, kind=Correction.kind, table=Correction, at=Correction.created_at, note=None, counterparty_id=None,
        where=and_(mine, Correction.amount != Correction.owed),
        amount=case((comes_in, Correction.amount), else_=Correction.owed - Correction.amount),
    )  # fmt: skip
    return [deposits, payouts, sent, received, taken_back, given_back, corrections]


def _newest(branch: _Branch, before: Cursor | None, limit: int) -> Select[Any]:
    # The casts name each column's type: PostgreSQL wants it for a NULL, and words of different kinds meet here.
    columns = (
        cast(branch.kind, String).label("kind"),
        branch.table.id.label("id"),
        type_coerce(branch.at, UtcDateTime).label("at"),
        branch.table.reference.label("reference"),
        cast(branch.state, String).label("state"),
        cast(branch.amount, BigInteger).label("amount"),
        branch.table.currency.label("currency"),
        cast(branch.fee, BigInteger).label("fee"),
        cast(branch.parked, BigInteger).label("parked"),
        cast(branch.method, String).label("method"),
        cast(branch.note, String).label("note"),
        type_coerce(branch.counterparty_id, Id).label("counterparty_id")
        if branch.counterparty_id is not None
        else cast(null(), Id).label("counterparty_id"),
    )
    query = select(*columns).where(branch.where).order_by(branch.at.desc(), branch.table.id.desc()).limit(limit)
    if before is not None:
        # As our own types: SQLite would compare an id as it keeps it with another that is written out.
        end = tuple_(literal(before.at, UtcDateTime), literal(before.id, Id))
        query = query.where(tuple_(branch.at, branch.table.id) < end)
    # A branch of its own, because SQLite takes no ORDER BY inside a UNION.
    return select(query.subquery())


def _line(row: Row[Any]) -> Line:
    return Line(
        id=row.id,
        kind=LineKind(row.kind),
        at=row.at,
        reference=row.reference,
        state=row.state,
        amount=Money(row.amount, row.currency),
        fee=Money(row.fee, row.currency),
        parked=Money(row.parked, row.currency),
        method=row.method,
        note=row.note,
        counterparty_id=row.counterparty_id,
    )
