"""Finding a cycle's shares, holders, rounds and turns."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from tontines.cycle_tables import Cycle, Holding, Round, Share, Turn
from tontines.group import fresh
from tontines.group_tables import Membership
from tontines.states import MembershipState

OPEN_ROUND = "tontine.open_round"


class NoCycle(Refusal):
    key = "refusal.tontine.no_cycle"


async def running_cycle(session: AsyncSession, tontine_id: UUID) -> Cycle:
    """The cycle that runs; raises NoCycle."""
    running = await fresh(session, select(Cycle).where(Cycle.tontine_id == tontine_id, Cycle.ended_at.is_(None)))
    if not running:
        raise NoCycle
    return running[0]


async def shares_of(session: AsyncSession, cycle_id: UUID) -> list[Share]:
    """The cycle's shares by number."""
    return await fresh(session, select(Share).where(Share.cycle_id == cycle_id).order_by(Share.number))


async def holdings_of(session: AsyncSession, share_id: UUID) -> list[Holding]:
    """Who holds a share, its first holder first."""
    return await fresh(session, select(Holding).where(Holding.share_id == share_id).order_by(Holding.place))


async def rounds_of(session: AsyncSession, cycle_id: UUID) -> list[Round]:
    """The cycle's rounds by number."""
    return await fresh(session, select(Round).where(Round.cycle_id == cycle_id).order_by(Round.number))


async def turns_of(session: AsyncSession, cycle_id: UUID) -> list[Turn]:
    """The turns that are decided, by position."""
    return await fresh(session, select(Turn).where(Turn.cycle_id == cycle_id).order_by(Turn.position))


async def holders_in(session: AsyncSession, cycle_id: UUID) -> list[Membership]:
    """Everybody who holds a part of the cycle's shares."""
    holding = (
        select(Holding.membership_id)
        .join(Share, Share.id == Holding.share_id)
        .where(Share.cycle_id == cycle_id, Share.left_at.is_(None))
    )
    return await fresh(session, select(Membership).where(Membership.id.in_(holding)).order_by(Membership.created_at))


async def active_holders_in(session: AsyncSession, cycle_id: UUID) -> list[Membership]:
    """Those of them who can still act: who paid all and left holds their share to the end, and decides nothing."""
    return [each for each in await holders_in(session, cycle_id) if each.state is MembershipState.ACTIVE]


async def set_turns(session: AsyncSession, cycle_id: UUID, order: Sequence[UUID]) -> None:
    """Give each share its turn, in this order."""
    session.add_all(
        Turn(cycle_id=cycle_id, share_id=share, position=position) for position, share in enumerate(order, 1)
    )
    await session.flush()
