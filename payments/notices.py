"""What payments tells the rest of the house, in the transaction of the change itself. It never speaks to people."""

from sqlalchemy.ext.asyncio import AsyncSession

from core import trail
from core.events import publish
from payments.deposits import Deposit
from payments.metrics import count_outcome
from payments.payouts import Payout
from payments.traces import leave_trace

ALERT = "payment.alert"
SETTLED = "deposit.settled"


async def tell(session: AsyncSession, payment: Deposit | Payout, name: str) -> None:
    """Publish `deposit.settled` and its like, with the payment's id."""
    await publish(session, name, {"id": str(payment.id)})
    if name != SETTLED:
        leave_trace(session, payment.id, name)
    count_outcome(session, name)
    trail.leave(session, name, payment.reference)


async def alert(session: AsyncSession, reason: str, reference: str) -> None:
    """Ask an operator to look: why, and at which payment or event."""
    await publish(session, ALERT, {"reason": reason, "reference": reference})
    count_outcome(session, ALERT)
