"""Default: who does not pay still owes. What is late is taken from the caution, then asked of the guarantor; and where
the member agreed to it, kept from the pots they are still to receive.
"""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.ids import new_id
from core.money import Money
from tontines.accounts import caution_account, francs_on
from tontines.allotting import allot
from tontines.chain import write_line
from tontines.contributions import wait_for_guarantor
from tontines.dues import dues_owed, is_late
from tontines.events import tell
from tontines.group import NotAMember, active_membership, find_membership, fresh_one, lock_tontine
from tontines.group_tables import Guarantee, Membership, Tontine
from tontines.money_tables import Contribution, Due
from tontines.officers import DECIDING, SecondPersonNeeded, require_office
from tontines.paying import pay_on
from tontines.states import ContributionState, DecisionState, Source


class NotLate(Refusal):
    """Nothing of theirs is late."""

    key = "refusal.tontine.not_late"


class StillLate(Refusal):
    """Params: `amount` (Money)."""

    key = "refusal.tontine.still_late"


async def declare_default(session: AsyncSession, tontine_id: UUID, member_id: UUID, *, by: UUID) -> Membership:
    """An officer declares that a late member is in default, and what is late is recovered as far as it can be.

    From now on each due of theirs that becomes late is recovered too. A second time changes nothing. Raises NotLate,
    SecondPersonNeeded, NotAnOfficer.
    """
    tontine = await lock_tontine(session, tontine_id)
    officer = await require_office(session, tontine_id, by, *DECIDING)
    membership = await find_membership(session, tontine_id, member_id)
    if membership is None:
        raise NotAMember
    if officer.id == membership.id:
        raise SecondPersonNeeded
    if membership.defaulted_at is None:
        if not await late_dues(session, membership.id):
            raise NotLate
        membership.defaulted_at = clock.now()
        await session.flush()
        await write_line(session, tontine, "default.declared", member=membership.id, by=officer.id)
        await tell(session, "default.declared", tontine_id, member=membership.id)
        await recover(session, tontine, membership)
    return membership


async def end_default(session: AsyncSession, tontine_id: UUID, member_id: UUID, *, by: UUID) -> Membership:
    """An officer notes that a member has paid everything that was late. Raises StillLate."""
    tontine = await lock_tontine(session, tontine_id)
    officer = await require_office(session, tontine_id, by, *DECIDING)
    membership = await active_membership(session, tontine_id, member_id)
    late = sum(due.outstanding for due in await late_dues(session, membership.id))
    if late:
        raise StillLate(amount=Money(late))
    if membership.defaulted_at is not None:
        membership.defaulted_at = None
        await write_line(session, tontine, "default.ended", member=membership.id, by=officer.id)
        await tell(session, "default.ended", tontine_id, member=membership.id)
    return membership


async def agree_to_set_off(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> Membership:
    """A member agrees, for good, that what they owe late is kept from the pots they receive."""
    tontine = await lock_tontine(session, tontine_id)
    membership = await active_membership(session, tontine_id, member_id)
    if not membership.agrees_to_set_off:
        membership.agrees_to_set_off = True
        await write_line(session, tontine, "set_off.agreed", member=membership.id)
        await tell(session, "set_off.agreed", tontine_id, member=membership.id)
    return membership


async def late_dues(session: AsyncSession, membership_id: UUID) -> list[Due]:
    """What a member owes after its deadline, the oldest first."""
    return [due for due in await dues_owed(session, membership_id) if is_late(due)]


async def recover(session: AsyncSession, tontine: Tontine, debtor: Membership) -> None:
    """Take what is late from the caution; ask the guarantor for the rest, up to what they answer for."""
    await _from_caution(session, tontine, debtor)
    await _from_guarantor(session, tontine, debtor)


async def _from_caution(session: AsyncSession, tontine: Tontine, debtor: Membership) -> None:
    caution = await caution_account(session, debtor.id)
    late = await late_dues(session, debtor.id)
    amount = min(await francs_on(session, caution), sum(due.outstanding for due in late))
    if amount:
        contribution = Contribution(
            id=new_id(), key=f"caution:{new_id()}", tontine_id=tontine.id, membership_id=debtor.id,
            payer_id=debtor.member_id, source=Source.CAUTION, amount=amount, state=ContributionState.WAITING,
            created_at=clock.now(),
        )  # fmt: skip
        session.add(contribution)
        await session.flush()
        await pay_on(session, tontine, await allot(session, tontine, contribution, caution, late))


async def _from_guarantor(session: AsyncSession, tontine: Tontine, debtor: Membership) -> None:
    guarantee = await session.get(Guarantee, debtor.id, populate_existing=True)
    if guarantee is None or guarantee.state is not DecisionState.GRANTED:
        return
    late = sum(due.outstanding for due in await late_dues(session, debtor.id))
    asked_already = await _waiting_for_guarantor(session, debtor)
    amount = min(late - asked_already, guarantee.at_most - guarantee.called)
    if amount <= 0:
        return
    guarantee.called += amount
    await session.flush()
    guarantor = await fresh_one(session, Membership, guarantee.guarantor_id)
    await write_line(session, tontine, "guarantee.called", member=debtor.id, guarantor=guarantor.id, amount=amount)
    await tell(session, "guarantee.called", tontine.id, member=debtor.id, guarantor=guarantor.id)
    await wait_for_guarantor(session, tontine, debtor, guarantor, amount)


async def _waiting_for_guarantor(session: AsyncSession, debtor: Membership) -> int:
    total = select(func.coalesce(func.sum(Contribution.amount), 0)).where(
        Contribution.membership_id == debtor.id,
        Contribution.source == Source.GUARANTOR,
        Contribution.state == ContributionState.WAITING,
    )
    return int(await session.scalar(total) or 0)
