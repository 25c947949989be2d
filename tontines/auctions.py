"""Auctioned turns: before a round opens, whoever would leave most of its pot to the fund has its turn.

An open auction, as at a meeting: everybody sees what is bid, a bid is only raised, and the statement has each of them.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.money import Money
from tontines.chain import write_line
from tontines.cycle_tables import Bid, Cycle, Holding, Round
from tontines.events import tell
from tontines.group import active_membership, fresh
from tontines.rotation import Offer, auction_winner
from tontines.rules import Order
from tontines.undecided import holdings_waiting, shares_without_turn, upcoming


class BidOutOfBounds(Refusal):
    """Params: `at_most` (Money), below what the pot may be."""

    key = "refusal.tontine.bid"


class BidTooLow(Refusal):
    """A bid binds: it is only raised. Params: `bid` (Money), what they have bid."""

    key = "refusal.tontine.bid_too_low"


@dataclass(frozen=True, slots=True)
class Auction:
    """How the bids for a round's turn stand, in francs."""

    at_most: int
    """The most that may be bid."""
    leader: UUID | None
    """The share that would have the turn; None while nobody's bid counts."""
    price: int
    """What it would leave to the fund."""


async def auction_of(session: AsyncSession, round_id: UUID) -> Auction:
    """How the bids for a round that has not opened stand now."""
    round_ = await session.get_one(Round, round_id)
    cycle = await session.get_one(Cycle, round_.cycle_id)
    waiting = await shares_without_turn(session, cycle.id)
    leader, price = await best_bid(session, round_, waiting)
    return Auction(_at_most(cycle, waiting), leader if price else None, price)


async def place_bid(session: AsyncSession, round_id: UUID, member_id: UUID, amount: Money) -> list[Bid]:
    """Bid for a round's turn before it opens: what the pot would give up to the fund. A bid is only raised.

    It counts for each share of the member that has no turn yet; two half-shares bid as one, and the lower bid counts.
    The same amount again changes nothing. Raises OrderIsAnother, TurnDecided, NoTurnToDecide, BidOutOfBounds,
    BidTooLow.
    """
    tontine, cycle, round_ = await upcoming(session, round_id, Order.AUCTION)
    membership = await active_membership(session, tontine.id, member_id)
    at_most = _at_most(cycle, await shares_without_turn(session, cycle.id))
    if not 0 < amount.amount <= at_most:
        raise BidOutOfBounds(at_most=Money(at_most))
    holdings = await holdings_waiting(session, cycle.id, membership.id)
    before = [await session.get(Bid, (round_.id, holding.id), populate_existing=True) for holding in holdings]
    if any(bid is not None and bid.amount > amount.amount for bid in before):
        raise BidTooLow(bid=Money(max(bid.amount for bid in before if bid is not None)))
    if (known := [bid for bid in before if bid is not None and bid.amount == amount.amount]) and len(known) == len(
        holdings
    ):
        return known
    bids = [
        await session.merge(
            Bid(round_id=round_.id, holding_id=holding.id, amount=amount.amount, created_at=clock.now())
        )
        for holding in holdings
    ]
    await session.flush()
    await write_line(session, tontine, "auction.bid", round=round_.id, member=membership.id, amount=amount.amount)
    await tell(session, "auction.bid", tontine.id, round=round_.id, member=membership.id)
    return bids


async def bid_of(session: AsyncSession, round_id: UUID, membership_id: UUID) -> Money | None:
    """What a member has bid for a round's turn; None when they have not."""
    mine = (
        select(func.max(Bid.amount))
        .join(Holding, Holding.id == Bid.holding_id)
        .where(Bid.round_id == round_id, Holding.membership_id == membership_id)
    )
    found = await session.scalar(mine)
    return Money(int(found)) if found else None


async def bidders_of(session: AsyncSession, round_id: UUID) -> dict[UUID, int]:
    """What each member has bid for a round's turn, in francs, by membership."""
    bids = (
        select(Holding.membership_id, func.max(Bid.amount))
        .join(Bid, Bid.holding_id == Holding.id)
        .where(Bid.round_id == round_id)
        .group_by(Holding.membership_id)
    )
    return {membership_id: int(amount) for membership_id, amount in await session.execute(bids)}


async def best_bid(session: AsyncSession, round_: Round, waiting: list[UUID]) -> tuple[UUID, int]:
    """The share that has the round's turn as the bids stand, and its price; the first one for nothing without any.

    The last share that waits gives nothing up, whatever it bid while others did: nobody bids against it.
    """
    if len(waiting) == 1:
        return waiting[0], 0
    held = await fresh(session, select(Holding).where(Holding.share_id.in_(waiting)))
    share_of = {holding.id: holding.share_id for holding in held}
    parts = {share: sum(each.share_id == share for each in held) for share in waiting}
    bids = await fresh(session, select(Bid).where(Bid.round_id == round_.id))
    offers = [
        Offer(share_of[bid.holding_id], bid.holding_id, bid.amount, bid.created_at)
        for bid in bids
        if bid.holding_id in share_of
    ]
    return auction_winner(waiting, parts, offers)


def _at_most(cycle: Cycle, waiting: list[UUID]) -> int:
    return cycle.rules.contribution * max(0, len(waiting) - 1)
