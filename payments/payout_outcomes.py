"""What becomes of a payout. Each function changes the state, the ledger and the notice in the caller's transaction.

The caller has locked the payout (`lock_payout`).
"""

from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core import clock
from core.ids import new_id
from core.jobs import enqueue
from ledger import AccountKind
from payments.deposits import Doubt
from payments.failures import FailureCode
from payments.metrics import count_refusal
from payments.notices import alert, tell
from payments.payout_states import PayoutState, PayoutStep
from payments.payouts import Payout
from payments.postings import Leg, house_account, leg_id, transfer

CHECK_PAYOUT = "check_payout"


async def complete_payout(session: AsyncSession, payout: Payout) -> None:
    """The money has arrived: the hold becomes a transfer. Does nothing the second time."""
    if payout.state in {PayoutState.COMPLETED, PayoutState.REVERSED}:
        return
    payout.take(PayoutStep.COMPLETE)
    payout.completed_at, payout.doubt = clock.now(), None
    commands = [
        ledger.PostHold(id=leg_id(payout.id, leg), hold=leg_id(payout.id, hold), journal=payout.id, leg=leg)
        for leg, hold in _legs(payout)
    ]
    await ledger.post(session, *commands)
    await tell(session, payout, "payout.completed")


async def fail_payout(session: AsyncSession, payout: Payout, code: FailureCode, said: str = "") -> None:
    """It surely did not happen: the hold is let go, amount and fee. Does nothing the second time."""
    if payout.state is PayoutState.FAILED:
        return
    payout.take(PayoutStep.FAIL)
    payout.failure, payout.said, payout.doubt = code, said or None, None
    await ledger.post(session, *(ledger.VoidHold(leg_id(payout.id, hold)) for _, hold in _legs(payout)))
    count_refusal(session, code)
    await tell(session, payout, "payout.failed")


async def lose_sight_of_payout(session: AsyncSession, payout: Payout) -> None:
    """Nobody can say now what becomes of it: the hold stays, the look-ups go on."""
    payout.take(PayoutStep.LOSE_SIGHT)
    await tell(session, payout, "payout.unknown")


async def doubt_payout(session: AsyncSession, payout: Payout, why: Doubt) -> None:
    """GetMiPay's word does not fit what we know: from now on only its look-up moves this payout, and it is asked now.

    A payout that was given back and is then said to have arrived stops all further withdrawals of this member, unless
    that has been booked and put right before.
    """
    if payout.doubt is None and await ledger.is_posted(session, leg_id(payout.id, Leg.PAID_TWICE)):
        await alert(session, why, payout.reference)
    elif payout.doubt is None:
        payout.doubt, payout.watch_since = why, clock.now()
        if payout.state in {PayoutState.REQUESTED, PayoutState.SUBMITTED, PayoutState.ACCEPTED}:
            await lose_sight_of_payout(session, payout)
        await alert(session, why, payout.reference)
        # A key of its own: the scheduled look-up may be at its very end, and would take this one with it.
        await enqueue(session, CHECK_PAYOUT, f"{payout.id}:{new_id()}", {"id": str(payout.id)})


async def give_up_on_payout(session: AsyncSession, payout: Payout) -> None:
    """A day of look-ups told us nothing: a person decides, and the hold stays until then."""
    payout.watch_since = None
    await alert(session, payout.doubt or "payout.unknown", payout.reference)
    if payout.state in {PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.REVIEW}:
        return
    payout.take(PayoutStep.GIVE_UP)
    await tell(session, payout, "payout.review")


async def book_paid_twice(session: AsyncSession, payout: Payout) -> None:
    """The look-up confirms what was given back: our merchant balance is short of it, and a person must look.

    The member keeps what they have for now, and can take nothing out until the doubt is resolved.
    """
    payout.doubt, payout.watch_since = Doubt.PAID_TWICE, None
    await post_paid_twice(session, payout)
    await alert(session, Doubt.PAID_TWICE, payout.reference)


async def post_paid_twice(session: AsyncSession, payout: Payout) -> None:
    """Our merchant balance paid what the member has back already: suspense is short of it until people decide."""
    suspense = await house_account(session, AccountKind.SUSPENSE, payout.currency)
    provider = await house_account(session, AccountKind.PROVIDER, payout.currency)
    await transfer(
        session, payout.id, Leg.PAID_TWICE, debit=suspense, credit=provider, amount=payout.asked, kind="paid_twice"
    )


async def reverse_payout(session: AsyncSession, payout: Payout) -> None:
    """It did not arrive after all: the member gets amount and fee back by new transfers."""
    payout.take(PayoutStep.REVERSE)
    payout.reversed_at, payout.doubt = clock.now(), None
    back = {Leg.MAIN: Leg.REVERSAL, Leg.FEE: Leg.REVERSAL_OF_FEE}
    commands = [
        ledger.Reverse(
            id=leg_id(payout.id, back[leg]), transfer=leg_id(payout.id, leg), journal=payout.id, leg=back[leg]
        )
        for leg, _ in _legs(payout)
    ]
    await ledger.post(session, *commands)
    await alert(session, "payout.reversed", payout.reference)
    await tell(session, payout, "payout.reversed")


def _legs(payout: Payout) -> list[tuple[Leg, Leg]]:
    """Each transfer of the payout with the hold it comes from."""
    return [(Leg.MAIN, Leg.HOLD), (Leg.FEE, Leg.FEE_HOLD)] if payout.fee else [(Leg.MAIN, Leg.HOLD)]
