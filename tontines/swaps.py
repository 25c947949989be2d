"""Exchanging two upcoming turns, when every holder of both shares consents."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import insert_once
from core.ids import new_id
from tontines.cash import NotYours
from tontines.chain import write_line
from tontines.cycle_tables import Cycle, Share, Swap
from tontines.cycles import holdings_of
from tontines.decision_tables import Consent
from tontines.events import tell
from tontines.group import active_membership, fresh, fresh_one, lock_tontine
from tontines.group_tables import Tontine
from tontines.order import exchange, upcoming_turns
from tontines.rotation import TurnNotUpcoming
from tontines.states import DecisionState


async def ask_swap(session: AsyncSession, share_id: UUID, other_id: UUID, *, by: UUID, key: str) -> Swap:
    """Ask to exchange one's share's turn with another share's. The same key again gives the first asking back.

    Raises NotYours unless they hold the first share; TurnNotUpcoming.
    """
    share, other = await session.get_one(Share, share_id), await session.get_one(Share, other_id)
    cycle = await session.get_one(Cycle, share.cycle_id)
    tontine = await lock_tontine(session, cycle.tontine_id)
    known = await fresh(session, select(Swap).where(Swap.key == key))
    if known:
        return known[0]
    membership = await active_membership(session, tontine.id, by)
    if membership.id not in await _holders(session, share_id):
        raise NotYours
    await _refuse_unless_upcoming(session, cycle, share, other)
    swap = Swap(
        id=new_id(), key=key, cycle_id=cycle.id, first_id=share_id, second_id=other_id, state=DecisionState.ASKED,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(swap)
    await session.flush()
    await tell(session, "turn.swap_asked", tontine.id, swap=swap.id)
    return await _consent(session, tontine, swap, membership.id)


async def answer_swap(session: AsyncSession, swap_id: UUID, *, by: UUID, agree: bool) -> Swap:
    """A holder of either share agrees or not; the last yes exchanges the turns. Raises NotYours, TurnNotUpcoming."""
    swap = await session.get_one(Swap, swap_id)
    cycle = await session.get_one(Cycle, swap.cycle_id)
    tontine = await lock_tontine(session, cycle.tontine_id)
    swap = await fresh_one(session, Swap, swap_id)
    membership = await active_membership(session, tontine.id, by)
    if membership.id not in await _all_holders(session, swap):
        raise NotYours
    if swap.state is not DecisionState.ASKED:
        return swap
    if agree:
        first, second = await fresh_one(session, Share, swap.first_id), await fresh_one(session, Share, swap.second_id)
        await _refuse_unless_upcoming(session, cycle, first, second)
        return await _consent(session, tontine, swap, membership.id)
    swap.state = DecisionState.REFUSED
    await session.flush()
    await tell(session, "turn.swap_refused", tontine.id, swap=swap.id)
    return swap


async def _consent(session: AsyncSession, tontine: Tontine, swap: Swap, membership_id: UUID) -> Swap:
    await insert_once(session, Consent, subject_id=swap.id, membership_id=membership_id, created_at=clock.now())
    given = await fresh(session, select(Consent).where(Consent.subject_id == swap.id))
    if await _all_holders(session, swap) <= {each.membership_id for each in given}:
        cycle = await session.get_one(Cycle, swap.cycle_id)
        await exchange(session, cycle, swap.first_id, swap.second_id)
        swap.state = DecisionState.GRANTED
        await session.flush()
        await write_line(
            session, tontine, "turn.swapped", swap=swap.id, first=swap.first_id, second=swap.second_id
        )  # fmt: skip
        await tell(session, "turn.swapped", tontine.id, swap=swap.id)
    return swap


async def _refuse_unless_upcoming(session: AsyncSession, cycle: Cycle, share: Share, other: Share) -> None:
    """Both turns are decided and still to come; that of a share that was left gives money back, and stays the last."""
    upcoming = {turn.share_id for turn in await upcoming_turns(session, cycle)}
    if not {share.id, other.id} <= upcoming or share.left_at or other.left_at or share.id == other.id:
        raise TurnNotUpcoming


async def _all_holders(session: AsyncSession, swap: Swap) -> set[UUID]:
    return await _holders(session, swap.first_id) | await _holders(session, swap.second_id)


async def _holders(session: AsyncSession, share_id: UUID) -> set[UUID]:
    return {holding.membership_id for holding in await holdings_of(session, share_id)}
