"""The solidarity fund: members give to it, fines and auctions' prices go to it, and two officers grant help from it."""

from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import insert_once
from core.errors import Refusal
from core.ids import new_id
from core.money import Money
from tontines.accounts import fund_account, fund_francs, pay_wallet
from tontines.approvals import Approvers, two_officers
from tontines.chain import write_line
from tontines.decision_tables import Consent
from tontines.events import tell
from tontines.group import active_membership, fresh, fresh_one, lock_tontine, memberships_of
from tontines.group_tables import Membership, Tontine
from tontines.money_tables import Grant, SidePayment
from tontines.officers import SecondPersonNeeded, officers_of
from tontines.reasons import checked_reason
from tontines.sides import Side, pay_side
from tontines.states import DecisionState


class FundTooSmall(Refusal):
    """Params: `balance` (Money)."""

    key = "refusal.tontine.fund_too_small"


async def fund_balance(session: AsyncSession, tontine_id: UUID) -> Money:
    """What the solidarity fund holds."""
    return Money(await fund_francs(session, tontine_id))


async def give_to_fund(session: AsyncSession, tontine_id: UUID, member_id: UUID, amount: Money, *, key: str) -> Money:
    """Give to the fund from one's wallet; gives what it holds now. The same key again gives nothing more.

    Raises ledger.InsufficientFunds, MemberFrozen, DebtOutstanding, NotAMember, NotActive.
    """
    tontine = await lock_tontine(session, tontine_id)
    membership = await active_membership(session, tontine_id, member_id)
    if not await session.scalar(select(SidePayment.id).where(SidePayment.key == key)):
        await pay_side(session, tontine, Side.FUND, membership, amount.amount, payer_id=member_id, key=key)
        await write_line(session, tontine, "fund.received", member=membership.id, amount=amount.amount)
        await tell(session, "fund.received", tontine_id, member=membership.id)
    return await fund_balance(session, tontine_id)


async def ask_grant(
    session: AsyncSession, tontine_id: UUID, member_id: UUID, amount: Money, reason: str, *, by: UUID, key: str
) -> Grant:
    """Ask the fund to help a member, oneself or another. The same key again gives the first asking back.

    Raises ReasonNeeded, FundTooSmall, NotAMember, NotActive.
    """
    reason = checked_reason(reason)
    tontine = await lock_tontine(session, tontine_id)
    known = await fresh(session, select(Grant).where(Grant.key == key))
    if known:
        return known[0]
    membership = await active_membership(session, tontine_id, member_id)
    asker = await active_membership(session, tontine_id, by)
    await _refuse_beyond_fund(session, tontine, amount.amount)
    grant = Grant(
        id=new_id(), key=key, tontine_id=tontine_id, membership_id=membership.id, asked_by=asker.id,
        amount=amount.amount, reason=reason, state=DecisionState.ASKED, created_at=clock.now(),
    )  # fmt: skip
    session.add(grant)
    await session.flush()
    await tell(session, "grant.asked", tontine_id, grant=grant.id, member=membership.id)
    return grant


async def decide_grant(session: AsyncSession, grant_id: UUID, *, by: UUID, approve: bool) -> Grant:
    """An officer who neither asked nor gains approves or refuses; two yeses pay it, one no ends it.

    Raises SecondPersonNeeded, FundTooSmall; then nothing moved.
    """
    tontine = await lock_tontine(session, (await session.get_one(Grant, grant_id)).tontine_id)
    grant = await fresh_one(session, Grant, grant_id)
    officer = await active_membership(session, tontine.id, by)
    who = await _deciders(session, tontine, grant)
    if officer.id not in who.who:
        raise SecondPersonNeeded
    if grant.state is not DecisionState.ASKED:
        return grant
    if not approve:
        await _refuse(session, tontine, grant, officer)
        return grant
    await _refuse_beyond_fund(session, tontine, grant.amount)
    await insert_once(session, Consent, subject_id=grant.id, membership_id=officer.id, created_at=clock.now())
    given = select(func.count()).where(Consent.subject_id == grant.id, Consent.membership_id.in_(who.who))
    if (await session.scalar(given) or 0) >= who.needed:
        await _pay(session, tontine, grant)
    return grant


async def _pay(session: AsyncSession, tontine: Tontine, grant: Grant) -> None:
    member = await fresh_one(session, Membership, grant.membership_id)
    fund = await fund_account(session, tontine.id)
    await pay_wallet(session, fund, member.member_id, grant.amount, "grant")
    grant.state = DecisionState.GRANTED
    await session.flush()
    await write_line(session, tontine, "grant.paid", grant=grant.id, member=member.id, amount=grant.amount)
    await tell(session, "grant.paid", tontine.id, grant=grant.id, member=member.id)


async def _refuse(session: AsyncSession, tontine: Tontine, grant: Grant, officer: Membership) -> None:
    grant.state = DecisionState.REFUSED
    await session.execute(delete(Consent).where(Consent.subject_id == grant.id))
    await write_line(session, tontine, "grant.refused", grant=grant.id, by=officer.id)
    await tell(session, "grant.refused", tontine.id, grant=grant.id, member=grant.membership_id)


async def _deciders(session: AsyncSession, tontine: Tontine, grant: Grant) -> Approvers:
    members = [each.id for each in await memberships_of(session, tontine.id)]
    return two_officers(await officers_of(session, tontine.id), members, [grant.membership_id, grant.asked_by])


async def _refuse_beyond_fund(session: AsyncSession, tontine: Tontine, amount: int) -> None:
    balance = await fund_balance(session, tontine.id)
    if Money(amount) > balance:
        raise FundTooSmall(balance=balance)
