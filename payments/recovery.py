"""A payout that was given back and paid all the same, or was said to be: how people put it right.

The member's withdrawals were stopped until then. The caller has locked the payout.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from ledger import AccountKind
from members.wallets import member_account, standing
from payments.corrections import CorrectionKind, correct
from payments.deposits import Doubt
from payments.notices import tell
from payments.payout_outcomes import post_paid_twice
from payments.payouts import Payout
from payments.postings import Leg, house_account, leg_id, transfer

CLEARED = "payout.cleared"


async def recover_payout(session: AsyncSession, payout: Payout, correction_id: UUID) -> None:
    """It did arrive: what was given back is taken from the wallet, and what is not there is owed."""
    await _book_first(session, payout)
    payout.doubt = None
    suspense = await house_account(session, AccountKind.SUSPENSE, payout.currency)
    wallet = await member_account(session, payout.member_id, AccountKind.WALLET, payout.currency)
    taken = min(
        payout.asked, (await standing(session, payout.member_id, AccountKind.WALLET, payout.currency)).available
    )
    owed = payout.asked - taken
    debt = await member_account(session, payout.member_id, AccountKind.RECEIVABLE, payout.currency)
    for leg, debit, amount in ((Leg.RECOVERED_FROM_WALLET, wallet, taken), (Leg.RECOVERED_AS_DEBT, debt, owed)):
        await transfer(session, payout.id, leg, debit=debit, credit=suspense, amount=amount, kind="recovery")
    await correct(
        session, correction_id, CorrectionKind.RECOVERED, payout.member_id, payout.asked, about=payout.reference,
        owed=owed.amount,
    )  # fmt: skip


async def bear_payout(session: AsyncSession, payout: Payout) -> None:
    """It did arrive, and the member keeps what was given back: the house pays for its mistake out of its fees."""
    await _book_first(session, payout)
    payout.doubt = None
    fees = await house_account(session, AccountKind.FEES, payout.currency)
    suspense = await house_account(session, AccountKind.SUSPENSE, payout.currency)
    await transfer(session, payout.id, Leg.BORNE, debit=fees, credit=suspense, amount=payout.asked, kind="borne")
    await tell(session, payout, CLEARED)


async def clear_incident(session: AsyncSession, payout: Payout) -> None:
    """It did not arrive, or GetMiPay has given it back to us: the member's withdrawals go on."""
    if payout.doubt is Doubt.PAID_TWICE:
        cleared = ledger.Reverse(
            id=leg_id(payout.id, Leg.PAID_TWICE_CLEARED), transfer=leg_id(payout.id, Leg.PAID_TWICE),
            journal=payout.id, leg=Leg.PAID_TWICE_CLEARED,
        )  # fmt: skip
        await ledger.post(session, cleared)
    payout.doubt = None
    await tell(session, payout, CLEARED)


async def _book_first(session: AsyncSession, payout: Payout) -> None:
    """Where no look-up has confirmed it before, these two people do."""
    if payout.doubt is not Doubt.PAID_TWICE:
        await post_paid_twice(session, payout)
