"""A member's history: everything that came into their wallet and went out of it, newest first, the pending too.

Deposits, payouts, sends and corrections have rows of their own; what tontines and complaints moved is read off the
ledger. All that is done comes to what stands in the wallet, with what a cap keeps from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
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
from ledger import AccountKind
from ledger.tables import ACCOUNT, TRANSFER
from members import Member, wallet_owner
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
    CONTRIBUTION = "contribution"
    ADVANCE = "advance"
    ADVANCE_RETURNED = "advance_returned"
    CONTRIBUTION_REVERSAL = "contribution_reversal"
    FINE = "fine"
    FUND = "fund"
    GRANT = "grant"
    CAUTION = "caution"
    CAUTION_RETURNED = "caution_returned"
    POT = "pot"
    BUY_IN = "buy_in"
    COMPENSATION = "compensation"


# Kinds of transfers, as those who post them call them in the ledger.
_OF_THE_LEDGER = (
    LineKind.CONTRIBUTION, LineKind.ADVANCE, LineKind.ADVANCE_RETURNED, LineKind.FINE, LineKind.FUND, LineKind.GRANT,
    LineKind.CAUTION, LineKind.CAUTION_RETURNED, LineKind.POT, LineKind.BUY_IN, LineKind.COMPENSATION,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ends; the next one starts just before it, whatever has happened since."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, or is still to."""

    id: UUID
    """The deposit's, payout's or send's, or the transfer's."""
    kind: LineKind
    at: datetime
    reference: str
    """Empty for what only the ledger tells."""
    state: str
    """A `DepositState` or `PayoutState`; `completed` for all that is neither."""
    amount: Money
    """Above zero when it comes into the wallet, below when it leaves it; a payout's fee is not in it."""
    fee: Money
    parked: Money
    """The part that a cap keeps from the wallet."""
    method: str | None
    note: str | None
    counterparty_id: UUID | None
    """The other member of a send."""
    owner: str | None
    """Whose the other account is, as the ledger says it, for what only the ledger tells."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first; `before` asks for the next page, None where there is none."""

    lines: list[Line]
    before: Cursor | None


async def history(session: AsyncSession, member_id: UUID, before: Cursor | None = None, limit: int = 10) -> Page:
    """The member's `limit` newest lines, or those that come after `before` going back in time."""
    # Each branch reads its own index from the cursor on: the whole past is never read for a page of it.
    engine, wallets = session.get_bind().dialect.name, await _wallets(session, member_id)
    branches = [_newest(each, before, limit + 1) for each in (*_branches(member_id), *_of_the_ledger(engine, wallets))]
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
    id: Any
    reference: Any
    currency: Any
    at: Any
    where: ColumnElement[bool]
    amount: Any
    state: Any = "completed"
    fee: Any = 0
    parked: Any = 0
    method: Any = None
    note: Any = None
    counterparty_id: Any = None
    owner: Any = None


def _branches(member_id: UUID) -> list[_Branch]:
    deposits = _Branch(
        kind=LineKind.DEPOSIT, **_named(Deposit), at=Deposit.created_at, where=Deposit.member_id == member_id,
        amount=func.coalesce(Deposit.received, Deposit.amount), state=Deposit.state, fee=Deposit.fee,
        parked=Deposit.parked, method=Deposit.method,
    )  # fmt: skip
    payouts = _Branch(
        kind=LineKind.PAYOUT, **_named(Payout), at=Payout.created_at, where=Payout.member_id == member_id,
        amount=-Payout.amount, state=Payout.state, fee=Payout.fee, method=Payout.method,
    )  # fmt: skip
    sent = _Branch(
        kind=LineKind.SENT, **_named(Send), at=Send.created_at, where=Send.sender_id == member_id, amount=-Send.amount,
        note=Send.note, counterparty_id=Send.recipient_id,
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
    corrections = _Branch(
        kind=Correction.kind, **_named(Correction), at=Correction.created_at,
        where=and_(mine, Correction.amount != Correction.owed),
        amount=case((comes_in, Correction.amount), else_=Correction.owed - Correction.amount),
    )  # fmt: skip
    return [deposits, payouts, sent, received, taken_back, given_back, corrections]


def _named(table: type[Deposit | Payout | Send | Correction]) -> dict[str, Any]:
    return {"id": table.id, "reference": table.reference, "currency": table.currency}


def _of_the_ledger(engine: str, wallets: Sequence[UUID]) -> list[_Branch]:
    """What left these wallets, and what came in."""
    return [
        _transfers(engine, wallets, TRANSFER.c.debit_id, TRANSFER.c.credit_id, -TRANSFER.c.amount),
        _transfers(engine, wallets, TRANSFER.c.credit_id, TRANSFER.c.debit_id, TRANSFER.c.amount),
    ]


def _transfers(
    engine: str, wallets: Sequence[UUID], own: Column[UUID], other: Column[UUID], amount: ColumnElement[int]
) -> _Branch:
    original, here, there = TRANSFER.alias(), ACCOUNT.alias(), ACCOUNT.alias()
    reversed_kind = select(original.c.kind).where(original.c.id == TRANSFER.c.reverses_id).scalar_subquery()
    is_reversal = TRANSFER.c.reverses_id.is_not(None)
    # Once somebody has run ANALYZE, SQLite takes every wallet for one as busy as the house's, and reads everybody's.
    is_theirs = func.unlikely(own.in_(wallets)) if engine == "sqlite" else own.in_(wallets)
    is_told = or_(TRANSFER.c.kind.in_(_OF_THE_LEDGER), and_(is_reversal, reversed_kind.in_(_OF_THE_LEDGER)))
    return _Branch(
        kind=case((is_reversal, LineKind.CONTRIBUTION_REVERSAL.value), else_=TRANSFER.c.kind), id=TRANSFER.c.id,
        reference="", currency=select(here.c.currency).where(here.c.id == own).scalar_subquery(),
        at=TRANSFER.c.created_at, where=and_(is_theirs, is_told), amount=amount,
        owner=select(there.c.owner).where(there.c.id == other).scalar_subquery(),
    )  # fmt: skip


async def _wallets(session: AsyncSession, member_id: UUID) -> Sequence[UUID]:
    """The member's, and those of whoever turned out to be them: what these moved before is in the ledger still."""
    members = [member_id]
    for each in members:
        members += await session.scalars(select(Member.id).where(Member.united_with == each))
    owners = [wallet_owner(each) for each in members]
    theirs = select(ACCOUNT.c.id).where(ACCOUNT.c.owner.in_(owners), ACCOUNT.c.kind == AccountKind.WALLET.value)
    return (await session.scalars(theirs)).all()


def _newest(branch: _Branch, before: Cursor | None, limit: int) -> Select[Any]:
    # The casts name each column's type: PostgreSQL wants it for a NULL, and words of different kinds meet here.
    columns = (
        cast(branch.kind, String).label("kind"),
        branch.id.label("id"),
        type_coerce(branch.at, UtcDateTime).label("at"),
        cast(branch.reference, String).label("reference"),
        cast(branch.state, String).label("state"),
        cast(branch.amount, BigInteger).label("amount"),
        cast(branch.currency, String).label("currency"),
        cast(branch.fee, BigInteger).label("fee"),
        cast(branch.parked, BigInteger).label("parked"),
        cast(branch.method, String).label("method"),
        cast(branch.note, String).label("note"),
        type_coerce(branch.counterparty_id, Id).label("counterparty_id")
        if branch.counterparty_id is not None
        else cast(null(), Id).label("counterparty_id"),
        cast(branch.owner, String).label("owner"),
    )
    query = select(*columns).where(branch.where).order_by(branch.at.desc(), branch.id.desc()).limit(limit)
    if before is not None:
        # As our own types: SQLite would compare an id as it keeps it with another that is written out.
        end = tuple_(literal(before.at, UtcDateTime), literal(before.id, Id))
        query = query.where(tuple_(branch.at, branch.id) < end)
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
        owner=row.owner,
    )
