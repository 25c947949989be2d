"""Turns that are decided as rounds open: when that is told, what bids and needs may say, and who sees it."""

from datetime import timedelta
from typing import Any

import pytest

import tontines
from core import clock
from core.money import Money
from tests.tontines.kit import Group, Village
from tontines import Order
from tontines.undecided import NoTurnToDecide, TurnDecided

THREE = ("Awa", "Binta", "Chantal")
FOUR = (*THREE, "Djeneba")


async def started(village: Village, *names: str, **rules: Any) -> Group:
    group = await village.tontine(*names, **rules)
    await village.do(tontines.start_cycle, group.id, by=village.id(names[0]))
    return group


async def nears(village: Village) -> int:
    return (await village.events("turn.nears")).count("turn.nears")


@pytest.mark.parametrize("order", [Order.AUCTION, Order.NEED])
async def test_a_turn_to_decide_is_told_some_days_before_and_the_last_one_is_not(village: Village, order: Order):
    start = clock.now().date() + timedelta(days=9)
    group = await started(village, *THREE, order=order, starts_on=start)
    first = await group.round(1)
    await village.until(first.opens_at - timedelta(days=3, minutes=1))
    assert await nears(village) == 0
    await village.until(first.opens_at - timedelta(days=3))
    assert await nears(village) == 1
    await group.open(1)
    await village.until((await group.round(2)).opens_at)
    assert await nears(village) == 2
    await group.open(3)
    assert await nears(village) == 2


async def test_a_turn_that_stands_already_is_not_told_as_one_to_decide(village: Village):
    group = await started(village, *FOUR, order=Order.NEED)
    shares = await village.do(tontines.shares_of, (await group.cycle()).id)
    await village.do(tontines.put_first, (await group.round(2)).id, shares[3].id, by=village.id("Awa"))
    await group.open(1)
    await group.open(2)
    assert await nears(village) == 1
    next_one = await village.do(tontines.next_to_decide, await group.cycle())
    assert next_one.number == 3


async def test_everybody_sees_how_an_auction_stands(village: Village):
    group = await started(village, *THREE, order=Order.AUCTION)
    first = await group.round(1)
    assert await village.do(tontines.auction_of, first.id) == tontines.Auction(10_000, None, 0)
    await village.do(tontines.place_bid, first.id, village.id("Chantal"), Money(800))
    shares = await village.do(tontines.shares_of, (await group.cycle()).id)
    assert await village.do(tontines.auction_of, first.id) == tontines.Auction(10_000, shares[2].id, 800)
    chantal, binta = (await group.member("Chantal")).id, (await group.member("Binta")).id
    assert await village.do(tontines.bid_of, first.id, chantal) == Money(800)
    assert await village.do(tontines.bid_of, first.id, binta) is None
    assert await village.do(tontines.bidders_of, first.id) == {chantal: 800}


async def test_one_half_alone_leads_nothing_and_two_lead_with_the_lower_bid(village: Village):
    halves = {"Binta": 1, "Chantal": 1}
    group = await started(village, *FOUR, halves=halves, half_shares=True, order=Order.AUCTION)
    first = await group.round(1)
    await village.do(tontines.place_bid, first.id, village.id("Binta"), Money(3000))
    assert (await village.do(tontines.auction_of, first.id)).leader is None
    await village.do(tontines.place_bid, first.id, village.id("Chantal"), Money(2000))
    assert (await village.do(tontines.auction_of, first.id)).price == 2000
    await group.open(1)
    assert sorted(await group.beneficiary(1)) == ["Binta", "Chantal"]


async def test_the_last_share_that_waits_gives_nothing_up_whatever_it_bid_before(village: Village):
    group = await started(village, "Awa", "Binta", order=Order.AUCTION)
    second = await group.round(2)
    await village.do(tontines.place_bid, second.id, village.id("Awa"), Money(700))
    await village.do(tontines.place_bid, (await group.round(1)).id, village.id("Binta"), Money(300))
    await group.open(2)
    assert await village.do(tontines.next_to_decide, await group.cycle()) is None
    with pytest.raises(TurnDecided):
        await village.do(tontines.place_bid, second.id, village.id("Awa"), Money(800))
    turns = await village.do(tontines.turns_of, (await group.cycle()).id)
    assert [turn.price for turn in turns] == [300, 0]


async def test_a_need_is_said_with_or_without_a_reason_kept_from_the_statement_and_withdrawn(village: Village):
    group = await started(village, *FOUR, order=Order.NEED)
    cycle = await group.cycle()
    await village.do(tontines.state_need, group.id, village.id("Chantal"))
    village.forward(timedelta(minutes=1))
    await village.do(tontines.state_need, group.id, village.id("Binta"), "un toit")
    await village.do(tontines.state_need, group.id, village.id("Chantal"), "la rentrée")
    stated = await village.do(tontines.needs_of, cycle.id)
    assert [need.reason for need in stated] == ["la rentrée", "un toit"]
    await village.do(tontines.withdraw_need, group.id, village.id("Chantal"))
    await village.do(tontines.withdraw_need, group.id, village.id("Chantal"))
    assert await village.events("need") == ["need.stated"] * 3 + ["need.withdrawn"]
    await group.open(1)
    assert await group.beneficiary(1) == ["Binta"]
    assert await village.do(tontines.needs_of, cycle.id) == []
    with pytest.raises(NoTurnToDecide):
        await village.do(tontines.state_need, group.id, village.id("Binta"), "encore")
    await group.everybody_pays(*FOUR)
    await group.pay_pot(1)
    assert not any(
        "toit" in str(line["facts"]) or "rentrée" in str(line["facts"])
        for line in await village.do(tontines.statement, group.id)
    )
