"""Turns that are decided as rounds open: the highest bid, or the most pressing need. And when one's own comes."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.money import Money
from tontines.chain import write_line
from tontines.cycle_tables import WORDS_LENGTH, Bid, Cycle, Holding, Need, Round, Turn
from tontines.cycles import running_cycle, shares_of, turns_of
from tontines.drawing import reveal_draw
from tontines.events import tell
from tontines.group import active_membership, fresh, fresh_one, lock_tontine
from tontines.group_tables import Tontine
from tontines.officers import DECIDING, SecondPersonNeeded, require_office
from tontines.paying import turn_of
from tontines.rotation import Offer, TurnNotUpcoming, auction_winner, first_in_need
from tontines.rules import Order
from tontines.states import RoundState


class OrderIsAnother(Refusal):
    """This cycle's turns are not decided that way. Params: `order`."""

    key = "refusal.tontine.order_is_another"


class NoTurnToDecide(Refusal):
    """The person has no share whose turn is open to decide."""

    key = "refusal.tontine.no_turn_to_decide"


class BidOutOfBounds(Refusal):
    """Params: `at_most` (Money), below what the pot may be."""

    key = "refusal.tontine.bid"


class ReasonNeeded(Refusal):
    """Params: `at_most` (characters)."""

    key = "refusal.tontine.reason"


async def place_bid(session: AsyncSession, round_id: UUID, member_id: UUID, amount: Money) -> list[Bid]:
    """Bid for a round's turn before it opens: what the pot would give up to the fund. A new bid replaces the old one.

    It counts for each share of the member that has no turn yet; two half-shares bid as one, and the lower bid counts.
    Raises OrderIsAnother, TurnNotUpcoming, NoTurnToDecide, BidOutOfBounds.
    """
    tontine, cycle, round_ = await _upcoming(session, round_id, Order.AUCTION)
    membership = await active_membership(session, tontine.id, member_id)
    waiting = await shares_without_turn(session, cycle.id)
    at_most = cycle.rules.contribution * (len(waiting) - 1)
    if not 0 < amount.amount <= at_most:
        raise BidOutOfBounds(at_most=Money(at_most))
    bids = [
        await session.merge(
            Bid(round_id=round_.id, holding_id=holding.id, amount=amount.amount, created_at=clock.now())
        )
        for holding in await _holdings_waiting(session, membership.id, waiting)
    ]
    await session.flush()
    await write_line(session, tontine, "auction.bid", round=round_.id, member=membership.id, amount=amount.amount)
    await tell(session, "auction.bid", tontine.id, round=round_.id, member=membership.id)
    return bids


async def state_need(session: AsyncSession, tontine_id: UUID, member_id: UUID, reason: str) -> None:
    """Say why one's turn should come soon; who stated a need first goes first, unless the officers put another first.

    Raises NoCycle, OrderIsAnother, NoTurnToDecide, ReasonNeeded.
    """
    reason = checked_reason(reason)
    tontine = await lock_tontine(session, tontine_id)
    cycle = await running_cycle(session, tontine_id)
    _require(cycle, Order.NEED)
    membership = await active_membership(session, tontine_id, member_id)
    waiting = await shares_without_turn(session, cycle.id)
    for holding in await _holdings_waiting(session, membership.id, waiting):
        if await session.get(Need, (cycle.id, holding.share_id)) is None:
            session.add(
                Need(cycle_id=cycle.id, share_id=holding.share_id, reason=reason, created_at=clock.now())
            )  # fmt: skip
            await session.flush()
    await write_line(session, tontine, "need.stated", member=membership.id)
    await tell(session, "need.stated", tontine_id, member=membership.id)


async def put_first(session: AsyncSession, round_id: UUID, share_id: UUID, *, by: UUID) -> Turn:
    """An officer decides whose need the next round serves, not their own. Raises NoTurnToDecide, SecondPersonNeeded."""
    tontine, cycle, round_ = await _upcoming(session, round_id, Order.NEED)
    officer = await require_office(session, tontine.id, by, *DECIDING)
    if share_id not in await shares_without_turn(session, cycle.id):
        raise NoTurnToDecide
    held = await fresh(session, select(Holding).where(Holding.share_id == share_id))
    if officer.id in {each.membership_id for each in held}:
        raise SecondPersonNeeded
    taken = {turn.position for turn in await turns_of(session, cycle.id)}
    if round_.number in taken:
        raise NoTurnToDecide
    return await _decide(session, tontine, round_, share_id, price=0)


async def decide_turn(session: AsyncSession, tontine: Tontine, cycle: Cycle, round_: Round) -> Turn:
    """The turn that a round about to open is: decided before, or now by bids or needs."""
    if cycle.rules.order is Order.DRAW:
        # Its time has passed, but another worker may still be about to reveal it.
        await reveal_draw(session, {"cycle": str(cycle.id)})
    if any(turn.position == round_.number for turn in await turns_of(session, cycle.id)):
        return await turn_of(session, round_)
    waiting = await shares_without_turn(session, cycle.id)
    if cycle.rules.order is Order.AUCTION:
        share, price = await _auction(session, round_, waiting)
    else:
        needs = await fresh(session, select(Need).where(Need.cycle_id == cycle.id))
        share, price = first_in_need(waiting, [need.stated for need in needs]), 0
    return await _decide(session, tontine, round_, share, price=price)


async def shares_without_turn(session: AsyncSession, cycle_id: UUID) -> list[UUID]:
    """The shares whose turn is not decided, by number."""
    decided = {turn.share_id for turn in await turns_of(session, cycle_id)}
    return [share.id for share in await shares_of(session, cycle_id) if share.id not in decided]


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


def checked_reason(reason: str) -> str:
    """A reason that others will read; raises ReasonNeeded."""
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= WORDS_LENGTH:
        raise ReasonNeeded(at_most=WORDS_LENGTH)
    return reason


async def _auction(session: AsyncSession, round_: Round, waiting: list[UUID]) -> tuple[UUID, int]:
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


async def _decide(session: AsyncSession, tontine: Tontine, round_: Round, share: UUID, *, price: int) -> Turn:
    turn = Turn(cycle_id=round_.cycle_id, share_id=share, position=round_.number, price=price, price_paid=0)
    session.add(turn)
    await session.flush()
    await write_line(session, tontine, "turn.decided", round=round_.id, share=share, price=price)
    await tell(session, "turn.decided", tontine.id, cycle=round_.cycle_id, round=round_.id)
    return turn


async def _upcoming(session: AsyncSession, round_id: UUID, order: Order) -> tuple[Tontine, Cycle, Round]:
    tontine = await lock_tontine(session, (await session.get_one(Round, round_id)).tontine_id)
    round_ = await fresh_one(session, Round, round_id)
    cycle = await fresh_one(session, Cycle, round_.cycle_id)
    _require(cycle, order)
    if round_.state is not RoundState.SCHEDULED:
        raise TurnNotUpcoming
    return tontine, cycle, round_


def _require(cycle: Cycle, order: Order) -> None:
    if cycle.rules.order is not order:
        raise OrderIsAnother(order=cycle.rules.order.value)


async def _holdings_waiting(session: AsyncSession, membership_id: UUID, waiting: list[UUID]) -> list[Holding]:
    mine = select(Holding).where(Holding.membership_id == membership_id, Holding.share_id.in_(waiting))
    holdings = await fresh(session, mine)
    if not holdings:
        raise NoTurnToDecide
    return holdings
