"""Leaving. Before one's turn, what was paid comes back at the cycle's end; after it, not before all is paid."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.money import Money
from tontines.accounts import advance_account, francs_on
from tontines.allotting import note_full
from tontines.caution import give_back
from tontines.chain import write_line
from tontines.closing import return_advance
from tontines.cycle_tables import Cycle, Holding, Round, Share, Turn
from tontines.cycles import NoCycle, running_cycle, turns_of
from tontines.dues import dues_owed, still_to_come
from tontines.events import tell
from tontines.group import active_membership, find_membership, fresh, lock_tontine
from tontines.group_tables import Membership, Tontine
from tontines.officers import refuse_when_closed, refuse_while_in_office, vacate
from tontines.order import postpone
from tontines.rotation import WHOLE
from tontines.rules import Order
from tontines.states import MembershipState, RoundState


class HalfNeedsReplacement(Refusal):
    """The other half's holder depends on them: somebody has to take the half-share over."""

    key = "refusal.tontine.half_needs_replacement"


class PayBeforeLeaving(Refusal):
    """Their turn has come: all that is owed until the cycle's end is paid first. Params: `amount` (Money)."""

    key = "refusal.tontine.pay_before_leaving"


class DrawPending(Refusal):
    """The draw binds the list of shares: nobody leaves it before it is revealed."""

    key = "refusal.tontine.draw_pending"


async def leave(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> Membership:
    """Leave a tontine. A second time changes nothing.

    Before their turn a leaver owes nothing more; their turn becomes the last one, in which those who had their money
    give it back. After it, all that the cycle will ask must be paid. Raises OfficeHeld, PayBeforeLeaving,
    HalfNeedsReplacement, DrawPending.
    """
    tontine = await lock_tontine(session, tontine_id)
    refuse_when_closed(tontine)
    known = await find_membership(session, tontine_id, member_id)
    if known is not None and known.state is MembershipState.LEFT:
        return known
    membership = await active_membership(session, tontine_id, member_id)
    await refuse_while_in_office(session, membership)
    try:
        cycle = await running_cycle(session, tontine_id)
    except NoCycle:
        await _refuse_debts(session, membership, 0)
    else:
        await _leave_cycle(session, tontine, cycle, membership)
    await say_goodbye(session, tontine, membership)
    return membership


async def say_goodbye(session: AsyncSession, tontine: Tontine, membership: Membership) -> None:
    """Note that a member has left, and give back the caution that nothing is owed against."""
    membership.state, membership.renews = MembershipState.LEFT, False
    await vacate(session, tontine, membership)
    await session.flush()
    await write_line(session, tontine, "member.left", member=membership.id)
    await give_back(session, tontine, membership)
    await tell(session, "member.left", tontine.id, member=membership.id)


async def had_a_turn(session: AsyncSession, cycle: Cycle, membership_id: UUID) -> bool:
    """Whether the turn of any share that they hold has come: its round is open or closed."""
    theirs = (
        select(Round.id)
        .join(Turn, (Turn.cycle_id == Round.cycle_id) & (Turn.position == Round.number))
        .join(Holding, Holding.share_id == Turn.share_id)
        .where(Round.cycle_id == cycle.id, Round.state != RoundState.SCHEDULED, Holding.membership_id == membership_id)
    )
    return await session.scalar(theirs.limit(1)) is not None


async def _leave_cycle(session: AsyncSession, tontine: Tontine, cycle: Cycle, membership: Membership) -> None:
    if await had_a_turn(session, cycle, membership.id):
        await _refuse_debts(session, membership, await still_to_come(session, cycle, membership.id))
        return
    mine = select(Holding).join(Share, Share.id == Holding.share_id)
    holdings = await fresh(session, mine.where(Share.cycle_id == cycle.id, Holding.membership_id == membership.id))
    if any(holding.halves < WHOLE for holding in holdings):
        raise HalfNeedsReplacement
    if holdings and cycle.rules.order is Order.DRAW and not await turns_of(session, cycle.id):
        raise DrawPending
    await _owe_nothing_more(session, tontine, membership)
    for holding in holdings:
        await postpone(session, cycle, holding.share_id)
        share = await session.get_one(Share, holding.share_id)
        share.left_at = clock.now()
        await session.flush()
        await write_line(session, tontine, "share.left", share=share.id, member=membership.id)
    await return_advance(session, tontine, membership)


async def _owe_nothing_more(session: AsyncSession, tontine: Tontine, membership: Membership) -> None:
    """What they had not paid is waived: who would have received it owes them that much less in the end."""
    dues = await dues_owed(session, membership.id)
    for due in dues:
        due.waived += due.outstanding
    await session.flush()
    await note_full(session, tontine, {due.round_id for due in dues})


async def _refuse_debts(session: AsyncSession, membership: Membership, to_come: int) -> None:
    owed = sum(due.outstanding for due in await dues_owed(session, membership.id))
    lacking = owed + to_come - await francs_on(session, await advance_account(session, membership.id))
    if lacking > 0:
        raise PayBeforeLeaving(amount=Money(lacking))
