"""Following a hint: GetMiPay is asked, and its own answer is heard as a signed webhook would be."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import Database
from core.jobs import Jobs, Payload
from payments.deposits import Deposit, lock_deposit
from payments.hearing import hear_of_deposit, hear_of_payout
from payments.methods import Direction
from payments.notices import alert
from payments.payouts import Payout, lock_payout
from payments.provider import Progress, Provider, Seen, Sighting
from payments.reports import Report

CHECK_HINT = "check_hint"

_Names: TypeAlias = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Hint:
    """A payment to look at; with GetMiPay's ids for it where we have not been told them yet.

    `after` is when we last began to look because of a hint.
    """

    direction: Direction
    payment_id: UUID
    after: datetime | None
    provider_id: str | None = None
    pay_id: str | None = None

    @property
    def key(self) -> str:
        """One look waits for each payment, and for each id it is said to have.

        One that has begun may have seen the payment as it was before this hint: the next look has another key.
        """
        since = int(self.after.timestamp() * 1000) if self.after else 0
        return f"{self.payment_id}:{since}:{self.provider_id or ''}"[:128]

    def payload(self) -> Payload:
        return {
            "direction": self.direction.value,
            "id": str(self.payment_id),
            "provider_id": self.provider_id,
            "pay_id": self.pay_id,
        }

    @classmethod
    def of(cls, payload: Payload) -> "Hint":
        return cls(
            Direction(payload["direction"]), UUID(payload["id"]), None, payload["provider_id"], payload["pay_id"]
        )


class Hints:
    """The job that looks where a hint points."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def register(self, jobs: Jobs) -> None:
        jobs.calling(CHECK_HINT, self.check_hint)

    async def check_hint(self, database: Database, payload: Payload) -> None:
        """Ask about the payment, and act on the answer. Whatever it is, the scheduled look-ups go on."""
        hint = Hint.of(payload)
        payment = await database.run(lambda session: _begin(session, hint))
        names: _Names = (payment.provider_id, payment.pay_id)
        if payment.provider_id is None:
            names = (hint.provider_id, hint.pay_id)
        sighting = await self._provider.look_up(hint.direction, payment.reference, *names)
        await database.run(lambda session: see_hinted(session, hint, names, sighting))


async def see_hinted(session: AsyncSession, hint: Hint, names: _Names, sighting: Sighting) -> None:
    """Act on what was seen of a payment under `names`; what is not decided yet waits for the next look."""
    payment = await _locked(session, hint)
    if not isinstance(sighting, Seen) or not await _is_theirs(session, payment, names):
        return
    payment.provider_id, payment.pay_id = names
    if sighting.amount is not None and sighting.amount.currency != payment.currency:
        await alert(session, "other_currency", payment.reference)
    elif sighting.progress is not Progress.PENDING:
        await _hear(session, payment, sighting)


async def _begin(session: AsyncSession, hint: Hint) -> Deposit | Payout:
    """The payment, with the moment written down: hints that come from here on are for the next look."""
    payment = await _locked(session, hint)
    payment.hinted_at = clock.now()
    return payment


async def _locked(session: AsyncSession, hint: Hint) -> Deposit | Payout:
    if hint.direction is Direction.DEPOSIT:
        return await lock_deposit(session, hint.payment_id)
    return await lock_payout(session, hint.payment_id)


async def _is_theirs(session: AsyncSession, payment: Deposit | Payout, names: _Names) -> bool:
    """Whether this is what GetMiPay calls the payment: what it calls another one cannot be this one as well."""
    if payment.provider_id is not None:
        return payment.provider_id == names[0]
    ids = [name for name in names if name is not None]
    for table in (Deposit, Payout):
        other = select(table.id).where(or_(table.provider_id.in_(ids), table.pay_id.in_(ids)))
        if await session.scalar(other.where(table.id != payment.id).limit(1)) is not None:
            await alert(session, "other_transaction", payment.reference)
            return False
    return True


async def _hear(session: AsyncSession, payment: Deposit | Payout, seen: Seen) -> None:
    report = Report(
        event="transaction-check",
        direction=Direction.DEPOSIT if isinstance(payment, Deposit) else Direction.PAYOUT,
        completed=seen.progress is Progress.SUCCEEDED,
        transaction_id=payment.provider_id,
        reference=payment.reference,
        amount=seen.amount,
        error="",
        contradicts_itself=False,
    )
    if isinstance(payment, Deposit):
        await hear_of_deposit(session, payment, report)
    elif seen.amount is not None:
        # A service that calls "failed" whatever it does not know would not know the amount either.
        await hear_of_payout(session, payment, report)
