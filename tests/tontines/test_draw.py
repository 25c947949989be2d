import json
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tontines
from core import clock
from core.ids import new_id
from tests.tontines.kit import Village
from tontines import Order, RoundState, Words, verify_draw
from tontines.draw import commitment, draw_order, reveal
from tontines.drawing import DrawOver, NoDraw, RevealTooLate, WordsInvalid, reveal_draw
from tontines.rounds import open_round

SHARES = ["part-1", "part-2", "part-3", "part-4"]


@given(st.lists(st.uuids().map(str), min_size=1, max_size=30, unique=True), st.binary(min_size=32, max_size=32))
def test_a_draw_gives_each_share_one_place_and_checks_out(shares: list[str], secret: bytes):
    public = reveal(secret.hex(), shares, [Words(member="a", text="bonne chance")])
    assert sorted(public.order) == sorted(shares)
    assert verify_draw(public.model_dump(mode="json")).is_honest


def test_a_draw_stays_what_it_was_in_every_later_release():
    words = [Words(member="binta", text="la lune"), Words(member="awa", text="le mil")]
    public = reveal("5ec2e7" * 10 + "abcd", SHARES, words)
    assert public.commitment == "d1cfec3a9df9af029c82120266f75a3140b822f8b169892e060fce84b41e18e3"
    assert list(public.order) == ["part-4", "part-2", "part-3", "part-1"]


def test_the_order_in_which_words_were_added_changes_nothing_and_the_words_everything():
    one, two = Words(member="awa", text="le mil"), Words(member="binta", text="la lune")
    shares = [str(number) for number in range(12)]
    assert draw_order("s", shares, [one, two]) == draw_order("s", shares, [two, one])
    assert draw_order("s", shares, [one, two]) != draw_order("s", shares, [one])
    assert draw_order("s", shares, [one]) != draw_order("t", shares, [one])


def test_every_order_is_as_likely_as_the_others():
    seen = Counter(tuple(draw_order(f"secret {number}", "abc", [])) for number in range(6000))
    assert len(seen) == 6
    # Fixed secrets, so never by chance: five standard deviations around a thousand each.
    assert all(850 < count < 1150 for count in seen.values())


def test_a_draw_that_was_touched_anywhere_is_found_out():
    record = reveal("ab" * 32, SHARES, [Words(member="awa", text="le mil")]).model_dump(mode="json")
    order = record["order"]
    touched = [
        {**record, "secret": "cd" * 32},
        {**record, "shares": [*SHARES, "part-5"]},
        {**record, "order": [order[1], order[0], *order[2:]]},
        {**record, "entropy": [{"member": "awa", "text": "le riz"}]},
        {**record, "entropy": []},
        {**record, "commitment": commitment("cd" * 32, SHARES)},
        {**record, "algorithm": "other"},
        {"order": order},
    ]
    assert [verify_draw(each).is_honest for each in touched] == [False] * len(touched)


async def test_a_draw_is_committed_then_given_words_and_revealed_by_itself_at_the_announced_time(village: Village):
    group = await village.tontine("Awa", "Binta", "Chantal", order=Order.DRAW)
    reveal_at = clock.now() + timedelta(hours=5)
    cycle = await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), reveal_at=reveal_at)
    assert await village.do(tontines.public_draw, cycle.id) is None
    assert await village.do(tontines.turns_of, cycle.id) == []
    assert await village.do(tontines.add_words, cycle.id, village.id("Binta"), "  la   lune ") is True
    assert await village.do(tontines.add_words, cycle.id, village.id("Binta"), "le soleil") is False
    lines = await village.do(tontines.statement, group.id)
    committed = next(line for line in lines if line["kind"] == "draw.committed")

    await village.until(reveal_at)
    public = await village.do(tontines.public_draw, cycle.id)
    assert [words.text for words in public.entropy] == ["la lune"]
    assert public.commitment == committed["facts"]["commitment"]
    assert verify_draw(json.loads(public.model_dump_json())).is_honest
    turns = await village.do(tontines.turns_of, cycle.id)
    assert [str(turn.share_id) for turn in turns] == list(public.order)
    with pytest.raises(DrawOver):
        await village.do(tontines.add_words, cycle.id, village.id("Chantal"), "trop tard")
    revealed = [line for line in await village.do(tontines.statement, group.id) if line["kind"] == "draw.revealed"]
    assert verify_draw(revealed[0]["facts"]["draw"]).is_honest
    assert {"draw.committed", "draw.words_added", "draw.revealed"} <= set(await village.events())


async def test_a_draw_is_revealed_once_however_often_the_step_runs(village: Village):
    group = await village.running("Awa", "Binta", "Chantal", order=Order.DRAW)
    cycle = await group.cycle()
    before = await village.do(tontines.public_draw, cycle.id)
    await village.do(reveal_draw, {"cycle": str(cycle.id)})
    assert await village.do(tontines.public_draw, cycle.id) == before
    assert (await village.events()).count("draw.revealed") == 1


async def test_a_round_that_opens_before_a_slow_worker_has_revealed_the_draw_reveals_it_itself(village: Village):
    group = await village.tontine("Awa", "Binta", "Chantal", order=Order.DRAW)
    reveal_at = clock.now() + timedelta(hours=1)
    cycle = await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), reveal_at=reveal_at)
    first = await group.round(1)
    village.forward(first.opens_at - clock.now())
    await village.do(open_round, {"round": str(first.id)})
    public = await village.do(tontines.public_draw, cycle.id)
    turns = await village.do(tontines.turns_of, cycle.id)
    assert [str(turn.share_id) for turn in turns] == list(public.order)
    await village.run_jobs()
    assert (await village.events()).count("draw.revealed") == 1


async def test_a_draw_is_revealed_before_the_first_round_opens(village: Village):
    group = await village.tontine("Awa", "Binta", order=Order.DRAW)
    for reveal_at in (None, clock.now() - timedelta(hours=1), clock.now() + timedelta(days=3)):
        with pytest.raises(RevealTooLate):
            await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), reveal_at=reveal_at)


async def test_the_last_who_adds_words_reveals_the_draw_for_nobody_is_left_to_wait_for(village: Village):
    group = await village.tontine("Awa", "Binta", "Chantal", order=Order.DRAW)
    reveal_at = clock.now() + timedelta(hours=5)
    cycle = await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), reveal_at=reveal_at)
    planned = (await group.round(1)).opens_at
    for name in ("Awa", "Binta", "Chantal"):
        assert await village.do(tontines.public_draw, cycle.id) is None
        await village.do(tontines.add_words, cycle.id, village.id(name), name)
    public = await village.do(tontines.public_draw, cycle.id)
    assert {words.text for words in public.entropy} == {"Awa", "Binta", "Chantal"}
    assert verify_draw(public.model_dump(mode="json")).is_honest
    assert (await group.round(1)).opens_at == planned

    await village.until(reveal_at)
    assert await village.do(tontines.public_draw, cycle.id) == public
    assert (await village.events()).count("draw.revealed") == 1


async def test_on_the_first_day_the_first_round_opens_as_the_lots_are_drawn(village: Village):
    group = await village.tontine("Awa", "Binta", order=Order.DRAW, starts_on=await _today(village))
    soon = clock.now() + timedelta(minutes=10)
    cycle = await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), reveal_at=soon)
    assert (await group.round(1)).opens_at == soon
    await village.do(tontines.add_words, cycle.id, village.id("Awa"), "le mil")
    await village.run_jobs()
    assert (await group.round(1)).state is RoundState.SCHEDULED
    await village.do(tontines.add_words, cycle.id, village.id("Binta"), "la lune")
    await village.run_jobs()
    first = await group.round(1)
    assert first.state is RoundState.OPEN
    assert first.opens_at < soon
    await group.pay("Awa", 5000)

    await village.until(soon)
    assert (await village.events()).count("round.opened") == 1


async def test_on_the_first_day_nobody_has_to_add_words_for_the_round_to_open(village: Village):
    group = await village.tontine("Awa", "Binta", order=Order.DRAW, starts_on=await _today(village))
    soon = clock.now() + timedelta(minutes=10)
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), reveal_at=soon)
    await village.until(soon)
    assert (await group.round(1)).state is RoundState.OPEN
    assert {"draw.revealed", "round.opened"} <= set(await village.events())


async def test_on_the_first_day_lots_are_drawn_within_half_a_day(village: Village):
    group = await village.tontine("Awa", "Binta", order=Order.DRAW, starts_on=await _today(village))
    with pytest.raises(RevealTooLate):
        await village.do(
            tontines.start_cycle, group.id, by=village.id("Awa"), reveal_at=clock.now() + timedelta(hours=23)
        )


async def _today(village: Village) -> date:
    """Today, put forward to noon: the first round's hour has passed."""
    now = clock.now()
    village.forward(now.replace(hour=12, minute=0) + timedelta(days=1) - now)
    return clock.now().date()


async def test_words_are_for_a_draw_and_not_endless(village: Village):
    group = await village.running("Awa", "Binta")
    cycle = await group.cycle()
    with pytest.raises(NoDraw):
        await village.do(tontines.add_words, cycle.id, village.id("Awa"), "la lune")
    for text in ("", "  ", "x" * 201):
        with pytest.raises(WordsInvalid):
            await village.do(tontines.add_words, new_id(), village.id("Awa"), text)
