"""What becomes of payments when two members turn out to be one person: they all follow, as one history."""

from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from payments.corrections import Correction
from payments.deposits import Deposit
from payments.payout_states import PayoutState
from payments.payouts import Payout
from payments.sends import Send

_OVER = (PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.REVERSED)


class PayoutUnderWay(Refusal):
    """A withdrawal that has not ended may still give its money back to the wallet it was taken from."""

    key = "refusal.link.under_way"


async def follow(session: AsyncSession, given_up: UUID, kept: UUID) -> None:
    """Make all of `given_up`'s payments `kept`'s. Raises PayoutUnderWay.

    A deposit may be under way: it is credited to whoever it belongs to when it is settled.
    """
    under_way = exists().where(Payout.member_id == given_up, Payout.state.not_in(_OVER))
    if await session.scalar(select(under_way)):
        raise PayoutUnderWay
    for column in (Deposit.member_id, Payout.member_id, Correction.member_id, Send.sender_id, Send.recipient_id):
        await session.execute(update(column.class_).where(column == given_up).values({column.key: kept}))
