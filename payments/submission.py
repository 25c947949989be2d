"""Calling GetMiPay: a payment is marked submitted and committed, then called for outside any lock, then the outcome is
stored in a transaction of its own.

A job runs at least once. One that finds `submitted` cannot know whether the call went out: it never calls again, the
payment becomes unknown and is looked up.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import Database
from core.jobs import Jobs, Payload, enqueue
from core.phones import Phone
from members import Member
from payments import breaker
from payments.deposit_outcomes import CHECK_DEPOSIT, fail_deposit, lose_sight_of_deposit
from payments.deposit_states import DepositState, DepositStep
from payments.deposits import Deposit, lock_deposit
from payments.failures import FailureCode
from payments.methods import Direction
from payments.notices import alert, tell
from payments.payout_outcomes import CHECK_PAYOUT, fail_payout, lose_sight_of_payout
from payments.payout_states import PayoutState, PayoutStep
from payments.payouts import Payout, lock_payout
from payments.provider import Accepted, Declined, NotSent, Order, Outcome, Provider, Unclear
from payments.provider_events import match_again
from payments.requests import LINK_LIFE, SUBMIT_DEPOSIT, SUBMIT_PAYOUT
from payments.schedule import next_look
from payments.sealing import Seal
from payments.services import service_for
from payments.traces import leave_trace

# A person waits for the link, or for their money: what could not be sent by then is given back.
_TRY_FOR = timedelta(minutes=10)
_SHORTEST_WAIT = timedelta(seconds=2)
_LONGEST_WAIT = timedelta(minutes=1)

# In a payout we are the payer: these are ours, not the member's.
_OF_A_PAYOUT = {
    FailureCode.PAYER_FUNDS: FailureCode.OUR_BALANCE,
    FailureCode.PAYER_LIMIT: FailureCode.OUR_BALANCE,
}


class Submission:
    """The jobs `submit_deposit` and `submit_payout`."""

    def __init__(self, provider: Provider, link_life: timedelta = LINK_LIFE, seal: Seal | None = None) -> None:
        """`seal` opens the one-time codes of deposits; without it none is ever asked for."""
        self._provider = provider
        self._link_life = link_life
        self._seal = seal

    def register(self, jobs: Jobs) -> None:
        jobs.calling(SUBMIT_DEPOSIT, self.submit_deposit)
        jobs.calling(SUBMIT_PAYOUT, self.submit_payout)

    async def submit_deposit(self, database: Database, payload: Payload) -> datetime | None:
        """Call for a deposit, once. Returns when to try again where the call surely did not go out."""
        deposit_id = UUID(payload["id"])
        sealed = payload.get("code")
        code = self._seal.open(sealed) if sealed and self._seal else None
        if sealed and code is None:
            await database.run(lambda session: _give_up_without_code(session, deposit_id))
        order = await database.run(lambda session: _mark_deposit(session, deposit_id))
        if order is None:
            return None
        outcome = await self._provider.initiate(replace(order, code=code))
        return await database.run(lambda session: self._store_deposit(session, deposit_id, outcome))

    async def submit_payout(self, database: Database, payload: Payload) -> datetime | None:
        """Call for a payout, once. Returns when to try again where the call surely did not go out."""
        payout_id = UUID(payload["id"])
        order = await database.run(lambda session: _mark_payout(session, payout_id))
        if order is None:
            return None
        outcome = await self._provider.initiate(order)
        return await database.run(lambda session: _store_payout(session, payout_id, outcome))

    async def _store_deposit(self, session: AsyncSession, deposit_id: UUID, outcome: Outcome) -> datetime | None:
        deposit = await lock_deposit(session, deposit_id)
        leave_trace(session, deposit.id, "call", _words(outcome))
        again_at = None
        match outcome:
            case Accepted():
                await self._open(session, deposit, outcome)
            case Declined():
                await _decline_deposit(session, deposit, outcome)
            case Unclear() if deposit.state is DepositState.SUBMITTED:
                await lose_sight_of_deposit(session, deposit)
            case NotSent() if deposit.state is DepositState.SUBMITTED:
                again_at = await _unsend_deposit(session, deposit, outcome)
        await _tell_breaker(session, Direction.DEPOSIT, deposit.method, outcome)
        return again_at

    async def _open(self, session: AsyncSession, deposit: Deposit, accepted: Accepted) -> None:
        deposit.provider_id, deposit.payment_url = accepted.provider_id, accepted.payment_url
        deposit.pay_id, deposit.provider_fee = accepted.pay_id, accepted.fee
        waits = deposit.state is DepositState.SUBMITTED or (
            # Another worker had given this call up; a doubt is a different matter.
            deposit.state is DepositState.UNKNOWN and deposit.doubt is None
        )
        if waits:
            deposit.take(DepositStep.OPEN)
            deposit.expires_at = clock.now() + self._link_life
            await tell(session, deposit, "deposit.link_ready")
        await match_again(session, {accepted.provider_id})


async def _mark_deposit(session: AsyncSession, deposit_id: UUID) -> Order | None:
    deposit = await lock_deposit(session, deposit_id)
    if deposit.state is DepositState.SUBMITTED:
        await lose_sight_of_deposit(session, deposit)
    if deposit.state is not DepositState.REQUESTED:
        return None
    deposit.take(DepositStep.SUBMIT)
    deposit.watch_since = clock.now()
    first_look = next_look(deposit.watch_since, deposit.watch_since)
    await enqueue(session, CHECK_DEPOSIT, str(deposit.id), {"id": str(deposit.id)}, run_at=first_look)
    return await _order(session, Direction.DEPOSIT, deposit)


async def _mark_payout(session: AsyncSession, payout_id: UUID) -> Order | None:
    payout = await lock_payout(session, payout_id)
    if payout.state is PayoutState.SUBMITTED:
        await lose_sight_of_payout(session, payout)
    if payout.state is not PayoutState.REQUESTED:
        return None
    # Once called for it is never taken back by us: it may have arrived.
    if payout.watch_since is None and (await session.get_one(Member, payout.member_id)).frozen_at is not None:
        await fail_payout(session, payout, FailureCode.FROZEN)
        return None
    payout.take(PayoutStep.SUBMIT)
    payout.watch_since = clock.now()
    first_look = next_look(payout.watch_since, payout.watch_since)
    await enqueue(session, CHECK_PAYOUT, str(payout.id), {"id": str(payout.id)}, run_at=first_look)
    return await _order(session, Direction.PAYOUT, payout)


async def _order(session: AsyncSession, direction: Direction, payment: Deposit | Payout) -> Order:
    phone = Phone(payment.phone)
    service = await service_for(session, phone, payment.method, direction)
    return Order(direction, payment.reference, payment.asked, phone, payment.method, service)


async def _give_up_without_code(session: AsyncSession, deposit_id: UUID) -> None:
    """The code can be opened no more: it waited too long. Nothing was asked for, so nothing was paid."""
    deposit = await lock_deposit(session, deposit_id)
    if deposit.state is DepositState.REQUESTED:
        await fail_deposit(session, deposit, FailureCode.OTP)


async def _store_payout(session: AsyncSession, payout_id: UUID, outcome: Outcome) -> datetime | None:
    payout = await lock_payout(session, payout_id)
    leave_trace(session, payout.id, "call", _words(outcome))
    again_at = None
    match outcome:
        case Accepted():
            await _accept_payout(session, payout, outcome)
        case Declined():
            await _decline_payout(session, payout, outcome)
        case Unclear() if payout.state is PayoutState.SUBMITTED:
            await lose_sight_of_payout(session, payout)
        case NotSent() if payout.state is PayoutState.SUBMITTED:
            again_at = await _unsend_payout(session, payout, outcome)
    await _tell_breaker(session, Direction.PAYOUT, payout.method, outcome)
    return again_at


async def _decline_deposit(session: AsyncSession, deposit: Deposit, declined: Declined) -> None:
    """No link went out, so nobody can have paid: even words we do not know are a no."""
    if deposit.state in {DepositState.SUBMITTED, DepositState.UNKNOWN} and deposit.doubt is None:
        code = FailureCode.REFUSED if declined.code is FailureCode.UNKNOWN else declined.code
        await fail_deposit(session, deposit, code, declined.said)


async def _accept_payout(session: AsyncSession, payout: Payout, accepted: Accepted) -> None:
    payout.provider_id, payout.pay_id = accepted.provider_id, accepted.pay_id
    # From UNKNOWN: another worker had given this call up; a doubt is a different matter.
    if payout.state is PayoutState.SUBMITTED or (payout.state is PayoutState.UNKNOWN and payout.doubt is None):
        payout.take(PayoutStep.ACCEPT)
        await tell(session, payout, "payout.submitted")
    await match_again(session, {accepted.provider_id})


async def _decline_payout(session: AsyncSession, payout: Payout, declined: Declined) -> None:
    """Only words we know, or a status that is a refusal by itself, give the money back."""
    if payout.state not in {PayoutState.SUBMITTED, PayoutState.UNKNOWN} or payout.doubt is not None:
        return
    if declined.code is not FailureCode.UNKNOWN:
        code = _OF_A_PAYOUT.get(declined.code, declined.code)
        await fail_payout(session, payout, code, declined.said)
        if code is FailureCode.OUR_BALANCE:
            await alert(session, code, payout.reference)
            await breaker.record_empty_balance(session)
    elif payout.state is PayoutState.SUBMITTED:
        payout.said = declined.said
        await lose_sight_of_payout(session, payout)


async def _unsend_deposit(session: AsyncSession, deposit: Deposit, unsent: NotSent) -> datetime | None:
    deposit.take(DepositStep.UNSEND)
    again_at = _again_at(deposit.created_at, unsent)
    if again_at is None:
        await fail_deposit(session, deposit, FailureCode.OPERATOR_DOWN, unsent.why)
    return again_at


async def _unsend_payout(session: AsyncSession, payout: Payout, unsent: NotSent) -> datetime | None:
    payout.take(PayoutStep.UNSEND)
    again_at = _again_at(payout.created_at, unsent)
    if again_at is None:
        await fail_payout(session, payout, FailureCode.OPERATOR_DOWN, unsent.why)
    return again_at


def _again_at(created_at: datetime, unsent: NotSent) -> datetime | None:
    """Twice as long after each attempt, and never before the provider wants it; None when it has been tried enough."""
    age = clock.now() - created_at
    if age >= _TRY_FOR:
        return None
    wait = min(max(age, _SHORTEST_WAIT), _LONGEST_WAIT)
    return clock.now() + max(wait, unsent.retry_after or wait)


def _words(outcome: Outcome) -> str:
    """What GetMiPay answered, for whoever has to understand it later."""
    match outcome:
        case Accepted():
            return f"accepted as {outcome.provider_id}"
        case Declined():
            return f"declined ({outcome.code}): {outcome.said}"
        case Unclear():
            return f"unclear: {outcome.why}"
        case NotSent():
            return f"not sent: {outcome.why}"


async def _tell_breaker(session: AsyncSession, direction: Direction, method: str, outcome: Outcome) -> None:
    """Last in the transaction: the breaker's row is shared by all payments of a method."""
    match outcome:
        case Accepted():
            await breaker.record_success(session, direction, method)
        case Declined(code=FailureCode.OPERATOR_DOWN) | Unclear() | NotSent(retry_after=None):
            await breaker.record_failure(session, direction, method)
        case Declined():
            await breaker.record_success(session, direction, method)
