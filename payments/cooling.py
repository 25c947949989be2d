"""Cooling off: what may leave while a wallet has a new address, another PIN, or a new number to send money to.

The member is told of it on all their addresses at once: a day is the time they have to say that it was not them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.money import Money
from members import MemberPhone
from members.guard import Cooling, guard_of
from members.safety import SAFETY
from payments.limits import taken_out_since
from payments.payout_states import PayoutState
from payments.payouts import Payout

_GIVEN_BACK = (PayoutState.FAILED, PayoutState.REVERSED)


class WalletCools(Refusal):
    """Params: `at_most` that may leave in all, `room` left of it (Money), `until` (datetime)."""

    key = "refusal.cooling.wallet"


class NumberIsNew(Refusal):
    """Params: `at_most` that may go to the number in all, `room` left of it (Money), `until` (datetime)."""

    key = "refusal.cooling.number"


class AfterReset(Refusal):
    """An operator has reset the PIN: nothing leaves before `until` (datetime)."""

    key = "refusal.cooling.reset"


async def refuse_while_cooling(
    session: AsyncSession, member_id: UUID, amount: Money, *, to_number: str | None = None
) -> None:
    """Raises AfterReset, WalletCools or NumberIsNew where `amount` must not leave yet.

    Locks the member's guard, so that two withdrawals at once cannot both find room.
    """
    guard = await guard_of(session, member_id)
    if (until := guard.cools_until) is not None:
        if guard.cooling_why is Cooling.RESET:
            raise AfterReset(until=until)
        left = await taken_out_since(session, member_id, amount.currency, guard.cooling_since or until)
        room = SAFETY.out_while_cooling - left
        if amount > room:
            raise WalletCools(at_most=SAFETY.out_while_cooling, room=_no_less_than_nothing(room), until=until)
    if to_number is not None:
        await _refuse_new_number(session, member_id, amount, to_number)


async def is_new_number(session: AsyncSession, member_id: UUID, e164: str) -> bool:
    """Whether this member never agreed, with their PIN, to a withdrawal to that number."""
    known = await session.get(MemberPhone, (member_id, e164))
    return known is None or known.payout_since is None


async def accept_number(session: AsyncSession, member_id: UUID, e164: str) -> bool:
    """The member agreed with their PIN to withdraw to that number; False where they had before."""
    known = await session.get_one(MemberPhone, (member_id, e164))
    if known.payout_since is not None:
        return False
    known.payout_since = clock.now()
    await session.flush()
    return True


async def _refuse_new_number(session: AsyncSession, member_id: UUID, amount: Money, e164: str) -> None:
    known = await session.get(MemberPhone, (member_id, e164))
    since = (known.payout_since if known else None) or clock.now()
    if clock.now() - since >= SAFETY.cooling:
        return
    room = SAFETY.out_while_cooling - await _withdrawn_to(session, member_id, e164, since)
    if amount > room:
        until = since + SAFETY.cooling
        raise NumberIsNew(at_most=SAFETY.out_while_cooling, room=_no_less_than_nothing(room), until=until)


async def _withdrawn_to(session: AsyncSession, member_id: UUID, e164: str, since: datetime) -> Money:
    withdrawn = select(func.sum(Payout.amount)).where(
        Payout.member_id == member_id, Payout.phone == e164, Payout.created_at >= since,
        Payout.state.not_in(_GIVEN_BACK),
    )  # fmt: skip
    return Money(int(await session.scalar(withdrawn) or 0))


def _no_less_than_nothing(room: Money) -> Money:
    return max(room, Money(0))
