"""Turns by need: who needs the pot early says so; who said it first goes first, unless an officer puts another first.

The reason is for the officers alone: it stands neither in the statement nor before the group.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from tontines.chain import write_line
from tontines.cycle_tables import Cycle, Holding, Need, Turn
from tontines.cycles import running_cycle, turns_of
from tontines.events import tell
from tontines.group import active_membership, fresh, lock_tontine
from tontines.group_tables import Membership, Tontine
from tontines.officers import DECIDING, SecondPersonNeeded, require_office
from tontines.reasons import optional_reason
from tontines.rules import Order
from tontines.turns import decide
from tontines.undecided import (
    NoTurnToDecide,
    TurnDecided,
    holdings_waiting,
    require_order,
    shares_without_turn,
    upcoming,
)


async def state_need(session: AsyncSession, tontine_id: UUID, member_id: UUID, reason: str = "") -> None:
    """Say that one's turn should come soon; who said so first goes first, unless the officers put another first.

    Nobody has to say why. Said again it keeps its place, with the new reason. Raises NoCycle, OrderIsAnother,
    NoTurnToDecide, ReasonNeeded.
    """
    reason = optional_reason(reason)
    tontine, cycle, membership = await _locked(session, tontine_id, member_id)
    is_new = False
    for holding in await holdings_waiting(session, cycle.id, membership.id):
        known = await session.get(Need, (cycle.id, holding.share_id), populate_existing=True)
        if known is None:
            session.add(
                Need(cycle_id=cycle.id, share_id=holding.share_id, reason=reason, created_at=clock.now())
            )  # fmt: skip
            is_new = True
        else:
            known.reason = reason
        await session.flush()
    if is_new:
        await write_line(session, tontine, "need.stated", member=membership.id)
    await tell(session, "need.stated", tontine_id, member=membership.id)


async def withdraw_need(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> None:
    """The need has passed: one's turn may come as it comes. Raises NoCycle, OrderIsAnother, NoTurnToDecide."""
    tontine, cycle, membership = await _locked(session, tontine_id, member_id)
    needs = [
        need
        for holding in await holdings_waiting(session, cycle.id, membership.id)
        if (need := await session.get(Need, (cycle.id, holding.share_id), populate_existing=True)) is not None
    ]
    for need in needs:
        await session.delete(need)
    await session.flush()
    if needs:
        await write_line(session, tontine, "need.withdrawn", member=membership.id)
        await tell(session, "need.withdrawn", tontine_id, member=membership.id)


async def needs_of(session: AsyncSession, cycle_id: UUID) -> list[Need]:
    """The needs of shares that have no turn yet, in the order in which they were stated. For officers' eyes alone."""
    waiting = await shares_without_turn(session, cycle_id)
    stated = select(Need).where(Need.cycle_id == cycle_id, Need.share_id.in_(waiting))
    return await fresh(session, stated.order_by(Need.created_at, Need.share_id))


async def put_first(session: AsyncSession, round_id: UUID, share_id: UUID, *, by: UUID) -> Turn:
    """An officer decides whose need the next round serves, not their own.

    Raises OrderIsAnother, NotAnOfficer, NoTurnToDecide, SecondPersonNeeded, TurnDecided.
    """
    tontine, cycle, round_ = await upcoming(session, round_id, Order.NEED)
    officer = await require_office(session, tontine.id, by, *DECIDING)
    if share_id not in await shares_without_turn(session, cycle.id):
        raise NoTurnToDecide
    held = await fresh(session, select(Holding).where(Holding.share_id == share_id))
    if officer.id in {each.membership_id for each in held}:
        raise SecondPersonNeeded
    taken = {turn.position for turn in await turns_of(session, cycle.id)}
    if round_.number in taken:
        raise TurnDecided
    return await decide(session, tontine, round_, share_id, by=officer.id)


async def _locked(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> tuple[Tontine, Cycle, Membership]:
    tontine = await lock_tontine(session, tontine_id)
    cycle = await running_cycle(session, tontine_id)
    require_order(cycle, Order.NEED)
    return tontine, cycle, await active_membership(session, tontine_id, member_id)
