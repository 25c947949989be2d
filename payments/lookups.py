"""Asking GetMiPay where a payment stands, when nobody has told us: the jobs `check_deposit` and `check_payout`."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import Database
from core.jobs import Jobs, Payload
from core.money import Money
from payments.deposit_outcomes import (
    CHECK_DEPOSIT,
    expire_deposit,
    fail_deposit,
    give_up_on_deposit,
    lose_sight_of_deposit,
    reverse_deposit,
    settle_deposit,
)
from payments.deposit_states import DepositState
from payments.deposits import Deposit, lock_deposit
from payments.failures import FailureCode
from payments.methods import Direction
from payments.notices import alert
from payments.payout_outcomes import (
    CHECK_PAYOUT,
    book_paid_twice,
    complete_payout,
    fail_payout,
    give_up_on_payout,
    reverse_payout,
)
from payments.payout_states import PayoutState
from payments.payouts import Payout, lock_payout
from payments.provider import NoAnswer, NotKnown, Progress, Provider, Seen, Sighting
from payments.schedule import is_over, next_look
from payments.traces import leave_trace

# REQUESTED too: what could not be sent is about to be, and its look-up must outlast that.
_UNDECIDED = {
    *(DepositState.REQUESTED, DepositState.SUBMITTED, DepositState.OPEN, DepositState.UNKNOWN),
    *(PayoutState.REQUESTED, PayoutState.SUBMITTED, PayoutState.ACCEPTED, PayoutState.UNKNOWN),
}

# A call that hangs is given up within seconds; what GetMiPay has not heard of by then it will not hear of.
_HEARD_OF_WITHIN = timedelta(minutes=2)


class LookUps:
    """The jobs that ask. They go on whatever the circuit breaker says: asking is safe."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def register(self, jobs: Jobs) -> None:
        jobs.calling(CHECK_DEPOSIT, self.check_deposit)
        jobs.calling(CHECK_PAYOUT, self.check_payout)

    async def check_deposit(self, database: Database, payload: Payload) -> datetime | None:
        """Ask about a deposit, act on the answer; returns when to ask again."""
        deposit_id = UUID(payload["id"])
        async with database.reading() as session:
            deposit = await session.get_one(Deposit, deposit_id)
        if _watched_since(deposit) is None:
            return None
        sighting = await self._provider.look_up(
            Direction.DEPOSIT, deposit.reference, deposit.provider_id, deposit.pay_id
        )
        return await database.run(lambda session: see_deposit(session, deposit_id, sighting))

    async def check_payout(self, database: Database, payload: Payload) -> datetime | None:
        """Ask about a payout, act on the answer; returns when to ask again."""
        payout_id = UUID(payload["id"])
        async with database.reading() as session:
            payout = await session.get_one(Payout, payout_id)
        if _watched_since(payout) is None:
            return None
        sighting = await self._provider.look_up(Direction.PAYOUT, payout.reference, payout.provider_id, payout.pay_id)
        return await database.run(lambda session: see_payout(session, payout_id, sighting))


async def see_deposit(session: AsyncSession, deposit_id: UUID, sighting: Sighting) -> datetime | None:
    """Act on what a look-up saw of a deposit, in one transaction; returns when to ask again."""
    deposit = await lock_deposit(session, deposit_id)
    if _watched_since(deposit) is None:
        return None
    leave_trace(session, deposit.id, "look_up", _words(sighting))
    match sighting:
        case Seen(Progress.SUCCEEDED, amount) if amount is not None and amount.currency == deposit.currency:
            await _deposit_is_paid(session, deposit, amount)
        case Seen(Progress.SUCCEEDED):
            await _deposit_is_undecided(session, deposit, NoAnswer("paid, but not in an amount we can credit"))
        case Seen(Progress.FAILED, amount) if amount is not None or deposit.state is not DepositState.SETTLED:
            await _deposit_is_not_paid(session, deposit)
        case NotKnown() if _was_never_heard_of(deposit):
            await fail_deposit(session, deposit, FailureCode.OPERATOR_DOWN)
        case _:
            await _deposit_is_undecided(session, deposit, sighting)
    return await _look_at_deposit_again(session, deposit)


async def see_payout(session: AsyncSession, payout_id: UUID, sighting: Sighting) -> datetime | None:
    """Act on what a look-up saw of a payout, in one transaction; returns when to ask again.

    Only an explicit answer moves money: that GetMiPay does not know a payout, or does not answer, proves nothing.
    """
    payout = await lock_payout(session, payout_id)
    if _watched_since(payout) is None:
        return None
    leave_trace(session, payout.id, "look_up", _words(sighting))
    match sighting:
        case Seen(Progress.SUCCEEDED, amount) if amount == payout.asked:
            await _payout_is_paid(session, payout)
        # With its amount: nobody knows whether payouts can be asked for at all, and a service that calls "failed"
        # whatever it does not know would not know the amount either.
        case Seen(Progress.FAILED, amount) if amount == payout.asked:
            await _payout_is_not_paid(session, payout)
    return await _look_at_payout_again(session, payout)


def _words(sighting: Sighting) -> str:
    """What GetMiPay answered, for whoever has to understand it later."""
    match sighting:
        case Seen(progress, amount):
            return f"{progress.value}, {f'{amount.amount} {amount.currency}' if amount else 'no amount'}"
        case NotKnown():
            return "not known there"
        case NoAnswer():
            return f"no answer: {sighting.why}"


async def _deposit_is_paid(session: AsyncSession, deposit: Deposit, received: Money) -> None:
    if deposit.state is DepositState.SETTLED:
        # Failed, after completed, said a webhook; it was wrong.
        deposit.doubt = None
    else:
        await settle_deposit(session, deposit, received)


async def _deposit_is_not_paid(session: AsyncSession, deposit: Deposit) -> None:
    if deposit.state is DepositState.SETTLED:
        await reverse_deposit(session, deposit)
    else:
        await fail_deposit(session, deposit, FailureCode.REFUSED)


def _was_never_heard_of(deposit: Deposit) -> bool:
    """Our call was cut, GetMiPay gave us no id for it and knows nothing of it: no link went out that one could pay.

    Nobody is kept from paying for half an hour then. Should it have been heard of all the same, a webhook says so, is
    looked up, and credits.
    """
    is_lost = deposit.state is DepositState.UNKNOWN and deposit.provider_id is None and deposit.doubt is None
    return is_lost and deposit.watch_since is not None and clock.now() - deposit.watch_since >= _HEARD_OF_WITHIN


async def _deposit_is_undecided(session: AsyncSession, deposit: Deposit, sighting: Sighting) -> None:
    """A link that nobody paid in time expires, unless it is in doubt or GetMiPay tells us nothing."""
    may_expire = deposit.state is not DepositState.REQUESTED and deposit.doubt is None
    if not may_expire or clock.now() < deposit.expires_at:
        return
    if not isinstance(sighting, NoAnswer):
        await expire_deposit(session, deposit)
    elif deposit.state is not DepositState.UNKNOWN:
        await lose_sight_of_deposit(session, deposit)


async def _payout_is_paid(session: AsyncSession, payout: Payout) -> None:
    match payout.state:
        case PayoutState.FAILED:
            await book_paid_twice(session, payout)
        case PayoutState.COMPLETED:
            # Failed, after completed, said a webhook; it was wrong.
            payout.doubt = None
        case _:
            await complete_payout(session, payout)


async def _payout_is_not_paid(session: AsyncSession, payout: Payout) -> None:
    match payout.state:
        case PayoutState.FAILED:
            # Completed, after failed, said a webhook; it was wrong.
            payout.doubt = None
        case PayoutState.COMPLETED:
            await reverse_payout(session, payout)
        case _ if payout.doubt is None:
            await fail_payout(session, payout, FailureCode.REFUSED)
        case _:
            # A signed webhook says that something arrived: two stories, and only a person may give money back on one.
            await alert(session, payout.doubt, payout.reference)


async def _look_at_deposit_again(session: AsyncSession, deposit: Deposit) -> datetime | None:
    since = _watched_since(deposit)
    if since is None:
        return None
    if deposit.state is not DepositState.REQUESTED and is_over(since, clock.now()):
        await give_up_on_deposit(session, deposit)
        return None
    return next_look(since, clock.now(), deposit.expires_at)


async def _look_at_payout_again(session: AsyncSession, payout: Payout) -> datetime | None:
    since = _watched_since(payout)
    if since is None:
        return None
    if payout.state is not PayoutState.REQUESTED and is_over(since, clock.now()):
        await give_up_on_payout(session, payout)
        return None
    return next_look(since, clock.now())


def _watched_since(payment: Deposit | Payout) -> datetime | None:
    """Since when a payment is being looked up; None for one that is decided beyond doubt, or given up to a person."""
    return payment.watch_since if payment.state in _UNDECIDED or payment.doubt is not None else None
