"""Asking for a deposit or a payout: the row, the hold and the next step, in the caller's transaction."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core import clock, trail
from core.db import insert_once
from core.ids import new_id, new_reference
from core.jobs import enqueue
from core.money import Money
from core.phones import Phone
from ledger import AccountKind
from members import Member
from members.wallets import member_account
from payments.breaker import refuse_while_open
from payments.cooling import refuse_while_cooling
from payments.deposit_states import DepositState
from payments.deposits import Deposit
from payments.limits import refuse_loading, refuse_taking_out
from payments.methods import Direction
from payments.payout_states import PayoutState
from payments.payouts import Payout
from payments.postings import Leg, house_account, leg_id
from payments.quotes import Quote

LINK_LIFE = timedelta(minutes=30)
SUBMIT_DEPOSIT = "submit_deposit"
SUBMIT_PAYOUT = "submit_payout"


class KeyReused(Exception):
    """A fault of ours: the key already stands for another request."""


async def request_deposit(
    session: AsyncSession, member: Member, quote: Quote, phone: Phone, *, key: str, link_life: timedelta = LINK_LIFE,
    sealed_code: str | None = None,
) -> Deposit:  # fmt: skip
    """Write down a deposit that `member` has confirmed; a worker calls GetMiPay once this is committed.

    `sealed_code` is the operator's one-time code, closed by `Seal`; it stands in the job, and goes with it.
    The same key again gives the first deposit back. Raises OperatorDown, WalletFull, MonthFull, OperationTooSmall,
    OperationTooLarge, and KeyReused where the key came with other terms.
    """
    known = await session.scalar(select(Deposit).where(Deposit.key == key))
    if known is None:
        await check_deposit_request(session, member, quote)
        moment = clock.now()
        is_ours = await insert_once(
            session, Deposit, id=new_id(), member_id=member.id, key=key, reference=new_reference("D"),
            state=DepositState.REQUESTED, amount=quote.amount.amount, fee=quote.fee.amount,
            currency=quote.amount.currency, method=quote.method, phone=phone.e164, expires_at=moment + link_life,
            suspended=0, parked=0, created_at=moment,
        )  # fmt: skip
        known = (await session.scalars(select(Deposit).where(Deposit.key == key))).one()
        if is_ours:
            payload = {"id": str(known.id)} | ({"code": sealed_code} if sealed_code else {})
            await enqueue(session, SUBMIT_DEPOSIT, str(known.id), payload)
            trail.leave(session, "deposit.requested", known.reference)
    _refuse_other_terms(known, member.id, quote.amount, quote, phone)
    return known


async def request_payout(session: AsyncSession, member: Member, quote: Quote, phone: Phone, *, key: str) -> Payout:
    """Hold the money of a payout that `member` has confirmed; a worker calls GetMiPay once this is committed.

    The same key again gives the first payout back. Raises ledger.InsufficientFunds, OperatorDown, PayoutsUnfunded,
    OperationTooSmall, OperationTooLarge, MemberFrozen, DebtOutstanding, WalletCools, NumberIsNew, AfterReset; then
    nothing was written and nothing is held. Raises KeyReused where the key came with other terms.
    """
    known = await session.scalar(select(Payout).where(Payout.key == key))
    if known is None:
        await check_payout_request(session, member, quote, phone)
        # A refusal is an answer in a dialogue whose transaction goes on: no row may stay behind without its hold.
        async with session.begin_nested():
            known = await _hold_payout(session, member, quote, phone, key)
    _refuse_other_terms(known, member.id, quote.arrives, quote, phone)
    return known


async def check_deposit_request(session: AsyncSession, member: Member, quote: Quote) -> None:
    """Raises what request_deposit would, so that nobody confirms in vain."""
    await refuse_while_open(session, Direction.DEPOSIT, quote.method)
    await refuse_loading(session, member, quote.amount, quote.arrives)


async def check_payout_request(session: AsyncSession, member: Member, quote: Quote, phone: Phone) -> None:
    """Raises what request_payout would, the balance apart, so that nobody confirms in vain."""
    await refuse_while_open(session, Direction.PAYOUT, quote.method)
    await refuse_taking_out(session, member, quote.arrives)
    await refuse_while_cooling(session, member.id, quote.arrives, to_number=phone.e164)


async def _hold_payout(session: AsyncSession, member: Member, quote: Quote, phone: Phone, key: str) -> Payout:
    is_ours = await insert_once(
        session, Payout, id=new_id(), member_id=member.id, key=key, reference=new_reference("R"),
        state=PayoutState.REQUESTED, amount=quote.arrives.amount, fee=quote.fee.amount,
        currency=quote.arrives.currency, method=quote.method, phone=phone.e164, created_at=clock.now(),
    )  # fmt: skip
    payout = (await session.scalars(select(Payout).where(Payout.key == key))).one()
    if is_ours:
        await _hold(session, payout)
        await enqueue(session, SUBMIT_PAYOUT, str(payout.id), {"id": str(payout.id)})
        trail.leave(session, "payout.requested", payout.reference)
    return payout


async def _hold(session: AsyncSession, payout: Payout) -> None:
    wallet = await member_account(session, payout.member_id, AccountKind.WALLET, payout.currency)
    provider = await house_account(session, AccountKind.PROVIDER, payout.currency)
    fees = await house_account(session, AccountKind.FEES, payout.currency)
    # The whole of it in one command list: the amount is never held without its fee.
    holds = [
        ledger.PlaceHold(id=leg_id(payout.id, leg), debit=wallet, credit=credit, amount=amount, kind=kind)
        for leg, credit, amount, kind in (
            (Leg.HOLD, provider, payout.asked, "payout"),
            (Leg.FEE_HOLD, fees, Money(payout.fee, payout.currency), "payout_fee"),
        )
        if amount
    ]
    await ledger.post(session, *holds)


def _refuse_other_terms(known: Deposit | Payout, member_id: UUID, amount: Money, quote: Quote, phone: Phone) -> None:
    if (known.member_id, known.asked, known.method, known.phone) != (member_id, amount, quote.method, phone.e164):
        raise KeyReused(known.reference)
