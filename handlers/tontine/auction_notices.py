"""What is told of an auction: bids are open, how they stand, somebody was outbid, and who has the turn for how much."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.views import Button, View
from core import clock, i18n, outbox
from core.events import subscribe
from core.jobs import Jobs, Payload, enqueue
from core.money import Money
from core.outbox import Destination
from handlers.tontine.answers import leading_to
from handlers.tontine.auction import BID, BID_TAP, subject_of
from handlers.tontine.next_turn import NextTurn, said_of
from handlers.tontine.people import group_language, person
from handlers.tontine.saying import round_of
from handlers.tontine.shares import expected_pot, holders_said
from handlers.tontine.telling import out_of_group, place_of, tell_group, tell_one, turn_in_group
from tontines import (
    Cycle,
    Order,
    Round,
    RoundState,
    Tontine,
    Turn,
    auction_of,
    bidders_of,
    holdings_of,
    shares_without_turn,
    turn_of,
)

TURN_CARD = "turn_auction_card"


def register_auctions(jobs: Jobs) -> None:
    """Hear of turns that are to be decided by bids, of the bids, and of what they decided."""
    subscribe(jobs, "turn.nears", _bids_are_open)
    subscribe(jobs, "auction.bid", _bid)
    subscribe(jobs, "turn.decided", _decided)
    jobs.in_transaction(TURN_CARD, turn_card)


async def card_of(session: AsyncSession, round_: Round, language: str) -> View:
    """The auction as the group sees it; its button goes with its time."""
    cycle = await session.get_one(Cycle, round_.cycle_id)
    tontine = await session.get_one(Tontine, round_.tontine_id)
    if round_.state is not RoundState.SCHEDULED:
        return View(i18n.text(language, "auction.is_over", number=round_.number))
    said = await said_of(session, NextTurn(cycle, round_, is_decided=False), tontine, language, cycle.rules.zone)
    return View(said, ((Button(i18n.text(language, "button.bid"), data=f"{BID_TAP}:{round_.id.hex}"),),))


async def post_again(session: AsyncSession, here: Destination, round_: Round) -> None:
    """Say the auction's card anew at the end of the chat; the one above only says that it went there."""
    language = await group_language(session, round_.tontine_id)
    posted = await outbox.last_about(session, here, subject_of(round_.id))
    if posted is not None:
        await outbox.say(session, here, View(i18n.text(language, "auction.moved")).dump(), edits=posted.id)
    view = await card_of(session, round_, language)
    await outbox.say(session, here, view.dump(), subject=subject_of(round_.id))


async def turn_card(session: AsyncSession, payload: Payload) -> None:
    """The job that turns the auction's card in place, once for however many bids came within a moment."""
    round_ = await round_of(session, payload)
    tontine = await session.get_one(Tontine, round_.tontine_id)
    view = await card_of(session, round_, await group_language(session, tontine.id))
    await turn_in_group(session, tontine, view, subject=subject_of(round_.id))


async def _bids_are_open(session: AsyncSession, payload: Payload) -> None:
    """Before everybody in the group, and to each who may bid in private."""
    round_ = await round_of(session, payload)
    cycle = await session.get_one(Cycle, round_.cycle_id)
    if cycle.rules.order is not Order.AUCTION or round_.state is not RoundState.SCHEDULED:
        return
    tontine = await session.get_one(Tontine, round_.tontine_id)
    here = await place_of(session, tontine)
    if here is not None and await outbox.last_about(session, here, subject_of(round_.id)) is None:
        view = await card_of(session, round_, await group_language(session, tontine.id))
        await tell_group(session, tontine, view, subject=subject_of(round_.id))
    pot = await expected_pot(session, cycle)
    for membership_id in await _waiting(session, cycle):
        member = await person(session, membership_id)
        row = [await leading_to(session, member, BID, BID, {"round": str(round_.id)})]
        await tell_one(
            session, member, "auction.invited", row, subject=subject_of(round_.id), tontine=tontine.name, pot=pot,
            number=round_.number, until=i18n.moment(member.language, round_.opens_at, member.time_zone),
        )  # fmt: skip


async def _bid(session: AsyncSession, payload: Payload) -> None:
    """The card turns; who was just outbid is told, and so is the holder of the other half."""
    round_ = await round_of(session, payload)
    if round_.state is not RoundState.SCHEDULED:
        return
    await enqueue(session, TURN_CARD, str(round_.id), {"round": str(round_.id)}, run_at=clock.now())
    bidder = UUID(payload["member"])
    await _tell_outbid(session, round_, bidder)
    await _tell_other_half(session, round_, bidder)


async def _tell_outbid(session: AsyncSession, round_: Round, bidder: UUID) -> None:
    auction = await auction_of(session, round_.id)
    leaders = {each.membership_id for each in await holdings_of(session, auction.leader)} if auction.leader else set()
    if bidder not in leaders:
        return
    others = {each: amount for each, amount in (await bidders_of(session, round_.id)).items() if each not in leaders}
    if not others:
        return
    beaten = max(others, key=lambda each: others[each])
    cycle = await session.get_one(Cycle, round_.cycle_id)
    names = await holders_said(session, cycle, auction.leader) if auction.leader else ""
    member = await person(session, beaten)
    row = [await leading_to(session, member, "raise_bid", BID, {"round": str(round_.id)})]
    await tell_one(
        session, member, "auction.outbid", row, subject=subject_of(round_.id), names=names, number=round_.number,
        price=Money(auction.price), mine=Money(others[beaten]),
        tontine=(await session.get_one(Tontine, round_.tontine_id)).name,
    )  # fmt: skip


async def _tell_other_half(session: AsyncSession, round_: Round, bidder: UUID) -> None:
    """Half a share bids with the other half: its holder is told what the first one offers, until they bid as much."""
    bids = await bidders_of(session, round_.id)
    tontine = await session.get_one(Tontine, round_.tontine_id)
    for share_id in await shares_without_turn(session, round_.cycle_id):
        holders = [each.membership_id for each in await holdings_of(session, share_id)]
        if bidder not in holders:
            continue
        for other in [each for each in holders if each != bidder and bids.get(each, 0) < bids[bidder]]:
            member, first = await person(session, other), await person(session, bidder)
            row = [await leading_to(session, member, BID, BID, {"round": str(round_.id)})]
            await tell_one(
                session, member, "auction.other_half", row, subject=subject_of(round_.id), name=first.name,
                amount=Money(bids[bidder]), number=round_.number, tontine=tontine.name,
            )  # fmt: skip


async def _decided(session: AsyncSession, payload: Payload) -> None:
    """Who has the turn, for how much, and where that goes; nothing of the last turn, which nobody bid for."""
    round_ = await round_of(session, payload)
    cycle = await session.get_one(Cycle, round_.cycle_id)
    if cycle.rules.order is not Order.AUCTION:
        return
    tontine, turn = await session.get_one(Tontine, round_.tontine_id), await turn_of(session, round_)
    await turn_card(session, payload)
    if not turn.price and not await shares_without_turn(session, cycle.id):
        return
    key = "auction.result" if turn.price else "auction.no_bid"
    facts = await _result(session, cycle, tontine, round_, turn)
    text = i18n.text(await group_language(session, tontine.id), key, **facts)
    await tell_group(session, tontine, View(text))
    winners = [each.membership_id for each in await holdings_of(session, turn.share_id)]
    bidders = await bidders_of(session, round_.id)
    outside = [membership.id for membership, _ in await out_of_group(session, tontine)]
    for membership_id in dict.fromkeys([*winners, *bidders, *outside]):
        told = key
        if turn.price and winners == [membership_id]:
            told = "auction.won"
        elif turn.price and membership_id in bidders and membership_id not in winners:
            told = "auction.lost"
        member = await person(session, membership_id)
        await tell_one(session, member, told, subject=subject_of(round_.id), **facts)


async def _result(session: AsyncSession, cycle: Cycle, tontine: Tontine, round_: Round, turn: Turn) -> dict[str, Any]:
    return {
        "tontine": tontine.name,
        "number": round_.number,
        "names": await holders_said(session, cycle, turn.share_id),
        "price": Money(turn.price),
        "receives": await expected_pot(session, cycle) - Money(turn.price),
    }


async def _waiting(session: AsyncSession, cycle: Cycle) -> list[UUID]:
    """The memberships that hold a share without a turn, each once."""
    shares = await shares_without_turn(session, cycle.id)
    found = [each.membership_id for share in shares for each in await holdings_of(session, share)]
    return list(dict.fromkeys(found))
