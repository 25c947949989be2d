"""Turns that nobody has yet: until its round opens, bids decide one, or needs. What both have in common."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from core.jobs import Payload, enqueue
from tontines.cycle_tables import Cycle, Holding, Round
from tontines.cycles import rounds_of, shares_of, turns_of
from tontines.events import tell
from tontines.group import fresh, fresh_one, lock_tontine
from tontines.group_tables import Tontine
from tontines.rules import Order, days_between_rounds
from tontines.states import RoundState

TURN_NEARS = "tontine.turn_nears"

# Early enough to think it over, and not before the round that collects now has its turn.
_DAYS_BEFORE = timedelta(days=3)
_UNDECIDED = (Order.AUCTION, Order.NEED)


class OrderIsAnother(Refusal):
    """This cycle's turns are not decided that way. Params: `order`."""

    key = "refusal.tontine.order_is_another"


class NoTurnToDecide(Refusal):
    """The person has no share whose turn is open to decide."""

    key = "refusal.tontine.no_turn_to_decide"


class TurnDecided(Refusal):
    """The round has its turn already: its bids and needs are over."""

    key = "refusal.tontine.turn_decided"


async def shares_without_turn(session: AsyncSession, cycle_id: UUID) -> list[UUID]:
    """The shares whose turn is not decided, by number."""
    decided = {turn.share_id for turn in await turns_of(session, cycle_id)}
    return [share.id for share in await shares_of(session, cycle_id) if share.id not in decided]


async def next_to_decide(session: AsyncSession, cycle: Cycle) -> Round | None:
    """The next round whose turn bids or needs still decide; None where there are none, or one share alone is left."""
    return next(iter(await _to_decide(session, cycle)), None)


async def plan_turn(session: AsyncSession, cycle: Cycle, round_: Round) -> None:
    """Leave it to be told, some days before the round opens, that its turn is to be decided."""
    if cycle.rules.order in _UNDECIDED:
        before = min(_DAYS_BEFORE, timedelta(days=days_between_rounds(cycle.rules)) / 2)
        await enqueue(
            session, TURN_NEARS, str(round_.id), {"round": str(round_.id)}, run_at=round_.opens_at - before
        )  # fmt: skip


async def turn_nears(session: AsyncSession, payload: Payload) -> None:
    """Tell that the turn of the next round is to be decided, where anything is left to decide."""
    round_id = UUID(payload["round"])
    tontine = await lock_tontine(session, (await session.get_one(Round, round_id)).tontine_id)
    cycle = await fresh_one(session, Cycle, (await fresh_one(session, Round, round_id)).cycle_id)
    if round_id in {each.id for each in await _to_decide(session, cycle)}:
        await tell(session, "turn.nears", tontine.id, cycle=cycle.id, round=round_id)


async def upcoming(session: AsyncSession, round_id: UUID, order: Order) -> tuple[Tontine, Cycle, Round]:
    """The tontine, locked, and a round of it that has not opened, its turns decided by `order`.

    Raises OrderIsAnother, TurnDecided.
    """
    tontine = await lock_tontine(session, (await session.get_one(Round, round_id)).tontine_id)
    round_ = await fresh_one(session, Round, round_id)
    cycle = await fresh_one(session, Cycle, round_.cycle_id)
    require_order(cycle, order)
    if round_.state is not RoundState.SCHEDULED:
        raise TurnDecided
    return tontine, cycle, round_


def require_order(cycle: Cycle, order: Order) -> None:
    """Raises OrderIsAnother."""
    if cycle.rules.order is not order:
        raise OrderIsAnother(order=cycle.rules.order.value)


async def holdings_waiting(session: AsyncSession, cycle_id: UUID, membership_id: UUID) -> list[Holding]:
    """A member's parts of the shares that have no turn yet; raises NoTurnToDecide when they have none."""
    waiting = await shares_without_turn(session, cycle_id)
    mine = select(Holding).where(Holding.membership_id == membership_id, Holding.share_id.in_(waiting))
    holdings = await fresh(session, mine.order_by(Holding.id))
    if not holdings:
        raise NoTurnToDecide
    return holdings


async def _to_decide(session: AsyncSession, cycle: Cycle) -> list[Round]:
    """The rounds that have no turn yet, the next one first; the last share of all takes the last one anyhow."""
    if cycle.rules.order not in _UNDECIDED or len(await shares_without_turn(session, cycle.id)) <= 1:
        return []
    taken = {turn.position for turn in await turns_of(session, cycle.id)}
    rounds = await rounds_of(session, cycle.id)
    return [each for each in rounds if each.state is RoundState.SCHEDULED and each.number not in taken]
