"""Uniting: two members turned out to be one person. One of them is kept, and everything of the other is theirs."""

from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core.errors import Refusal
from core.ids import new_id
from core.money import Money
from ledger import AccountKind
from members.addresses import Address
from members.guard import take_over_guard
from members.invitations import Invitation
from members.limits import limits_of
from members.linking import LinkCode, LinkMiss
from members.members import Member, MemberPhone
from members.proofs import close_proofs
from members.wallets import member_account, refuse_taking_out, standing

KIND = "united"


class TogetherTooFull(Refusal):
    """Params: `together` in both wallets, `at_most` one may hold (Money)."""

    key = "refusal.link.too_full"


class HeldInWallet(Refusal):
    """Part of the money is reserved for something that has not ended. Params: `held` (Money)."""

    key = "refusal.link.under_way"


async def lock_both(session: AsyncSession, one: UUID, other: UUID) -> None:
    """Nothing new begins in either's name until the transaction ends: it would refer to a row that is locked."""
    await session.execute(select(Member.id).where(Member.id.in_([one, other])).order_by(Member.id).with_for_update())


async def refuse_uniting(session: AsyncSession, kept: Member, given_up: Member) -> None:
    """Raises MemberFrozen, DebtOutstanding, HeldInWallet or TogetherTooFull."""
    for member in (kept, given_up):
        await refuse_taking_out(session, member.id)
    theirs = await standing(session, given_up.id, AccountKind.WALLET)
    if theirs.held:
        raise HeldInWallet(held=theirs.held)
    together = theirs.posted + (await standing(session, kept.id, AccountKind.WALLET)).posted
    at_most = limits_of(kept).hold_at_most
    if theirs.posted and together > at_most:
        raise TogetherTooFull(together=together, at_most=at_most)


async def unite(session: AsyncSession, kept: Member, given_up: Member) -> Money:
    """Make `given_up`'s addresses, numbers, invitations and money `kept`'s; gives back what came into the wallet.

    Other rooms have their own rows follow. Raises what `refuse_uniting` does.
    """
    await refuse_uniting(session, kept, given_up)
    given_up.united_with = kept.id
    for table in (LinkCode, LinkMiss):
        await session.execute(delete(table).where(table.member_id == given_up.id))
    await close_proofs(session, given_up.id)
    await take_over_guard(session, kept.id, given_up.id)
    await session.execute(update(Address).where(Address.member_id == given_up.id).values(member_id=kept.id))
    await _take_numbers(session, kept, given_up)
    for column in (Invitation.sender_id, Invitation.joined_id):
        await session.execute(update(Invitation).where(column == given_up.id).values({column.key: kept.id}))
    await session.flush()
    return await bring_over(session, given_up)


async def bring_over(session: AsyncSession, given_up: Member) -> Money:
    """Move what has come into a united member's accounts to those of whom they are; gives back what the wallet had."""
    if given_up.united_with is None:
        return Money(0)
    brought = (await standing(session, given_up.id, AccountKind.WALLET)).available
    for kind in (AccountKind.WALLET, AccountKind.PARKED):
        money = (await standing(session, given_up.id, kind)).available
        if money:
            debit = await member_account(session, given_up.id, kind)
            credit = await member_account(session, given_up.united_with, kind)
            move = new_id()
            post = ledger.Post(id=move, debit=debit, credit=credit, amount=money, kind=KIND, journal=move, leg=0)
            await ledger.post(session, post)
    return brought


async def _take_numbers(session: AsyncSession, kept: Member, given_up: Member) -> None:
    """The numbers both have used are one; that either of them has shown it to be theirs is enough."""
    numbers = list(await session.scalars(select(MemberPhone).where(MemberPhone.member_id == given_up.id)))
    for number in numbers:
        verified_at, last_used_at, payout_since = number.verified_at, number.last_used_at, number.payout_since
        await session.delete(number)
        await session.flush()
        mine = await session.get(MemberPhone, (kept.id, number.e164))
        if mine is None:
            mine = MemberPhone(member_id=kept.id, e164=number.e164, last_used_at=last_used_at)
            session.add(mine)
        mine.verified_at = mine.verified_at or verified_at
        mine.payout_since = mine.payout_since or payout_since
        await session.flush()
