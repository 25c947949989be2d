"""The security deposit: paid before a cycle, kept while anything is owed, given back when nothing is."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from core.money import Money
from tontines.accounts import caution_account, francs_on, pay_wallet
from tontines.chain import write_line
from tontines.cycle_tables import Cycle, Holding, Share
from tontines.dues import dues_owed
from tontines.events import tell
from tontines.group import NotAMember, find_membership, fresh, lock_tontine
from tontines.group_tables import Membership, Tontine
from tontines.money_tables import Fine, SidePayment
from tontines.sides import Side, pay_side
from tontines.states import FineState, MembershipState


class CautionKept(Refusal):
    """A cycle runs, or something is still owed. Params: `owed` (Money)."""

    key = "refusal.tontine.caution_kept"


class CautionTooHigh(Refusal):
    """More than the charter asks for. Params: `at_most` (Money)."""

    key = "refusal.tontine.caution_too_high"


async def pay_caution(
    session: AsyncSession, tontine_id: UUID, member_id: UUID, amount: Money, *, payer_id: UUID, key: str
) -> int:
    """Pay towards a member's security deposit; gives what it holds now, in francs. The same key again pays nothing.

    Raises CautionTooHigh, ledger.InsufficientFunds, MemberFrozen, DebtOutstanding.
    """
    tontine = await lock_tontine(session, tontine_id)
    membership = await find_membership(session, tontine_id, member_id)
    if membership is None:
        raise NotAMember
    account = await caution_account(session, membership.id)
    if await session.scalar(select(SidePayment.id).where(SidePayment.key == key)):
        return await francs_on(session, account)
    lacking = tontine.rules.part(tontine.rules.caution, membership.halves) - await francs_on(session, account)
    if amount.amount > lacking:
        raise CautionTooHigh(at_most=Money(max(0, lacking)))
    await pay_side(session, tontine, Side.CAUTION, membership, amount.amount, payer_id=payer_id, key=key)
    await write_line(session, tontine, "caution.paid", member=membership.id, amount=amount.amount)
    await tell(session, "caution.paid", tontine_id, member=membership.id)
    return await francs_on(session, account)


async def return_caution(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> int:
    """Give a member's security deposit back, in francs, once no cycle of theirs runs and nothing is owed.

    Raises CautionKept.
    """
    tontine = await lock_tontine(session, tontine_id)
    membership = await find_membership(session, tontine_id, member_id)
    if membership is None:
        raise NotAMember
    owed = await all_that_is_owed(session, membership)
    takes_part = membership.state is MembershipState.ACTIVE and await _holds_a_share(session, membership)
    if owed or takes_part:
        raise CautionKept(owed=Money(owed))
    return await give_back(session, tontine, membership)


async def give_back(session: AsyncSession, tontine: Tontine, membership: Membership) -> int:
    """Give the security deposit back unless something is owed; gives what went back, in francs."""
    account = await caution_account(session, membership.id)
    amount = await francs_on(session, account)
    if not amount or await all_that_is_owed(session, membership):
        return 0
    await pay_wallet(session, account, membership.member_id, amount, "caution_returned")
    await write_line(session, tontine, "caution.returned", member=membership.id, amount=amount)
    await tell(session, "caution.returned", tontine.id, member=membership.id)
    return amount


async def all_that_is_owed(session: AsyncSession, membership: Membership) -> int:
    """A member's unpaid dues and fines, in francs."""
    fines = await fresh(session, select(Fine).where(Fine.membership_id == membership.id, Fine.state == FineState.OWED))
    dues = await dues_owed(session, membership.id)
    return sum(due.outstanding for due in dues) + sum(fine.amount for fine in fines)


async def _holds_a_share(session: AsyncSession, membership: Membership) -> bool:
    running = (
        select(Holding.id)
        .join(Share, Share.id == Holding.share_id)
        .join(Cycle, Cycle.id == Share.cycle_id)
        .where(Holding.membership_id == membership.id, Cycle.ended_at.is_(None), Share.left_at.is_(None))
    )
    return await session.scalar(running.limit(1)) is not None
