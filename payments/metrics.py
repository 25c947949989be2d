"""What operators count: webhooks, outcomes, refusals."""

from datetime import timedelta

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from payments.figures import Figures

WEBHOOKS = Counter("cauri_webhooks", "Webhooks received, by what became of them", ["outcome"])
_OUTCOMES = Counter("cauri_payment_outcomes", "Deposits and payouts, by what became of them", ["outcome"])
_REFUSALS = Counter("cauri_payment_refusals", "Payments refused by the provider, by reason", ["code"])

# From the webhook's last byte to its committed end.
SETTLING = Histogram(
    "cauri_settlement_seconds", "How long a webhook takes to be settled",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)  # fmt: skip
_UNDECIDED = Gauge("cauri_payments_undecided", "Payments of which nobody knows the end yet", ["state"])
_UNKNOWN_AGE = Gauge("cauri_payments_unknown_oldest_seconds", "How long the oldest unknown payment has been so")
_MERCHANT = Gauge("cauri_merchant_balance_francs", "Our balance at GetMiPay, as the ledger has it")
_SUSPENSE = Gauge("cauri_suspense_francs", "Francs in suspense, where a person has to look")


def show_figures(figures: Figures) -> None:
    """Set the gauges to how payments stand now."""
    _UNDECIDED.labels("unknown").set(figures.unknown)
    _UNDECIDED.labels("review").set(figures.in_review)
    _UNKNOWN_AGE.set(figures.unknown_for / timedelta(seconds=1))
    _MERCHANT.set(figures.merchant.amount)
    _SUSPENSE.set(figures.suspense.amount)


def count_outcome(session: AsyncSession, outcome: str) -> None:
    """Count `deposit.settled` and its like once the transaction is committed: what is rolled back did not happen."""
    event.listen(session.sync_session, "after_commit", lambda _: _OUTCOMES.labels(outcome).inc(), once=True)


def count_committed(outcome: str) -> None:
    """Count an outcome whose transaction is committed already."""
    _OUTCOMES.labels(outcome).inc()


def count_refusal(session: AsyncSession, code: str) -> None:
    """Count a refusal once the transaction is committed."""
    event.listen(session.sync_session, "after_commit", lambda _: _REFUSALS.labels(code).inc(), once=True)
