"""What becomes of a deposit. Each function changes the state, the ledger and the notice in the caller's transaction.

The caller has locked the deposit (`lock_deposit`).
"""

from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core import clock
from core.ids import new_id
from core.jobs import enqueue
from core.money import Money
from ledger import AccountKind
from members import Member
from members.wallets import member_account, over_what_is_held, standing
from payments.deposit_states import DepositState, DepositStep
from payments.deposits import Deposit, Doubt
from payments.failures import FailureCode
from payments.limits import over_what_is_loaded
from payments.metrics import count_refusal
from payments.notices import alert, tell
from payments.postings import Leg, house_account, leg_id, transfer

CHECK_DEPOSIT = "check_deposit"


async def settle_deposit(session: AsyncSession, deposit: Deposit, received: Money) -> None:
    """Credit what arrived, take our fee, and park what exceeds the member's limits. Does nothing the second time."""
    if deposit.state in {DepositState.SETTLED, DepositState.REVERSED}:
        return
    deposit.take(DepositStep.SETTLE)
    deposit.fee = _fee(deposit, received)
    deposit.received, deposit.settled_at, deposit.doubt, deposit.failure = received.amount, clock.now(), None, None
    await session.flush()
    await _clear_suspense(session, deposit)
    await _credit(session, deposit, received)
    if received != deposit.asked:
        await alert(session, Doubt.AMOUNT_DIFFERS, deposit.reference)
    await tell(session, deposit, "deposit.settled")


async def fail_deposit(session: AsyncSession, deposit: Deposit, code: FailureCode, said: str = "") -> None:
    """Nothing was paid, for the reason given; no money moves."""
    deposit.take(DepositStep.FAIL)
    deposit.failure, deposit.said, deposit.doubt = code, said or None, None
    await _clear_suspense(session, deposit)
    count_refusal(session, code)
    await tell(session, deposit, "deposit.failed")


async def expire_deposit(session: AsyncSession, deposit: Deposit) -> None:
    """Nobody paid in time; should somebody still do, it is credited."""
    deposit.take(DepositStep.EXPIRE)
    await tell(session, deposit, "deposit.expired")


async def lose_sight_of_deposit(session: AsyncSession, deposit: Deposit) -> None:
    """Nobody can say now what becomes of it; the look-ups go on."""
    deposit.take(DepositStep.LOSE_SIGHT)
    await tell(session, deposit, "deposit.unknown")


async def doubt_deposit(session: AsyncSession, deposit: Deposit, why: Doubt, claimed: Money | None) -> None:
    """GetMiPay's word does not fit what we know: from now on only its look-up moves this deposit; it is asked now."""
    if deposit.doubt is None:
        deposit.doubt, deposit.watch_since = why, clock.now()
        deposit.claimed = claimed.amount if claimed else None
        if deposit.state not in {DepositState.SETTLED, DepositState.UNKNOWN, DepositState.REVIEW}:
            await lose_sight_of_deposit(session, deposit)
        await alert(session, why, deposit.reference)
        # A key of its own: the scheduled look-up may be at its very end, and would take this one with it.
        await enqueue(session, CHECK_DEPOSIT, f"{deposit.id}:{new_id()}", {"id": str(deposit.id)})


async def give_up_on_deposit(session: AsyncSession, deposit: Deposit) -> None:
    """A day of look-ups told us nothing: a person decides. What a webhook claims was paid waits in suspense."""
    deposit.watch_since = None
    await alert(session, deposit.doubt or "deposit.unknown", deposit.reference)
    if deposit.state is DepositState.SETTLED:
        return
    # Suspended once and cleared by people, it does not come there again.
    was_suspended = await ledger.is_posted(session, leg_id(deposit.id, Leg.SUSPENSE))
    if deposit.doubt and deposit.claimed and not was_suspended:
        deposit.suspended = deposit.claimed
        provider = await house_account(session, AccountKind.PROVIDER, deposit.currency)
        suspense = await house_account(session, AccountKind.SUSPENSE, deposit.currency)
        said = Money(deposit.claimed, deposit.currency)
        await transfer(session, deposit.id, Leg.SUSPENSE, debit=provider, credit=suspense, amount=said, kind="suspense")
    if deposit.state is not DepositState.REVIEW:
        deposit.take(DepositStep.GIVE_UP)
        await tell(session, deposit, "deposit.review")


async def reverse_deposit(session: AsyncSession, deposit: Deposit) -> None:
    """Take a credited deposit back by new transfers: what is there is debited, the rest is owed by the member.

    While they owe it, nothing leaves their wallet.
    """
    deposit.take(DepositStep.REVERSE)
    deposit.reversed_at, deposit.doubt = clock.now(), None
    owed = Money(deposit.received or 0, deposit.currency)
    if deposit.fee:
        await ledger.post(
            session,
            ledger.Reverse(
                id=leg_id(deposit.id, Leg.REVERSAL_OF_FEE),
                transfer=leg_id(deposit.id, Leg.FEE),
                journal=deposit.id,
                leg=Leg.REVERSAL_OF_FEE,
            ),
        )
    parked = Money(deposit.parked, deposit.currency)
    owed -= await _take_back(session, deposit, AccountKind.PARKED, Leg.REVERSAL_FROM_PARKED, min(owed, parked))
    owed -= await _take_back(session, deposit, AccountKind.WALLET, Leg.REVERSAL_FROM_WALLET, owed)
    debt = await member_account(session, deposit.member_id, AccountKind.RECEIVABLE, deposit.currency)
    provider = await house_account(session, AccountKind.PROVIDER, deposit.currency)
    await transfer(session, deposit.id, Leg.REVERSAL_AS_DEBT, debit=debt, credit=provider, amount=owed, kind="reversal")
    await alert(session, "deposit.reversed", deposit.reference)
    await tell(session, deposit, "deposit.reversed")


def _fee(deposit: Deposit, received: Money) -> int:
    """Never more than was quoted; less where less arrived than was asked for."""
    return min(deposit.fee, deposit.fee * received.amount // deposit.amount)


async def _credit(session: AsyncSession, deposit: Deposit, received: Money) -> None:
    currency = deposit.currency
    wallet = await member_account(session, deposit.member_id, AccountKind.WALLET, currency)
    provider = await house_account(session, AccountKind.PROVIDER, currency)
    fees = await house_account(session, AccountKind.FEES, currency)
    fee = Money(deposit.fee, currency)
    await transfer(session, deposit.id, Leg.MAIN, debit=provider, credit=wallet, amount=received, kind="deposit")
    await transfer(session, deposit.id, Leg.FEE, debit=wallet, credit=fees, amount=fee, kind="deposit_fee")
    member = await session.get_one(Member, deposit.member_id)
    over = max(
        await over_what_is_held(session, member.id, currency), await over_what_is_loaded(session, member, currency)
    )
    excess = min(over, received - fee)
    if excess:
        deposit.parked = excess.amount
        parked = await member_account(session, deposit.member_id, AccountKind.PARKED, currency)
        await transfer(session, deposit.id, Leg.PARKED, debit=wallet, credit=parked, amount=excess, kind="parked")


async def _clear_suspense(session: AsyncSession, deposit: Deposit) -> None:
    """What waited in suspense is now known for what it is: the proper entries replace it."""
    if deposit.suspended:
        deposit.suspended = 0
        cleared = ledger.Reverse(
            id=leg_id(deposit.id, Leg.SUSPENSE_CLEARED),
            transfer=leg_id(deposit.id, Leg.SUSPENSE),
            journal=deposit.id,
            leg=Leg.SUSPENSE_CLEARED,
        )
        await ledger.post(session, cleared)


async def _take_back(session: AsyncSession, deposit: Deposit, kind: AccountKind, leg: Leg, most: Money) -> Money:
    """Debit what is free on the member's account, `most` at most; gives what was taken."""
    available = (await standing(session, deposit.member_id, kind, deposit.currency)).available
    taken = min(most, available)
    account = await member_account(session, deposit.member_id, kind, deposit.currency)
    provider = await house_account(session, AccountKind.PROVIDER, deposit.currency)
    await transfer(session, deposit.id, leg, debit=account, credit=provider, amount=taken, kind="reversal")
    return taken
