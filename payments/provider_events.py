"""The events GetMiPay has told us, each acted upon once.

A body carries neither time nor event id, so anyone who saw one could send it again: an event is known by transaction
and kind, for ever. One that names nothing we know is set aside and matched again as soon as we learn GetMiPay's id for
a payment, because a webhook can be faster than the answer to our own call.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import String, Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime, insert_once, word
from core.ids import new_id
from core.jobs import Jobs, Payload, enqueue
from payments.deposits import Deposit, deposits_named, lock_deposit
from payments.hearing import hear_of_deposit, hear_of_payout
from payments.methods import Direction
from payments.notices import alert
from payments.payouts import Payout, lock_payout, payouts_named
from payments.reports import Report, read_report
from payments.strict_json import JsonObject

MATCH_EVENT = "match_event"

# Longer than GetMiPay takes to answer a call, so that only what is truly nobody's reaches an operator.
_MATCHED_WITHIN = timedelta(seconds=45)


class EventState(StrEnum):
    RECEIVED = "received"
    """Being applied in the transaction that wrote it: nobody ever sees this one."""
    APPLIED = "applied"
    NO_EFFECT = "no_effect"
    """True, and known already."""
    UNMATCHED = "unmatched"
    SET_ASIDE = "set_aside"
    """Kept for a person; `reason` says why."""
    DUPLICATE = "duplicate"
    """Said of the second delivery of an event; never stored."""


class ProviderEvent(Model):
    """One event as it was signed."""

    __tablename__ = "provider_event"
    __table_args__ = (UniqueConstraint("transaction_id", "event", "variant"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    transaction_id: Mapped[str] = mapped_column(String(100))
    event: Mapped[str] = mapped_column(String(100))
    variant: Mapped[str] = mapped_column(String(64))
    """Empty for the first content of an event, which stands; the fingerprint for any other, which is set aside."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    """The canonical text: it alone was signed. Kept as text: PostgreSQL's JSON cannot hold every string."""
    state: Mapped[EventState] = mapped_column(word(EventState))
    reason: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """An event that was verified to be GetMiPay's, and is not yet recorded."""

    report: Report
    body: str
    fingerprint: str

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by, for ever: the transaction and the kind of event."""
        return self.report.transaction_id or self.report.reference or self.fingerprint, self.report.event


def signed_event(signed: JsonObject, body: str) -> SignedEvent:
    """The event that `signed` is; `body` is its canonical text, which was signed."""
    return SignedEvent(read_report(signed), body, hashlib.sha256(body.encode()).hexdigest())


async def take_event(session: AsyncSession, signed: SignedEvent) -> EventState:
    """Record a verified event and act on it, once, in this transaction."""
    (name, kind), fingerprint = signed.key, signed.fingerprint
    values = {"transaction_id": name, "event": kind, "fingerprint": fingerprint, "body": signed.body}
    event = await _insert(session, variant="", state=EventState.RECEIVED, **values)
    if event is not None:
        return await _apply(session, event, signed.report)
    known = select(ProviderEvent.fingerprint).where(
        ProviderEvent.transaction_id == name, ProviderEvent.event == kind, ProviderEvent.variant == ""
    )
    if await session.scalar(known) == fingerprint:
        return EventState.DUPLICATE
    other = await _insert(session, variant=fingerprint, state=EventState.RECEIVED, **values)
    return await _set_aside(session, other, "other_content") if other else EventState.DUPLICATE


async def match_again(session: AsyncSession, names: set[str]) -> None:
    """Apply the events set aside under any of `names`, which we have just learnt belong to a payment of ours."""
    waiting = select(ProviderEvent).where(
        ProviderEvent.transaction_id.in_(names), ProviderEvent.state == EventState.UNMATCHED
    )
    for event in await session.scalars(waiting.order_by(ProviderEvent.id).with_for_update()):
        await _apply(session, event, _report(event))


async def alert_of_bad_signature(session: AsyncSession, hour: str) -> None:
    """Tell the operators that what looks like a webhook is signed by somebody else, once an hour at most."""
    told = await _insert(
        session, transaction_id="bad_signature", event=hour, variant="", fingerprint="", body="",
        state=EventState.SET_ASIDE, reason="bad_signature",
    )  # fmt: skip
    if told is not None:
        await alert(session, "bad_signature", "webhook")


def register_events(jobs: Jobs) -> None:
    jobs.in_transaction(MATCH_EVENT, _match_at_last)


async def _apply(session: AsyncSession, event: ProviderEvent, report: Report) -> EventState:
    if report.direction is None:
        return await _set_aside(session, event, "unknown_event")
    named = deposits_named if report.direction is Direction.DEPOSIT else payouts_named
    found = await named(session, report.names)
    if not found:
        return await _wait_for_match(session, event)
    if len(found) > 1:
        return await _set_aside(session, event, "names_two_payments")
    lock = lock_deposit if report.direction is Direction.DEPOSIT else lock_payout
    payment: Deposit | Payout = await lock(session, found[0])
    objection = _objection(payment, report)
    if objection:
        return await _set_aside(session, event, objection)
    event.state = EventState.APPLIED if await _hear(session, payment, report) else EventState.NO_EFFECT
    await _learn_provider_id(session, payment, report)
    return event.state


async def _hear(session: AsyncSession, payment: Deposit | Payout, report: Report) -> bool:
    if isinstance(payment, Deposit):
        return await hear_of_deposit(session, payment, report)
    return await hear_of_payout(session, payment, report)


def _objection(payment: Deposit | Payout, report: Report) -> str | None:
    """Why a report must not touch the payment it names."""
    if report.contradicts_itself:
        return "status_contradicts_event"
    if report.amount is not None and report.amount.currency != payment.currency:
        return "other_currency"
    if payment.provider_id and report.transaction_id not in {payment.provider_id, payment.reference, None}:
        return "other_transaction"
    return None


async def _learn_provider_id(session: AsyncSession, payment: Deposit | Payout, report: Report) -> None:
    learnt = report.transaction_id
    if payment.provider_id is None and learnt is not None and learnt != payment.reference:
        payment.provider_id = learnt
        await match_again(session, {learnt})


async def _wait_for_match(session: AsyncSession, event: ProviderEvent) -> EventState:
    if event.state is EventState.RECEIVED:
        event.state = EventState.UNMATCHED
        await enqueue(session, MATCH_EVENT, str(event.id), {"id": str(event.id)}, run_at=clock.now() + _MATCHED_WITHIN)
    return event.state


async def _match_at_last(session: AsyncSession, payload: Payload) -> None:
    """The event and the id it names may have been written by two transactions that did not see each other."""
    event = await session.get_one(ProviderEvent, UUID(payload["id"]))
    report = _report(event)
    # The payment first, then the event: the order in which everybody else locks them.
    for deposit_id in await deposits_named(session, report.names):
        await lock_deposit(session, deposit_id)
    for payout_id in await payouts_named(session, report.names):
        await lock_payout(session, payout_id)
    await session.refresh(event, with_for_update=True)
    if event.state is EventState.UNMATCHED and await _apply(session, event, report) is EventState.UNMATCHED:
        await alert(session, EventState.UNMATCHED, event.transaction_id)


async def _set_aside(session: AsyncSession, event: ProviderEvent, reason: str) -> EventState:
    event.state, event.reason = EventState.SET_ASIDE, reason
    await alert(session, reason, event.transaction_id)
    return event.state


async def _insert(session: AsyncSession, **values: str) -> ProviderEvent | None:
    event_id = new_id()
    is_ours = await insert_once(session, ProviderEvent, id=event_id, received_at=clock.now(), **values)
    return await session.get_one(ProviderEvent, event_id) if is_ours else None


def _report(event: ProviderEvent) -> Report:
    return read_report(json.loads(event.body))
