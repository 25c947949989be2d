"""What a batch must know before it is decided, asked in few questions, each built once for each engine."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    Row,
    Select,
    bindparam,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)

from core.clock import now
from core.db import Id
from core.money import Money
from core.rows import among
from ledger.accounts import AccountKey, AccountKind, AccountMode, open_together
from ledger.books import Books, Original, Reservation, Standing, Used
from ledger.commands import Command, PlaceHold, Post, PostHold, Reverse, VoidHold
from ledger.tables import ACCOUNT, HOLD, REFUSAL, RESOLUTION, TRANSFER
from ledger.verdicts import RefusalReason, Refused, Replayed


@dataclass(slots=True)
class _Subjects:
    """The ids that a batch names."""

    accounts: set[UUID] = field(default_factory=set)
    # The accounts whose row is needed alone even if they are the house's own: for what is held of them, or reversed.
    queued: set[UUID] = field(default_factory=set)
    commands: set[UUID] = field(default_factory=set)
    journals: set[UUID] = field(default_factory=set)
    holds: set[UUID] = field(default_factory=set)
    originals: set[UUID] = field(default_factory=set)


def read_books(connection: Connection, batch: Sequence[Command]) -> Books:
    """Lock the accounts that the batch concerns, and read all that its commands are decided upon."""
    subjects = _subjects(batch)
    holds = _holds(connection, subjects)
    originals = _originals(connection, subjects)
    accounts = _accounts(connection, subjects)
    # Holds and originals never change and may be read before the locks; what became of them is read after.
    _read_outcomes(connection, holds)
    _read_reversals(connection, originals)
    used, legs = _used(connection, subjects)
    books = Books(now(), accounts, used, legs, holds, originals)
    _expire(connection, books)
    return books


def read_new_books(connection: Connection, keys: Set[AccountKey]) -> tuple[Books, dict[AccountKey, UUID]]:
    """Lock these accounts, opened now unless they exist, for commands that are surely said for the first time.

    Asks one question where `read_books` asks three. Should a command have been said before nevertheless, writing it
    fails. Gives the books and the id of each account.
    """
    rows = _accounts_of(connection, keys)
    ids = {(row.owner, AccountKind(row.kind), row.currency): row.id for row in rows}
    missing = keys - ids.keys()
    if missing:
        open_together(connection, missing)
        return read_new_books(connection, keys)
    accounts = {row.id: _standing(row) for row in rows}
    books = Books(now(), accounts, used={}, legs=set(), holds={}, originals={})
    _expire(connection, books)
    return books, ids


def _subjects(batch: Iterable[Command]) -> _Subjects:
    subjects = _Subjects()
    for command in batch:
        match command:
            case Post():
                subjects.accounts |= {command.debit, command.credit}
            case PlaceHold():
                subjects.accounts |= {command.debit, command.credit}
                subjects.queued.add(command.debit)
            case PostHold() | VoidHold():
                subjects.holds.add(command.hold)
            case Reverse():
                subjects.originals.add(command.transfer)
        if not isinstance(command, VoidHold):
            subjects.commands.add(command.id)
        if not isinstance(command, (VoidHold, PlaceHold)):
            subjects.journals.add(command.journal)
    return subjects


def _holds(connection: Connection, subjects: _Subjects) -> dict[UUID, Reservation]:
    if not subjects.holds:
        return {}
    rows = connection.execute(_holds_query(connection.dialect.name), {"ids": list(subjects.holds)})
    holds = {
        row.id: Reservation(row.debit_id, row.credit_id, Money(row.amount, row.currency), row.kind) for row in rows
    }
    for hold in holds.values():
        subjects.accounts |= {hold.debit, hold.credit}
        subjects.queued.add(hold.debit)
    return holds


def _originals(connection: Connection, subjects: _Subjects) -> dict[UUID, Original]:
    if not subjects.originals:
        return {}
    rows = connection.execute(_originals_query(connection.dialect.name), {"ids": list(subjects.originals)})
    originals = {row.id: Original(row.debit_id, row.credit_id, Money(row.amount, row.currency)) for row in rows}
    for original in originals.values():
        subjects.accounts |= {original.debit, original.credit}
        subjects.queued.add(original.debit)
    return originals


def _accounts(connection: Connection, subjects: _Subjects) -> dict[UUID, Standing]:
    lists = {"ids": list(subjects.accounts), "queued": list(subjects.queued)}
    rows = connection.execute(_accounts_query(connection.dialect.name), lists)
    return {row.id: _standing(row) for row in rows}


def _accounts_of(connection: Connection, keys: Set[AccountKey]) -> list[Row[Any]]:
    owners = list({owner for owner, _, _ in keys})
    rows = connection.execute(_accounts_of_query(connection.dialect.name), {"owners": owners, "others": owners})
    return list(rows)


def _standing(row: Row[Any]) -> Standing:
    return Standing(row.currency, AccountMode(row.mode), row.closed_at is not None, row.balance, row.held)


def _read_outcomes(connection: Connection, holds: dict[UUID, Reservation]) -> None:
    if holds:
        for row in connection.execute(_outcomes_query(connection.dialect.name), {"ids": list(holds)}):
            holds[row.hold_id].outcome = row.outcome


def _read_reversals(connection: Connection, originals: dict[UUID, Original]) -> None:
    if originals:
        for row in connection.execute(_reversals_query(connection.dialect.name), {"ids": list(originals)}):
            originals[row.reverses_id].reversed = row.total


def _used(connection: Connection, subjects: _Subjects) -> tuple[dict[UUID, Used], set[tuple[UUID, int]]]:
    """The batch's ids that stand for something already, and the legs that its journals have."""
    if not subjects.commands:
        return {}, set()
    lists = {"ids": list(subjects.commands), "journals": list(subjects.journals)}
    used: dict[UUID, Used] = {}
    legs: set[tuple[UUID, int]] = set()
    for row in connection.execute(_used_query(connection.dialect.name), lists):
        verdict = Refused(RefusalReason(row.reason)) if row.reason else Replayed()
        used[row.id] = Used(row.fingerprint, verdict)
        if row.journal_id:
            legs.add((row.journal_id, row.leg))
    return used, legs


def _expire(connection: Connection, books: Books) -> None:
    """Release what holds past their time still reserve of the accounts concerned: nobody has to sweep."""
    reserved = [account_id for account_id, standing in books.accounts.items() if standing.held]
    if reserved:
        lists = {"ids": reserved, "moment": books.moment}
        for row in connection.execute(_expired_query(connection.dialect.name), lists):
            books.expire(row.id, row.debit_id, row.amount)


@cache
def _accounts_query(engine: str) -> CompoundSelect[Any]:
    """Members' rows are locked, in the order of their ids; the house's own are read, never waited for."""
    columns = [ACCOUNT.c[name] for name in ("id", "currency", "mode", "closed_at", "balance", "held")]
    concerned = among(engine, ACCOUNT.c.id, "ids")
    queued = or_(ACCOUNT.c.mode != AccountMode.SYSTEM, among(engine, ACCOUNT.c.id, "queued"))
    locked = (
        select(*columns).where(concerned, queued).order_by(ACCOUNT.c.id).with_for_update(key_share=True).cte("locked")
    )
    return union_all(select(locked), select(*columns).where(concerned, not_(queued)))


@cache
def _accounts_of_query(engine: str) -> CompoundSelect[Any]:
    """All accounts of these owners; members' rows are locked, as above."""
    columns = [ACCOUNT.c[name] for name in ("id", "owner", "kind", "currency", "mode", "closed_at", "balance", "held")]
    queued = ACCOUNT.c.mode != AccountMode.SYSTEM
    members = select(*columns).where(among(engine, ACCOUNT.c.owner, "owners"), queued)
    locked = members.order_by(ACCOUNT.c.id).with_for_update(key_share=True).cte("locked")
    return union_all(select(locked), select(*columns).where(among(engine, ACCOUNT.c.owner, "others"), not_(queued)))


@cache
def _used_query(engine: str) -> CompoundSelect[Any]:
    no_reason, no_leg = (
        null().label("reason"),
        (literal(None, Id).label("journal_id"), literal(None, BigInteger).label("leg")),
    )
    transfers = select(TRANSFER.c.id, TRANSFER.c.fingerprint, no_reason, TRANSFER.c.journal_id, TRANSFER.c.leg)
    holds = select(HOLD.c.id, HOLD.c.fingerprint, no_reason, *no_leg)
    refusals = select(REFUSAL.c.id, REFUSAL.c.fingerprint, REFUSAL.c.reason, *no_leg)
    return union_all(
        refusals.where(among(engine, REFUSAL.c.id, "ids")),
        holds.where(among(engine, HOLD.c.id, "ids")),
        transfers.where(or_(among(engine, TRANSFER.c.id, "ids"), among(engine, TRANSFER.c.journal_id, "journals"))),
    )


@cache
def _holds_query(engine: str) -> Select[Any]:
    columns = [HOLD.c[name] for name in ("id", "debit_id", "credit_id", "amount", "kind")]
    with_currency = select(*columns, ACCOUNT.c.currency).join(ACCOUNT, ACCOUNT.c.id == HOLD.c.debit_id)
    return with_currency.where(among(engine, HOLD.c.id, "ids"))


@cache
def _originals_query(engine: str) -> Select[Any]:
    columns = [TRANSFER.c[name] for name in ("id", "debit_id", "credit_id", "amount")]
    with_currency = select(*columns, ACCOUNT.c.currency).join(ACCOUNT, ACCOUNT.c.id == TRANSFER.c.debit_id)
    return with_currency.where(among(engine, TRANSFER.c.id, "ids"))


@cache
def _outcomes_query(engine: str) -> Select[Any]:
    return select(RESOLUTION.c.hold_id, RESOLUTION.c.outcome).where(among(engine, RESOLUTION.c.hold_id, "ids"))


@cache
def _reversals_query(engine: str) -> Select[Any]:
    total = cast(func.sum(TRANSFER.c.amount), BigInteger).label("total")
    reversals = select(TRANSFER.c.reverses_id, total).where(among(engine, TRANSFER.c.reverses_id, "ids"))
    return reversals.group_by(TRANSFER.c.reverses_id)


@cache
def _expired_query(engine: str) -> Select[Any]:
    holds = select(HOLD.c.id, HOLD.c.debit_id, HOLD.c.amount).outerjoin(RESOLUTION, RESOLUTION.c.hold_id == HOLD.c.id)
    return holds.where(
        among(engine, HOLD.c.debit_id, "ids"), HOLD.c.expires_at <= bindparam("moment"), RESOLUTION.c.hold_id.is_(None)
    )
