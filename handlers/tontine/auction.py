"""Bidding for a turn: « Enchérir ». Before everybody's eyes, as at a meeting, and only ever upwards."""

from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.groups import GroupTurn, Toast
from bot.questions import HowMuch, Option, YesNo
from core import i18n
from core.money import Money
from handlers.tontine.answers import leading_to
from handlers.tontine.card import lives_in
from handlers.tontine.links import id_of, token_of
from handlers.tontine.shares import expected_pot, holders_said, others_of
from handlers.tontine.which import ask_tontine, hinted_id, my_membership
from tontines import (
    Auction,
    Cycle,
    Holding,
    Membership,
    Order,
    Round,
    RoundState,
    Tontine,
    auction_of,
    bid_of,
    next_to_decide,
    place_bid,
    running_cycle,
)
from tontines.auctions import BidOutOfBounds, BidTooLow
from tontines.rotation import WHOLE
from tontines.undecided import TurnDecided, holdings_waiting, require_order, shares_without_turn

BID = "bid"
BID_IN_PRIVATE = "tb_"
BID_TAP = "tbid"

# What is offered to tap: so many tenths of a contribution more than the best bid.
_STEPS = (1, 2, 5)
_TENTH = 10
_ROUNDED_TO = 50


class BidAmount(HowMuch):
    """What somebody would leave of the pot: more than they bid before, with a few raises to tap."""

    columns = 1

    def __init__(self, auction: Auction, contribution: int, mine: Money | None) -> None:
        self._auction = auction
        self._contribution = contribution
        self._mine = mine

    def options(self, language: str) -> list[Option]:
        least = max(self._auction.price, self._mine.amount if self._mine else 0)
        step = max(_ROUNDED_TO, self._contribution // _TENTH // _ROUNDED_TO * _ROUNDED_TO)
        raised = [least + step * times for times in _STEPS]
        return [Option(i18n.amount(Money(each)), each) for each in raised if each <= self._auction.at_most]

    def within(self, amount: Money) -> Money:
        if not 0 < amount.amount <= self._auction.at_most:
            raise BidOutOfBounds(at_most=Money(self._auction.at_most))
        if self._mine is not None and amount <= self._mine:
            raise BidTooLow(bid=self._mine)
        return amount


async def bid(chat: Chat) -> None:
    """Bid for the next turn, or raise one's bid."""
    round_ = await _round(chat)
    if round_ is None:
        return
    tontine = await chat.session.get_one(Tontine, round_.tontine_id)
    cycle = await chat.session.get_one(Cycle, round_.cycle_id)
    membership = await my_membership(chat, tontine)
    require_order(cycle, Order.AUCTION)
    if round_.state is not RoundState.SCHEDULED:
        raise TurnDecided
    parts = await holdings_waiting(chat.session, cycle.id, membership.id)
    auction, mine = await auction_of(chat.session, round_.id), await bid_of(chat.session, round_.id, membership.id)
    pot = await expected_pot(chat.session, cycle)
    amount = await chat.ask(
        "amount", BidAmount(auction, cycle.rules.contribution, mine), tontine=tontine.name, number=round_.number,
        pot=pot, at_most=Money(auction.at_most), until=chat.moment(round_.opens_at),
        standing=await standing(chat.session, chat.member.language, cycle, auction),
        mine=chat.text("bid.mine", bid=mine) if mine else "", together=await _together(chat, membership, parts),
    )  # fmt: skip
    agreed = await chat.ask(
        "confirm", YesNo("button.bid_this"), amount=amount, number=round_.number, tontine=tontine.name,
        receives=_receives(pot - amount, parts), beaten=_beaten(chat, auction, amount),
    )  # fmt: skip
    if not agreed:
        chat.say("bid.declined")
        return
    await place_bid(chat.session, round_.id, chat.member.id, amount)
    after = await standing(chat.session, chat.member.language, cycle, await auction_of(chat.session, round_.id))
    chat.say(
        "bid.done", subject=subject_of(round_.id), amount=amount, number=round_.number, tontine=tontine.name,
        until=chat.moment(round_.opens_at), standing=after,
        buttons=[[await leading_to(chat.session, chat.member, "raise_bid", BID, {"round": str(round_.id)})]],
    )  # fmt: skip


async def bid_here(turn: GroupTurn, argument: str) -> Toast:
    """« Enchérir » in the group leads to the private chat; what is over says so."""
    round_id = id_of(argument)
    round_ = await turn.session.get(Round, round_id) if round_id else None
    if round_ is None:
        return Toast(i18n.text(turn.language, "group.old_button"))
    if not await lives_in(turn.session, turn.here, round_.tontine_id):
        return Toast(i18n.text(turn.language, "tap.other_group"))
    if round_.state is not RoundState.SCHEDULED:
        return Toast(i18n.text(turn.language, "auction.is_over", number=round_.number))
    return Toast(start=f"{BID_IN_PRIVATE}{token_of(round_.id)}")


async def standing(session: AsyncSession, language: str, cycle: Cycle, auction: Auction) -> Markup:
    """How the bids stand, in words: the best one, or to whom the turn goes without any."""
    if auction.leader is not None:
        names = await holders_said(session, cycle, auction.leader)
        return i18n.text(language, "auction.leading", price=Money(auction.price), names=names)
    first = (await shares_without_turn(session, cycle.id))[0]
    return i18n.text(language, "auction.nobody", names=await holders_said(session, cycle, first))


def subject_of(round_id: UUID) -> str:
    """What a message about an auction is about."""
    return f"auction:{round_id}"


async def _round(chat: Chat) -> Round | None:
    """The round that a button or a link named, or the next one of the tontine that is meant."""
    named = hinted_id(chat, "round") or hinted_id(chat, "payload")
    if named is not None:
        found = await chat.session.get(Round, named)
        if found is None:
            chat.say("dialogue.old_button")
        return found
    tontine = await ask_tontine(chat)
    if tontine is None:
        return None
    # What is confirmed is for the round that was shown, though another may be the next by then.
    shown = await chat.once("round", UUID, lambda: _next(chat, tontine))
    return await chat.session.get_one(Round, shown)


async def _next(chat: Chat, tontine: Tontine) -> UUID:
    cycle = await running_cycle(chat.session, tontine.id)
    require_order(cycle, Order.AUCTION)
    next_one = await next_to_decide(chat.session, cycle)
    if next_one is None:
        raise TurnDecided
    return next_one.id


async def _together(chat: Chat, membership: Membership, parts: list[Holding]) -> Markup:
    """Who holds but half a share bids with the other half; who holds several bids once for all of them."""
    halves = [part for part in parts if part.halves < WHOLE]
    if halves:
        names = await others_of(chat.session, halves[0], membership.tontine_id)
        return chat.text("bid.with_another", names=names)
    return chat.text("bid.for_several", count=len(parts)) if len(parts) > 1 else Markup()


def _receives(pot: Money, parts: list[Holding]) -> Money:
    """What the bidder has of a pot: half of it for half a share."""
    return Money(pot.amount * min(part.halves for part in parts) // WHOLE)


def _beaten(chat: Chat, auction: Auction, amount: Money) -> Markup:
    """That a bid would not win, where another is as high or higher."""
    if auction.leader is None or amount.amount > auction.price:
        return Markup()
    return chat.text("bid.beaten", price=Money(auction.price))
