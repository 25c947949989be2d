"""Payments that wait for a person: which they are, and what two operators may decide about each.

A decision only ever does what a webhook or a look-up could have done, through the same functions and under the same
ids: whoever speaks at the same time finds it done. See `docs/decisions/0018-what-people-decide.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from core.money import Money
from operators import Act, Decision, Decisions, Operator, find_decision
from payments.deposit_outcomes import fail_deposit, reverse_deposit, settle_deposit
from payments.deposit_states import DepositState
from payments.deposits import IN_REVIEW, Deposit, Doubt, lock_deposit
from payments.failures import FailureCode
from payments.payout_outcomes import complete_payout, fail_payout, reverse_payout
from payments.payout_states import PayoutState
from payments.payouts import Payout, lock_payout
from payments.recovery import bear_payout, clear_incident, recover_payout

RESOLVE = "payment.resolve"

Payment: TypeAlias = Deposit | Payout


class PaymentNotFound(Refusal):
    """Params: `reference`."""

    key = "refusal.review.not_found"


class NotInReview(Refusal):
    """It is decided, or still being looked up without a doubt. Params: `reference`."""

    key = "refusal.review.not_in_review"


class OutcomeImpossible(Refusal):
    """What was said does not go with this payment. Params: `reference`."""

    key = "refusal.review.outcome"


class PaymentMovedOn(Refusal):
    """GetMiPay has spoken since it was proposed. Params: `reference`."""

    key = "refusal.review.moved_on"


class Outcome(StrEnum):
    """What people say became of a payment."""

    PAID = "paid"
    UNPAID = "unpaid"
    BORNE = "borne"
    """A payout that was given back and paid as well: the house pays for it, not the member."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One payment that waits, and the open decision about it."""

    payment: Payment
    outcomes: Sequence[Outcome]
    decision: Decision | None

    @property
    def suspended(self) -> Money:
        """What stands in suspense for it; below zero where suspense has paid."""
        payment = self.payment
        if isinstance(payment, Deposit):
            return Money(payment.suspended, payment.currency)
        return Money(-payment.amount if payment.doubt is Doubt.PAID_TWICE else 0, payment.currency)


async def in_review(session: AsyncSession, after: datetime | None = None, limit: int = 100) -> list[ReviewItem]:
    """What waits for a person, the oldest first; the next page comes `after` the last one's `created_at`."""
    found: list[Payment] = []
    for table in (Deposit, Payout):
        waiting = select(table).where(IN_REVIEW)
        if after is not None:
            waiting = waiting.where(table.created_at > after)
        found += await session.scalars(waiting.order_by(table.created_at).limit(limit))
    found.sort(key=lambda payment: payment.created_at)
    return [await review_item(session, payment) for payment in found[:limit]]


async def review_item(session: AsyncSession, payment: Payment) -> ReviewItem:
    """A payment with what may be decided about it now: nothing where it does not wait for a person."""
    return ReviewItem(payment, outcomes_of(payment), await find_decision(session, payment.reference, RESOLVE))


async def find_payment(session: AsyncSession, reference: str) -> Payment:
    """The deposit or payout of that reference. Raises PaymentNotFound."""
    name = reference.strip().upper()
    deposit = await session.scalar(select(Deposit).where(Deposit.reference == name))
    payment = deposit or await session.scalar(select(Payout).where(Payout.reference == name))
    if payment is None:
        raise PaymentNotFound(reference=name)
    return payment


def outcomes_of(payment: Payment) -> Sequence[Outcome]:
    """What may be said of this payment now; nothing where it does not wait for a person."""
    if payment.doubt is None and payment.state not in {DepositState.REVIEW, PayoutState.REVIEW}:
        return ()
    if payment.state is PayoutState.FAILED:
        return (Outcome.PAID, Outcome.UNPAID, Outcome.BORNE)
    return (Outcome.PAID, Outcome.UNPAID)


async def propose_resolution(
    session: AsyncSession, decisions: Decisions, by: Operator, reference: str, outcome: Outcome, *, reason: str,
    amount: Money | None = None,
) -> Decision:  # fmt: skip
    """Say what became of a payment; a second operator has to agree before anything moves.

    `amount` is what arrived of a deposit: by default what its webhook claimed, else what was asked for. Raises
    PaymentNotFound, NotInReview, OutcomeImpossible, and what `Decisions.propose` does.
    """
    payment = await find_payment(session, reference)
    possible = outcomes_of(payment)
    if not possible:
        raise NotInReview(reference=payment.reference)
    arrived = _arrived(payment, outcome, amount)
    if outcome not in possible:
        raise OutcomeImpossible(reference=payment.reference)
    payload = {"outcome": outcome.value, "amount": arrived.amount, "state": payment.state.value, "doubt": payment.doubt}
    return await decisions.propose(session, by, RESOLVE, payment.reference, reason=reason, payload=payload)


def register_review(decisions: Decisions) -> None:
    """Let approved resolutions be carried out."""
    decisions.register(RESOLVE, Act.RESOLVE_PAYMENT, _resolve)


def _arrived(payment: Payment, outcome: Outcome, amount: Money | None) -> Money:
    """What is said to have arrived. Only a deposit that is still to be credited may differ from what was asked for."""
    if not isinstance(payment, Deposit) or outcome is not Outcome.PAID or payment.state is DepositState.SETTLED:
        if amount not in {None, payment.asked}:
            raise OutcomeImpossible(reference=payment.reference)
        return payment.asked
    said = Money(payment.claimed or payment.amount, payment.currency) if amount is None else amount
    if said.amount <= 0 or said.currency != payment.currency:
        raise OutcomeImpossible(reference=payment.reference)
    return said


async def _resolve(session: AsyncSession, decision: Decision) -> None:
    payment = await find_payment(session, decision.subject)
    outcome, arrived = Outcome(decision.payload["outcome"]), int(decision.payload["amount"])
    if isinstance(payment, Deposit):
        deposit = await lock_deposit(session, payment.id)
        _refuse_if_moved_on(deposit, decision)
        await _resolve_deposit(session, deposit, outcome, Money(arrived, deposit.currency))
    else:
        payout = await lock_payout(session, payment.id)
        _refuse_if_moved_on(payout, decision)
        await _resolve_payout(session, payout, outcome, decision)


def _refuse_if_moved_on(payment: Payment, decision: Decision) -> None:
    if (payment.state.value, payment.doubt) != (decision.payload["state"], decision.payload["doubt"]):
        raise PaymentMovedOn(reference=payment.reference)


async def _resolve_deposit(session: AsyncSession, deposit: Deposit, outcome: Outcome, arrived: Money) -> None:
    deposit.watch_since = None
    match deposit.state, outcome:
        case DepositState.SETTLED, Outcome.PAID:
            deposit.doubt = None
        case DepositState.SETTLED, _:
            await reverse_deposit(session, deposit)
        case _, Outcome.PAID:
            await settle_deposit(session, deposit, arrived)
        case _:
            await fail_deposit(session, deposit, FailureCode.REFUSED)


async def _resolve_payout(session: AsyncSession, payout: Payout, outcome: Outcome, decision: Decision) -> None:
    payout.watch_since = None
    match payout.state, outcome:
        case PayoutState.FAILED, Outcome.PAID:
            await recover_payout(session, payout, decision.id)
        case PayoutState.FAILED, Outcome.BORNE:
            await bear_payout(session, payout)
        case PayoutState.FAILED, _:
            await clear_incident(session, payout)
        case PayoutState.COMPLETED, Outcome.PAID:
            payout.doubt = None
        case PayoutState.COMPLETED, _:
            await reverse_payout(session, payout)
        case _, Outcome.PAID:
            await complete_payout(session, payout)
        case _:
            await fail_payout(session, payout, FailureCode.REFUSED)
