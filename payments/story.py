"""Everything that is known of one payment, in the order of time: what an operator reads before deciding."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

import ledger
from core.outbox import OutboxMessage
from operators import Operator, acts_about
from payments.deposits import Deposit
from payments.payouts import Payout
from payments.postings import Leg, leg_id
from payments.provider_events import ProviderEvent
from payments.review import Payment, ReviewItem, find_payment, review_item
from payments.traces import traces_of


class MomentKind(StrEnum):
    ASKED = "asked"
    """The member confirmed it."""
    STEP = "step"
    """A call and its answer, a look-up and what it saw, or a step from one state to another."""
    HEARD = "heard"
    """GetMiPay told us, signed."""
    HELD = "held"
    """Money was set apart, or that ended."""
    MOVED = "moved"
    """A transfer in the ledger."""
    SAID = "said"
    """A message to the member, or a change of one."""
    DECIDED = "decided"
    """An operator did something about it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `what` is its name, `detail` the rest of it in a few words: no whole phone number."""

    at: datetime
    kind: MomentKind
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Story:
    """A payment, what may be decided about it, and its moments, the first one first."""

    item: ReviewItem
    moments: list[Moment]

    @property
    def payment(self) -> Payment:
        return self.item.payment


async def story_of(session: AsyncSession, reference: str) -> Story:
    """Everything known of the payment of that reference. Raises PaymentNotFound."""
    payment = await find_payment(session, reference)
    parts = (_steps, _heard, _held, _moved, _said, _decided)
    moments = [moment for part in parts for moment in await part(session, payment)]
    # In one moment, what led to the others comes first, as the parts stand here.
    return Story(await review_item(session, payment), sorted(moments, key=lambda moment: moment.at))


async def _steps(session: AsyncSession, payment: Payment) -> list[Moment]:
    asked = f"{payment.amount} {payment.currency} by {payment.method}"
    moments = [Moment(payment.created_at, MomentKind.ASKED, "requested", asked)]
    moments += [Moment(each.at, MomentKind.STEP, each.what, each.said) for each in await traces_of(session, payment.id)]
    if isinstance(payment, Deposit) and payment.settled_at is not None:
        arrived = f"{payment.received} {payment.currency} arrived, {payment.parked} parked"
        moments.append(Moment(payment.settled_at, MomentKind.STEP, "deposit.settled", arrived))
    return moments


async def _heard(session: AsyncSession, payment: Payment) -> list[Moment]:
    names = [name for name in (payment.reference, payment.provider_id, payment.pay_id) if name]
    told = select(ProviderEvent).where(ProviderEvent.transaction_id.in_(names))
    return [
        Moment(
            each.received_at, MomentKind.HEARD, each.event,
            f"{each.state.value}{f' ({each.reason})' if each.reason else ''}, {_claim(each)}",
        )
        for each in await session.scalars(told.order_by(ProviderEvent.id))
    ]  # fmt: skip


def _claim(event: ProviderEvent) -> str:
    """What it said of the money; its body is GetMiPay's own and was verified."""
    body = json.loads(event.body) if event.body else {}
    fields = body["data"] | body if isinstance(body.get("data"), dict) else body
    said = {name: fields[name] for name in ("status", "amount", "currency", "error") if fields.get(name) is not None}
    return ", ".join(f"{name} {value}" for name, value in said.items()) or "nothing of an amount"


async def _held(session: AsyncSession, payment: Payment) -> list[Moment]:
    if not isinstance(payment, Payout):
        return []
    moments = []
    for leg in (Leg.HOLD, Leg.FEE_HOLD):
        hold = await ledger.hold(session, leg_id(payment.id, leg))
        if hold is None:
            continue
        amount = f"{hold.amount.amount} {hold.amount.currency}"
        moments.append(Moment(hold.held_at, MomentKind.HELD, leg.name.lower(), amount))
        if hold.outcome is not None and hold.resolved_at is not None:
            moments.append(Moment(hold.resolved_at, MomentKind.HELD, f"{leg.name.lower()} {hold.outcome}", amount))
    return moments


async def _moved(session: AsyncSession, payment: Payment) -> list[Moment]:
    return [
        Moment(
            each.at, MomentKind.MOVED, each.kind,
            f"{each.amount.amount} {each.amount.currency} from {_account(each.debit)} to {_account(each.credit)}",
        )
        for each in await ledger.journal(session, payment.id)
    ]  # fmt: skip


def _account(side: ledger.Side) -> str:
    return f"{side.kind.value} of the {side.owner}" if ":" not in side.owner else f"the member's {side.kind.value}"


async def _said(session: AsyncSession, payment: Payment) -> list[Moment]:
    subject = f"{'deposit' if isinstance(payment, Deposit) else 'payout'}:{payment.id}"
    about = aliased(OutboxMessage)
    # An edit is looked for in the chat of what it edits, where there are few: by `edits` alone all would be read.
    same_chat = (OutboxMessage.channel == about.channel, OutboxMessage.chat == about.chat)
    edits = select(OutboxMessage).join(about, and_(*same_chat, OutboxMessage.edits == about.id))
    said = [
        *await session.scalars(select(OutboxMessage).where(OutboxMessage.subject == subject)),
        *await session.scalars(edits.where(about.subject == subject)),
    ]
    return [
        Moment(
            message.sent_at or message.created_at, MomentKind.SAID, "edit" if message.edits else "message",
            " ".join(word for word in (message.channel, message.state, message.receipt, message.error) if word),
        )
        for message in sorted(set(said), key=lambda each: each.seq)
    ]  # fmt: skip


async def _decided(session: AsyncSession, payment: Payment) -> list[Moment]:
    moments = []
    for act in await acts_about(session, payment.reference):
        by = await session.get(Operator, act.operator_id) if act.operator_id else None
        facts = [f"{name} {value}" for name, value in act.detail.items() if name in {"outcome", "amount", "reason"}]
        what = f"{act.act.value} {act.detail.get('did', '')}".strip()
        moments.append(Moment(act.at, MomentKind.DECIDED, what, ", ".join([by.name if by else "server", *facts])))
    return moments
