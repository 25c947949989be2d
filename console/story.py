"""The whole story of one payment: every trace it left anywhere in the house, in the order of time.

Each trace is found by the payment's id or reference, through an index; none of them is kept for this page alone.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.views import View
from console.finding import Payment
from console.people import owners_of
from console.showing import masked_id, masked_words, plain
from core.jobs import JobRow
from core.money import Money
from core.outbox import OutboxMessage
from ledger.tables import HOLD, RESOLUTION, TRANSFER
from operators import Decision, Operator
from payments import Deposit, DepositState, Payout, PayoutState, Send
from payments.postings import Leg, leg_id
from payments.provider_events import ProviderEvent
from payments.traces import traces_of

_EVENTS_AT_MOST = 50
_MESSAGES_AT_MOST = 100
_ACTS_AT_MOST = 50
_WORDS_AT_MOST = 600
_KINDS = {Deposit: "deposit", Payout: "payout", Send: "send"}
_JOBS = {"deposit": ("submit_deposit", "check_deposit"), "payout": ("submit_payout", "check_payout"), "send": ()}
# After every key that begins with an id, in whatever language's order a database compares.
_AFTER_HEX = "z"
_DECIDED = {
    *(DepositState.SETTLED, DepositState.FAILED, DepositState.REVERSED),
    *(PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.REVERSED),
}
# What a payment leaves as steps that are calls to the outside.
_CALLS = {"call", "look_up"}
_A_BLINK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: which `room` of the house it left its trace in, and the sentence that tells it."""

    at: datetime
    room: str
    """`member`, `house`, `provider`, `ledger`, `message` or `operator`."""
    key: str
    params: dict[str, Any] = field(default_factory=dict)
    quote: str = ""
    """Words that were said or written, as they were."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A step that is still to be done for the payment."""

    kind: str
    run_at: datetime
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Story:
    happenings: list[Happening]
    pending: list[Pending]


def kind_of(payment: Payment) -> str:
    """`deposit`, `payout` or `send`."""
    return _KINDS[type(payment)]


async def story_of(session: AsyncSession, payment: Payment) -> Story:
    """Everything that is known of a payment, oldest first; in one moment what led to the others comes first."""
    events = [] if isinstance(payment, Send) else await _events(session, payment)
    happenings = [
        _asked(payment),
        *events,
        *await _steps(session, payment),
        *_states(payment),
        *await _holds(session, payment),
        *_behind(events, await _transfers(session, payment)),
        *await _messages(session, payment),
        *await _acts(session, payment),
    ]
    return Story(sorted(happenings, key=lambda each: each.at), await _pending(session, payment))


def _behind(events: list[Happening], transfers: list[Happening]) -> list[Happening]:
    """A webhook and what it moves are written together, a blink apart in either order: the webhook is the cause."""
    moved = []
    for transfer in transfers:
        causes = [each.at for each in events if timedelta(0) < each.at - transfer.at < _A_BLINK]
        moved.append(replace(transfer, at=max(causes, default=transfer.at)))
    return moved


def _asked(payment: Payment) -> Happening:
    amount = {"amount": Money(payment.amount, payment.currency)}
    return Happening(payment.created_at, "member", f"console.story.{kind_of(payment)}.asked", amount)


async def _steps(session: AsyncSession, payment: Payment) -> list[Happening]:
    """Calls to GetMiPay and look-ups, each with what came of it, and the steps that followed."""
    told = []
    for each in await traces_of(session, payment.id):
        is_call = each.what in _CALLS
        key = f"console.story.step.{each.what if is_call else 'other'}"
        facts = {"what": each.what, "said": masked_words(each.said)}
        told.append(Happening(each.at, "provider" if is_call else "house", key, facts))
    return told


def _states(payment: Payment) -> list[Happening]:
    if isinstance(payment, Send):
        return []
    moments = [("watched", payment.watch_since), ("hinted", payment.hinted_at), ("reversed", payment.reversed_at)]
    if isinstance(payment, Deposit):
        moments.append(("settled", payment.settled_at))
    else:
        moments.append(("completed", payment.completed_at))
    kind = kind_of(payment)
    return [Happening(when, "house", f"console.story.{kind}.{what}") for what, when in moments if when is not None]


async def _events(session: AsyncSession, payment: Deposit | Payout) -> list[Happening]:
    """What GetMiPay told us under any of the payment's names."""
    names = [name for name in (payment.reference, payment.provider_id, payment.pay_id) if name]
    heard = select(ProviderEvent).where(ProviderEvent.transaction_id.in_(names)).order_by(ProviderEvent.id)
    return [
        Happening(
            event.received_at, "provider", f"console.story.event.{event.state.value}",
            {"event": event.event, "reason": event.reason or "", "says": _said_in(event.body)},
        )
        for event in await session.scalars(heard.limit(_EVENTS_AT_MOST))
    ]  # fmt: skip


def _said_in(body: str) -> str:
    """The amount and the state in a webhook, as they were written; nothing else of it, which may name people."""
    try:
        signed = json.loads(body)
    except ValueError:
        return ""
    fields = {**signed.get("data", {}), **signed} if isinstance(signed.get("data"), dict) else signed
    said = [str(fields[name]) for name in ("status", "amount", "currency") if fields.get(name) is not None]
    return masked_words(" ".join(said))[:_WORDS_AT_MOST]


async def _transfers(session: AsyncSession, payment: Payment) -> list[Happening]:
    rows = list(
        await session.execute(select(TRANSFER).where(TRANSFER.c.journal_id == payment.id).order_by(TRANSFER.c.seq))
    )
    owners = await owners_of(session, {row.debit_id for row in rows} | {row.credit_id for row in rows})
    return [
        Happening(row.created_at, "ledger", "console.story.transfer", _moved(row, owners, payment.currency))
        for row in rows
    ]


def _moved(row: Row[Any], owners: dict[UUID, tuple[str, str]], currency: str) -> dict[str, Any]:
    (debtor, debit), (creditor, credit) = owners[row.debit_id], owners[row.credit_id]
    return {
        "amount": Money(row.amount, currency), "kind": row.kind, "debtor": debtor, "debit": debit,
        "creditor": creditor, "credit": credit,
    }  # fmt: skip


async def _holds(session: AsyncSession, payment: Payment) -> list[Happening]:
    """What was set apart for a payout, and what became of it."""
    if not isinstance(payment, Payout):
        return []
    ids = [leg_id(payment.id, leg) for leg in (Leg.HOLD, Leg.FEE_HOLD)]
    joined = HOLD.outerjoin(RESOLUTION, RESOLUTION.c.hold_id == HOLD.c.id)
    ends = RESOLUTION.c.created_at.label("ended_at")
    told = []
    columns = (HOLD.c.amount, HOLD.c.created_at, RESOLUTION.c.outcome, ends)
    for row in await session.execute(select(*columns).select_from(joined).where(HOLD.c.id.in_(ids))):
        amount = {"amount": Money(row.amount, payment.currency)}
        told.append(Happening(row.created_at, "ledger", "console.story.hold.placed", amount))
        if row.outcome is not None:
            told.append(Happening(row.ended_at, "ledger", f"console.story.hold.{row.outcome}", amount))
    return told


async def _messages(session: AsyncSession, payment: Payment) -> list[Happening]:
    """What was said about the payment, and every edit of it, which is looked for in the same chat only."""
    subject = f"{kind_of(payment)}:{payment.id}"
    about = select(OutboxMessage).where(OutboxMessage.subject == subject).order_by(OutboxMessage.seq)
    said = {each.id: each for each in await session.scalars(about.limit(_MESSAGES_AT_MOST))}
    for channel, chat in {(each.channel, each.chat) for each in said.values()}:
        here = (OutboxMessage.channel == channel, OutboxMessage.chat == chat, OutboxMessage.edits.in_(list(said)))
        edits = select(OutboxMessage).where(*here).order_by(OutboxMessage.seq).limit(_MESSAGES_AT_MOST)
        said |= {each.id: each for each in await session.scalars(edits)}
    return [_message(each) for each in sorted(said.values(), key=lambda each: each.seq)]


def _message(message: OutboxMessage) -> Happening:
    """A message and what became of it; numbers in it are hidden, be they the reader's own."""
    became = "read" if message.receipt == "read" else message.receipt or message.state
    facts = {"channel": message.channel, "chat": masked_id(message.chat), "error": message.error or ""}
    words = masked_words(plain(View.load(message.view).text))[:_WORDS_AT_MOST]
    what = "edit" if message.edits else "message"
    return Happening(message.created_at, "message", f"console.story.{what}.{became}", facts, words)


async def _acts(session: AsyncSession, payment: Payment) -> list[Happening]:
    """What operators proposed, decided and did; that one of them merely looked is not part of the story."""
    names = {row.id: row.name for row in await session.execute(select(Operator.id, Operator.name))}
    about = (payment.reference, str(payment.id))
    decisions = select(Decision).where(Decision.subject.in_(about)).order_by(Decision.proposed_at)
    told = []
    for decision in await session.scalars(decisions.limit(_ACTS_AT_MOST)):
        facts = {"kind": decision.kind, "by": names.get(decision.proposed_by, "")}
        told.append(
            Happening(decision.proposed_at, "operator", "console.story.decision.proposed", facts, decision.reason)
        )
        if decision.verdict is not None and decision.decided_at is not None:
            by = {"kind": decision.kind, "by": names.get(decision.decided_by or decision.proposed_by, "")}
            told.append(
                Happening(decision.decided_at, "operator", f"console.story.decision.{decision.verdict.value}", by)
            )
    return told


async def _pending(session: AsyncSession, payment: Payment) -> list[Pending]:
    """A look-up in doubt has a key of its own, which begins with the payment's id too."""
    if isinstance(payment, Send) or (payment.state in _DECIDED and payment.doubt is None):
        # A look-up that is left over will find nothing to ask.
        return []
    key = str(payment.id)
    about = (JobRow.kind.in_(_JOBS[kind_of(payment)]), JobRow.key >= key, JobRow.key < key + _AFTER_HEX)
    waiting = select(JobRow).where(*about).order_by(JobRow.run_at)
    return [Pending(each.kind, each.run_at, each.attempts, each.error) for each in await session.scalars(waiting)]
