"""Releasing parked money: what a cap kept from a wallet goes in as soon as the cap lets it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core.events import publish
from core.ids import new_id
from core.money import XOF, Money
from ledger import AccountKind
from members import Member, limits_of
from members.wallets import member_account, over_what_is_held, standing
from payments.limits import over_what_is_loaded

KIND = "released"


async def release_parked(session: AsyncSession, member_id: UUID, currency: str = XOF) -> Money:
    """Move what is parked for a member into their wallet, as far as their limits let it; gives what was moved.

    What a month's deposits brought in beyond the month's limit stays parked until the next month.
    """
    _, released = await releasable(session, member_id, currency)
    if not released:
        return released
    await _move(session, member_id, AccountKind.PARKED, AccountKind.WALLET, released)
    # The wallet's row is locked only now: what something else has put there in between took the room first.
    excess = min(released, await over_what_is_held(session, member_id, currency))
    if excess:
        await _move(session, member_id, AccountKind.WALLET, AccountKind.PARKED, excess)
        released -= excess
    if released:
        await publish(session, "parked.released", {"member": str(member_id), "amount": released.amount})
    return released


async def releasable(session: AsyncSession, member_id: UUID, currency: str = XOF) -> tuple[Money, Money]:
    """What is parked for a member, and how much of it their limits let into the wallet now."""
    nothing = Money(0, currency)
    parked = (await standing(session, member_id, AccountKind.PARKED, currency)).available
    if not parked:
        return nothing, nothing
    member = await session.get_one(Member, member_id)
    room = limits_of(member).hold_at_most - (await standing(session, member_id, AccountKind.WALLET, currency)).posted
    for_this_month = parked - min(parked, await over_what_is_loaded(session, member, currency))
    return parked, min(for_this_month, max(nothing, room))


async def _move(
    session: AsyncSession, member_id: UUID, debited: AccountKind, credited: AccountKind, amount: Money
) -> None:
    debit = await member_account(session, member_id, debited, amount.currency)
    credit = await member_account(session, member_id, credited, amount.currency)
    move = new_id()
    await ledger.post(
        session, ledger.Post(id=move, debit=debit, credit=credit, amount=amount, kind=KIND, journal=move, leg=0)
    )
