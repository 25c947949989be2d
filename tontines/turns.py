"""The turn that a round is: decided as it opens, by the highest bid or the most pressing need. When one's own comes."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tontines.auctions import best_bid
from tontines.chain import write_line
from tontines.cycle_tables import Cycle, Holding, Need, Round, Turn
from tontines.cycles import turns_of
from tontines.drawing import reveal_draw
from tontines.events import tell
from tontines.group import active_membership, fresh
from tontines.group_tables import Tontine
from tontines.paying import turn_of
from tontines.rotation import first_in_need
from tontines.rules import Order
from tontines.states import RoundState
from tontines.undecided import shares_without_turn


async def decide_turn(session: AsyncSession, tontine: Tontine, cycle: Cycle, round_: Round) -> Turn:
    """The turn that a round about to open is: decided before, or now by bids or needs."""
    if cycle.rules.order is Order.DRAW:
        # Its time has passed, but another worker may still be about to reveal it.
        await reveal_draw(session, {"cycle": str(cycle.id)})
    if any(turn.position == round_.number for turn in await turns_of(session, cycle.id)):
        return await turn_of(session, round_)
    waiting = await shares_without_turn(session, cycle.id)
    if cycle.rules.order is Order.AUCTION:
        share, price = await best_bid(session, round_, waiting)
    else:
        needs = await fresh(session, select(Need).where(Need.cycle_id == cycle.id))
        share, price = first_in_need(waiting, [need.stated for need in needs]), 0
    return await decide(session, tontine, round_, share, price=price)


async def decide(
    session: AsyncSession, tontine: Tontine, round_: Round, share: UUID, *, price: int = 0, by: UUID | None = None
) -> Turn:
    """Give a round's turn to a share, for a price that it leaves to the fund; `by` is the officer who chose it."""
    turn = Turn(cycle_id=round_.cycle_id, share_id=share, position=round_.number, price=price, price_paid=0)
    session.add(turn)
    await session.flush()
    chosen = {"by": by} if by else {}
    await write_line(session, tontine, "turn.decided", round=round_.id, share=share, price=price, **chosen)
    await tell(session, "turn.decided", tontine.id, cycle=round_.cycle_id, round=round_.id)
    return turn


async def turns_to_come(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> list[Round]:
    """The rounds of a running cycle whose pots come to this member and were not paid yet, the next one first."""
    membership = await active_membership(session, tontine_id, member_id)
    mine = (
        select(Round)
        .join(Turn, (Turn.cycle_id == Round.cycle_id) & (Turn.position == Round.number))
        .join(Holding, Holding.share_id == Turn.share_id)
        .where(Round.tontine_id == tontine_id, Round.state != RoundState.CLOSED, Holding.membership_id == membership.id)
    )
    return await fresh(session, mine.order_by(Round.opens_at, Round.number))
