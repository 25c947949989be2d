"""Money paid apart from contributions: a security deposit, a gift to the solidarity fund, a fine."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.ids import new_id
from members.wallets import member_account, refuse_taking_out
from tontines.accounts import Journal, caution_account, fund_account
from tontines.group_tables import Membership, Tontine
from tontines.money_tables import SidePayment


class Side(StrEnum):
    """What a side payment is for, which is also its kind in the ledger."""

    CAUTION = "caution"
    FUND = "fund"
    FINE = "fine"


async def pay_side(
    session: AsyncSession, tontine: Tontine, side: Side, member: Membership, amount: int, *, payer_id: UUID, key: str
) -> SidePayment:
    """Move francs from the payer's wallet to where they belong, for a member. The tontine is locked, and `key` is new.

    Raises ledger.InsufficientFunds, MemberFrozen, DebtOutstanding; then nothing was written.
    """
    await refuse_taking_out(session, payer_id)
    # A refusal is an answer in a dialogue whose transaction goes on: the row must not stay behind without its money.
    async with session.begin_nested():
        payment = SidePayment(
            id=new_id(), key=key, tontine_id=tontine.id, membership_id=member.id, kind=side.value, amount=amount,
            created_at=clock.now(),
        )  # fmt: skip
        session.add(payment)
        await session.flush()
        is_caution = side is Side.CAUTION
        credit = await caution_account(session, member.id) if is_caution else await fund_account(session, tontine.id)
        journal = Journal(payment.id)
        journal.move(await member_account(session, payer_id), credit, amount, side.value)
        await journal.post(session)
    return payment
