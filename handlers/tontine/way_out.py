"""What a withdrawal is asked, as far as it is known already: a pot is sent on with one tap and a confirmation."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.money import Money
from members import Member
from payments import Deposit, DepositState, Payout, PayoutState


async def way_out(session: AsyncSession, member: Member, amount: Money) -> dict[str, str]:
    """The amount, and the number and method by which this member's money left last, or else came in.

    The number is read again before anything is confirmed.
    """
    for kind, done in ((Payout, PayoutState.COMPLETED), (Deposit, DepositState.SETTLED)):
        mine = select(kind.phone, kind.method).where(kind.member_id == member.id, kind.state == done)
        last = (await session.execute(mine.order_by(kind.created_at.desc()).limit(1))).one_or_none()
        if last is not None:
            return {"amount": str(amount.amount), "phone": last.phone, "method": last.method}
    return {"amount": str(amount.amount)}
