"""What operators count: webhooks, outcomes, refusals."""

from prometheus_client import Counter
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

WEBHOOKS = Counter("cauri_webhooks", "Webhooks received, by what became of them", ["outcome"])
_OUTCOMES = Counter("cauri_payment_outcomes", "Deposits and payouts, by what became of them", ["outcome"])
_REFUSALS = Counter("cauri_payment_refusals", "Payments refused by the provider, by reason", ["code"])


def count_outcome(session: AsyncSession, outcome: str) -> None:
    """Count `deposit.settled` and its like once the transaction is committed: what is rolled back did not happen."""
    event.listen(session.sync_session, "after_commit", lambda _: _OUTCOMES.labels(outcome).inc(), once=True)


def count_committed(outcome: str) -> None:
    """Count an outcome whose transaction is committed already."""
    _OUTCOMES.labels(outcome).inc()


def count_refusal(session: AsyncSession, code: str) -> None:
    """Count a refusal once the transaction is committed."""
    event.listen(session.sync_session, "after_commit", lambda _: _REFUSALS.labels(code).inc(), once=True)
