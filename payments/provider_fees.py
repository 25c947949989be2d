"""What GetMiPay keeps of a deposit: booked apart, so that the merchant balance is what GetMiPay owes us.

The wallet gets what the payer paid, less our own fee. What GetMiPay keeps is our cost, on an account of its own.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core.events import subscribe
from core.jobs import Jobs, Payload
from core.money import Money
from ledger import AccountKind
from payments.deposit_states import DepositState
from payments.deposits import Deposit, lock_deposit
from payments.postings import Leg, house_account, leg_id, transfer

GETMIPAY = "getmipay"


def register_provider_fees(jobs: Jobs) -> None:
    """Hear of deposits: each is booked once, whoever settled it, and in whatever order the events are heard."""
    subscribe(jobs, "deposit.settled", _book)
    subscribe(jobs, "deposit.reversed", _book)


async def _book(session: AsyncSession, payload: Payload) -> None:
    deposit_id = UUID(payload["id"])
    if not (await session.get_one(Deposit, deposit_id)).provider_fee:
        return
    deposit = await lock_deposit(session, deposit_id)
    fee = _kept(deposit)
    if not fee:
        return
    costs = (await ledger.open_account(session, GETMIPAY, AccountKind.FEES, deposit.currency)).id
    provider = await house_account(session, AccountKind.PROVIDER, deposit.currency)
    await transfer(
        session, deposit.id, Leg.PROVIDER_FEE, debit=costs, credit=provider, amount=fee, kind="provider_fee"
    )  # fmt: skip
    if deposit.state is DepositState.REVERSED:
        given_back = ledger.Reverse(
            id=leg_id(deposit.id, Leg.REVERSAL_OF_PROVIDER_FEE),
            transfer=leg_id(deposit.id, Leg.PROVIDER_FEE),
            journal=deposit.id,
            leg=Leg.REVERSAL_OF_PROVIDER_FEE,
        )
        await ledger.post(session, given_back)


def _kept(deposit: Deposit) -> Money:
    """As GetMiPay announced, in proportion to what arrived."""
    received = min(deposit.received or 0, deposit.amount)
    return Money(deposit.provider_fee * received // deposit.amount, deposit.currency)
