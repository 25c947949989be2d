"""Checking because somebody asks: GetMiPay is looked up once, its answer is heard as ever, and what it said is told.

The event `payment.checked` says what was seen, whether or not it changed anything: `{"direction", "id", "found"}`.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import Database
from core.events import publish
from core.ids import new_id
from core.jobs import Jobs, Payload, enqueue
from payments.deposits import Deposit
from payments.hints import Hint, see_hinted
from payments.methods import Direction
from payments.payouts import Payout
from payments.provider import NotKnown, Progress, Provider, Seen, Sighting

CHECK_ASKED = "check_asked"
_ASKS_FOR = timedelta(hours=1)
_ASKS_AGAIN_AFTER = timedelta(minutes=5)


class Found(StrEnum):
    """What GetMiPay says of a payment."""

    PAID = "paid"
    NOT_PAID = "not_paid"
    PENDING = "pending"
    UNKNOWN = "unknown"
    """It knows no such payment, or did not answer for an hour."""


async def check_now(session: AsyncSession, direction: Direction, payment_id: UUID) -> None:
    """Have GetMiPay asked about a payment now, whatever its state."""
    payload = {
        "direction": direction.value, "id": str(payment_id), "until": (clock.now() + _ASKS_FOR).isoformat()
    }  # fmt: skip
    await enqueue(session, CHECK_ASKED, str(new_id()), payload)


class Checks:
    """The job that asks."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def register(self, jobs: Jobs) -> None:
        jobs.calling(CHECK_ASKED, self.check)

    async def check(self, database: Database, payload: Payload) -> datetime | None:
        """Ask and act on the answer; where there is none, again in some minutes, for an hour."""
        hint = Hint(Direction(payload["direction"]), UUID(payload["id"]), None)
        async with database.reading() as session:
            table = Deposit if hint.direction is Direction.DEPOSIT else Payout
            payment: Deposit | Payout = await session.get_one(table, hint.payment_id)
        names = (payment.provider_id, payment.pay_id)
        sighting = await self._provider.look_up(hint.direction, payment.reference, *names)
        if not isinstance(sighting, Seen | NotKnown) and clock.now() < datetime.fromisoformat(payload["until"]):
            return clock.now() + _ASKS_AGAIN_AFTER

        async def act(session: AsyncSession) -> None:
            await see_hinted(session, hint, names, sighting)
            told = {"direction": hint.direction.value, "id": payload["id"], "found": _found(sighting).value}
            await publish(session, "payment.checked", told)

        await database.run(act)
        return None


def _found(sighting: Sighting) -> Found:
    match sighting:
        case Seen(Progress.SUCCEEDED):
            return Found.PAID
        case Seen(Progress.FAILED):
            return Found.NOT_PAID
        case Seen():
            return Found.PENDING
    return Found.UNKNOWN
