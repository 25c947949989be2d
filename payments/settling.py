"""Settling many deposits in one transaction of a few statements: the plain ones, which nearly all are.

A plain settlement is a completed deposit of the right amount, in nobody's doubt and under every cap. Whatever else
is said, or found when looking, is answered None and takes the long way (`take_event`) in a transaction of its own; both
ways lead to the same rows. Locks are taken in the house's order: payments by id, events, accounts by id.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias, cast
from uuid import UUID

from sqlalchemy import Connection, Row, Select, Table, Update, and_, bindparam, or_, select, update

import ledger
from core import clock
from core.events import published_together
from core.ids import new_id
from core.money import Money
from core.rows import Change, Insertion, among
from ledger import AccountKind
from ledger.accounts import AccountKey
from ledger.books import Books
from ledger.reading import read_new_books
from ledger.writing import write_books
from members import Member, wallet_owner
from members.limits import limits_of_tier
from payments.deposit_states import DepositState, settles
from payments.deposits import Deposit
from payments.limits import loaded_together
from payments.methods import Direction
from payments.postings import HOUSE, Leg, leg_id
from payments.provider_events import EventState, ProviderEvent, SignedEvent
from payments.reports import Report

_DEPOSIT = cast("Table", Deposit.__table__)
_EVENT = cast("Table", ProviderEvent.__table__)

EventKey: TypeAlias = tuple[str, str]
Named: TypeAlias = defaultdict[str | None, dict[UUID, Row[Any]]]
"""Deposits by each of their names, and then by id."""


def may_be_plain(report: Report) -> bool:
    """Whether it is worth while to look: the event itself says what nearly all of them say."""
    is_completed_deposit = report.direction is Direction.DEPOSIT and report.completed
    return is_completed_deposit and not report.contradicts_itself and report.amount is not None and bool(report.names)


def settle_together(connection: Connection, events: list[SignedEvent]) -> list[EventState | None]:
    """Settle the plain ones of a group; never commits. None for an event that has to go the long way."""
    named, known = _lock_deposits(connection, events)
    group = _Group(known)
    for event in events:
        group.sort_in(event, _named_by(event, named))
    if group.plain:
        _settle(connection, group)
    return [group.answer(event) for event in events]


@dataclass(frozen=True, slots=True)
class _Settlement:
    """One deposit, locked, with the event that completes it."""

    event: SignedEvent
    deposit_id: UUID
    member_id: UUID
    tier: str
    amount: Money
    fee: Money
    accounts: tuple[AccountKey, AccountKey, AccountKey]
    """The wallet, our merchant balance, our fees."""


@dataclass(slots=True)
class _Group:
    """Which events of a group are plain. Who comes after one that is not, about the same event or the same member,
    goes the long way behind it: the order in which they came stays."""

    known: dict[EventKey, str]
    plain: dict[EventKey, _Settlement] = field(default_factory=dict)
    long_way: set[EventKey | UUID] = field(default_factory=set)
    taken: set[UUID] = field(default_factory=set)

    def sort_in(self, event: SignedEvent, deposits: list[Row[Any]]) -> None:
        if event.key in self.known or event.key in self.plain:
            return
        settlement = _settlement(event, deposits)
        if settlement and self.long_way.isdisjoint({event.key, settlement.member_id}) and self._is_first(settlement):
            self.plain[event.key] = settlement
        else:
            self.long_way |= {event.key, *(row.member_id for row in deposits)}

    def answer(self, event: SignedEvent) -> EventState | None:
        settled = self.plain.get(event.key)
        if settled is None:
            return EventState.DUPLICATE if self.known.get(event.key) == event.fingerprint else None
        if settled.event is event:
            return EventState.APPLIED
        return EventState.DUPLICATE if settled.event.fingerprint == event.fingerprint else None

    def _is_first(self, settlement: _Settlement) -> bool:
        """The second event about one deposit has to see what the first one did."""
        if settlement.deposit_id in self.taken:
            return False
        self.taken.add(settlement.deposit_id)
        return True


def _settlement(event: SignedEvent, deposits: list[Row[Any]]) -> _Settlement | None:
    """What the event settles, if it is as plain as it looks."""
    if len(deposits) != 1:
        return None
    (deposit,) = deposits
    report = event.report
    is_clear = settles(deposit.state) and deposit.doubt is None and not deposit.suspended
    amount = Money(deposit.amount, deposit.currency)
    # An id of GetMiPay's that we have yet to learn may match what was set aside before.
    if not is_clear or report.amount != amount or report.transaction_id not in {
        deposit.provider_id, deposit.reference, None,
    }:  # fmt: skip
        return None
    currency = deposit.currency
    accounts = (
        (wallet_owner(deposit.member_id), AccountKind.WALLET, currency),
        (HOUSE, AccountKind.PROVIDER, currency),
        (HOUSE, AccountKind.FEES, currency),
    )
    fee = Money(deposit.fee, currency)
    return _Settlement(event, deposit.id, deposit.member_id, deposit.tier, amount, fee, accounts)


def _settle(connection: Connection, group: _Group) -> None:
    # Each deposit is locked and was never settled: its transfers are new.
    books, accounts = read_new_books(connection, {key for each in group.plain.values() for key in each.accounts})
    # Asked when the wallets are locked, so that two deposits at once cannot both find room.
    loaded = loaded_together(connection, {each.member_id for each in group.plain.values()})
    over_a_cap: set[UUID] = set()
    for key, settlement in list(group.plain.items()):
        wallet = accounts[settlement.accounts[0]]
        if settlement.member_id in over_a_cap or not _has_room(settlement, wallet, books, loaded):
            # It goes the long way after all, and so does whatever of its member comes behind it.
            over_a_cap.add(settlement.member_id)
            del group.plain[key]
        else:
            _decide(books, _commands(settlement, accounts))
    _write(connection, books, list(group.plain.values()))


def _has_room(
    settlement: _Settlement, wallet: UUID, books: Books, loaded: dict[tuple[UUID, str], int]
) -> bool:  # fmt: skip
    """Whether all of it may go into the wallet; then it counts as loaded."""
    limits, standing = limits_of_tier(settlement.tier), books.accounts[wallet]
    month = (settlement.member_id, settlement.amount.currency)
    after = loaded.get(month, 0) + settlement.amount.amount
    held = standing.balance + settlement.amount.amount - settlement.fee.amount
    if standing.closed or after > limits.load_a_month.amount or held > limits.hold_at_most.amount:
        return False
    loaded[month] = after
    return True


def _commands(settlement: _Settlement, accounts: dict[AccountKey, UUID]) -> list[ledger.Post]:
    """What arrived, and our fee of it."""
    wallet, provider, fees = (accounts[key] for key in settlement.accounts)
    legs = (
        (Leg.MAIN, provider, wallet, settlement.amount, "deposit"),
        (Leg.FEE, wallet, fees, settlement.fee, "deposit_fee"),
    )
    return [
        ledger.Post(
            id=leg_id(settlement.deposit_id, leg), debit=debit, credit=credit, amount=amount, kind=kind,
            journal=settlement.deposit_id, leg=leg,
        )
        for leg, debit, credit, amount, kind in legs
        if amount
    ]  # fmt: skip


def _decide(books: Books, commands: Iterable[ledger.Post]) -> None:
    for command in commands:
        verdict = books.decide(command)
        if not isinstance(verdict, ledger.Applied):
            raise TypeError(f"the ledger says {verdict} to {command}")


def _write(connection: Connection, books: Books, settlements: list[_Settlement]) -> None:
    if not settlements:
        write_books(connection, books)
        return
    moment = clock.now()
    events = [_event_row(each.event) for each in settlements]
    settled = {"settled_ids": [each.deposit_id for each in settlements], "moment": moment}
    write_books(
        connection,
        books,
        Insertion(_EVENT, events, {"variant": "", "state": EventState.APPLIED, "received_at": moment}),
        Change(_settled(connection.dialect.name), settled),
        published_together(connection, "deposit.settled", [{"id": str(each.deposit_id)} for each in settlements]),
    )


def _event_row(event: SignedEvent) -> dict[str, object]:
    name, kind = event.key
    return {
        "id": new_id(), "transaction_id": name, "event": kind, "fingerprint": event.fingerprint, "body": event.body,
    }  # fmt: skip


def _lock_deposits(connection: Connection, events: list[SignedEvent]) -> tuple[Named, dict[EventKey, str]]:
    """The deposits that the events name, nobody else's until this transaction ends; and the fingerprints of what was
    said of them before.

    Another process that writes one of these events at this very moment makes our INSERT fail, and is seen when the
    group is done again.
    """
    names = list({name for event in events for name in event.report.names})
    named: Named = defaultdict(dict)
    known: dict[EventKey, str] = {}
    for row in connection.execute(_named(connection.dialect.name), {"names": names, "theirs": names}):
        named[row.reference][row.id] = named[row.provider_id][row.id] = row
        if row.event is not None:
            known[row.transaction_id, row.event] = row.fingerprint
    return named, known


def _named_by(event: SignedEvent, named: Named) -> list[Row[Any]]:
    found: dict[UUID, Row[Any]] = {}
    for name in event.report.names:
        found |= named.get(name, {})
    return list(found.values())


@cache
def _named(engine: str) -> Select[Any]:
    columns = [_DEPOSIT.c[name] for name in ("id", "reference", "provider_id", "member_id", "state", "amount", "fee")]
    columns += [_DEPOSIT.c[name] for name in ("currency", "doubt", "suspended")]
    said = and_(_EVENT.c.transaction_id.in_([_DEPOSIT.c.reference, _DEPOSIT.c.provider_id]), _EVENT.c.variant == "")
    deposits = select(*columns, Member.tier, _EVENT.c.transaction_id, _EVENT.c.event, _EVENT.c.fingerprint).select_from(
        _DEPOSIT.join(Member, Member.id == _DEPOSIT.c.member_id).outerjoin(_EVENT, said)
    )
    named = or_(among(engine, _DEPOSIT.c.reference, "names"), among(engine, _DEPOSIT.c.provider_id, "theirs"))
    return deposits.where(named).order_by(_DEPOSIT.c.id).with_for_update(of=_DEPOSIT)


@cache
def _settled(engine: str) -> Update:
    """As `settle_deposit` leaves a deposit that was paid in full: the fee stays as quoted."""
    deposits = update(_DEPOSIT).where(among(engine, _DEPOSIT.c.id, "settled_ids"))
    return deposits.values(
        state=DepositState.SETTLED, received=_DEPOSIT.c.amount, settled_at=bindparam("moment"), failure=None
    )
