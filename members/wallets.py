"""A member's wallet: their account in the ledger, whether money may leave it, and how full it may be."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core.errors import Refusal
from core.money import XOF, Money
from ledger import AccountKind
from members.limits import limits_of
from members.members import Member, wallet_owner


class MemberFrozen(Refusal):
    key = "refusal.frozen"
    leads_to = "complaint"


class DebtOutstanding(Refusal):
    """Money taken back after it was spent is still owed. Params: `debt` (Money)."""

    key = "refusal.debt"


async def member_account(
    session: AsyncSession, member_id: UUID, kind: AccountKind = AccountKind.WALLET, currency: str = XOF
) -> UUID:
    """The member's account of that kind, opened now unless it exists."""
    return (await ledger.open_account(session, wallet_owner(member_id), kind, currency)).id


async def standing(session: AsyncSession, member_id: UUID, kind: AccountKind, currency: str = XOF) -> ledger.Balance:
    """What stands on a member's account; nothing where there is no such account yet."""
    found = await ledger.account(session, wallet_owner(member_id), kind, currency)
    if found is None:
        return ledger.Balance(Money(0, currency), Money(0, currency))
    return await ledger.balance(session, found.id)


async def refuse_taking_out(session: AsyncSession, member_id: UUID, currency: str = XOF) -> None:
    """Raises MemberFrozen or DebtOutstanding when no money may leave the member's wallet."""
    if (await session.get_one(Member, member_id)).frozen_at is not None:
        raise MemberFrozen
    debt = -(await standing(session, member_id, AccountKind.RECEIVABLE, currency)).posted
    if debt:
        raise DebtOutstanding(debt=debt)


async def over_what_is_held(session: AsyncSession, member_id: UUID, currency: str = XOF) -> Money:
    """By how much the wallet exceeds what its member may hold.

    Asked after a credit: the wallet's row is locked by then, so that two credits at once cannot both find room.
    """
    wallet = await standing(session, member_id, AccountKind.WALLET, currency)
    cap = limits_of(await session.get_one(Member, member_id)).hold_at_most
    return Money(max(0, wallet.posted.amount - cap.amount), currency)
