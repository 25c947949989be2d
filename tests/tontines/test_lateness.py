from datetime import timedelta

import pytest

import tontines
from core.money import Money
from tests.tontines.conftest import postgresql_alone as engine  # noqa: F401
from tests.tontines.kit import Group, Village
from tontines import DecisionState, FineState, Role, ShortPot
from tontines.delays import DelayInvalid, NothingToDelay
from tontines.fines import FineSettled, WaiverNotAsked, give_fines
from tontines.officers import NotAnOfficer, SecondPersonNeeded
from tontines.reasons import ReasonNeeded

THREE = ("Awa", "Binta", "Chantal")
FINED = {"fine": 300, "fine_after_turn": 800, "fine_cap": 1000, "grace_days": 2}


async def fines_of(village: Village, group: Group, name: str) -> list[tontines.Fine]:
    return await village.do(tontines.fines_owed, (await group.member(name)).id)


async def test_reminders_come_before_the_deadline_and_only_while_something_is_missing(village: Village):
    group = await village.running(*THREE)
    first = await group.round(1)
    await village.until(first.deadline - timedelta(hours=23))
    assert (await village.events()).count("round.reminder") == 1
    await village.until(first.deadline - timedelta(hours=1))
    assert (await village.events()).count("round.reminder") == 2
    full = await village.running(*THREE)
    await full.everybody_pays(*THREE)
    before = (await village.events()).count("round.reminder")
    await full.past_deadline(1)
    after = (await village.events()).count("round.reminder")
    assert after == before


async def test_who_is_late_is_told_after_the_deadline(village: Village):
    group = await village.running(*THREE)
    await group.pay("Awa", 5000)
    await group.pay("Binta", 4999)
    await group.past_deadline(1)
    assert (await village.events()).count("due.late") == 2


async def test_a_fine_is_given_after_the_grace_once_for_each_due(village: Village):
    group = await village.running(*THREE, **FINED)
    await group.pay("Awa", 5000)
    await group.past_deadline(1, days=1)
    assert await fines_of(village, group, "Binta") == []
    await group.past_deadline(1, days=2)
    assert [fine.amount for fine in await fines_of(village, group, "Binta")] == [300]
    for _ in range(2):
        await village.do(give_fines, {"round": str((await group.round(1)).id)})
    assert len(await fines_of(village, group, "Binta")) == 1
    assert await fines_of(village, group, "Awa") == []
    assert await group.owes("Binta") == 5000


async def test_a_fine_differs_after_ones_turn_and_is_capped_in_a_cycle(village: Village):
    group = await village.running(*THREE, "Djeneba", short_pot=ShortPot.CARRY, **FINED)
    await group.everybody_pays(*THREE, "Djeneba")
    await group.pay_pot(1)
    for number in (2, 3, 4):
        await group.open(number)
        await group.past_deadline(number, days=2)
    # Awa has had her turn: 800, and then no more than the cap of 1 000 leaves.
    assert [fine.amount for fine in await fines_of(village, group, "Awa")] == [800, 200]
    assert [fine.amount for fine in await fines_of(village, group, "Djeneba")] == [300, 300, 300]


async def test_a_half_share_is_fined_half(village: Village):
    group = await village.running(
        *THREE, halves={"Binta": 1, "Chantal": 1}, half_shares=True, fine=301, fine_cap=1000
    )  # fmt: skip
    await group.past_deadline(1)
    assert [fine.amount for fine in await fines_of(village, group, "Binta")] == [150]


async def test_a_fine_is_paid_once_into_the_fund_and_apart_from_contributions(village: Village):
    group = await village.running(*THREE, **FINED)
    await group.past_deadline(1, days=2)
    (fine,) = await fines_of(village, group, "Binta")
    for _ in range(2):
        await village.do(tontines.pay_fine, fine.id, payer_id=village.id("Binta"), key="fine")
    assert await village.wallet("Binta") == 99_700
    assert await village.do(tontines.fund_balance, group.id) == Money(300)
    with pytest.raises(FineSettled):
        await village.do(tontines.pay_fine, fine.id, payer_id=village.id("Awa"), key="another")
    assert await group.owes("Binta") == 5000
    assert await village.audited()


async def test_a_fine_is_waived_with_a_reason_and_a_second_person(village: Village):
    group = await village.running(*THREE, **FINED)
    await village.do(tontines.appoint, group.id, Role.COMMISSIONER, village.id("Chantal"), by=village.id("Awa"))
    await group.past_deadline(1, days=2)
    (fine,) = await fines_of(village, group, "Chantal")
    with pytest.raises(WaiverNotAsked):
        await village.do(tontines.confirm_waiver, fine.id, by=village.id("Awa"))
    with pytest.raises(ReasonNeeded):
        await village.do(tontines.ask_waiver, fine.id, "", by=village.id("Awa"))
    with pytest.raises(SecondPersonNeeded):
        await village.do(tontines.ask_waiver, fine.id, "deuil", by=village.id("Chantal"))
    await village.do(tontines.ask_waiver, fine.id, "deuil dans la famille", by=village.id("Awa"))
    for name in ("Awa", "Chantal"):
        with pytest.raises(SecondPersonNeeded):
            await village.do(tontines.confirm_waiver, fine.id, by=village.id(name))
    for _ in range(2):
        waived = await village.do(tontines.confirm_waiver, fine.id, by=village.id("Binta"))
    assert waived.state is FineState.WAIVED
    assert await fines_of(village, group, "Chantal") == []
    with pytest.raises(FineSettled):
        await village.do(tontines.pay_fine, fine.id, payer_id=village.id("Chantal"), key="fine")
    assert (await village.events()).count("fine.waived") == 1


async def test_a_delay_is_asked_in_one_tap_and_decided_by_another_officer(village: Village):
    group = await village.running(*THREE, **FINED)
    first = await group.round(1)
    until = first.deadline.date() + timedelta(days=5)
    for _ in range(2):
        delay = await village.do(tontines.ask_delay, first.id, village.id("Chantal"), until, key="delay")
    with pytest.raises(SecondPersonNeeded):
        await village.do(tontines.decide_delay, delay.id, by=village.id("Chantal"), grant=True)
    await village.do(tontines.appoint, group.id, Role.SECRETARY, village.id("Binta"), by=village.id("Awa"))
    with pytest.raises(NotAnOfficer):
        await village.do(tontines.decide_delay, delay.id, by=village.id("Chantal"), grant=True)
    for grant in (True, False):
        decided = await village.do(tontines.decide_delay, delay.id, by=village.id("Binta"), grant=grant)
    assert decided.state is DecisionState.GRANTED
    events = await village.events()
    assert (events.count("delay.asked"), events.count("delay.decided")) == (1, 1)


async def test_a_granted_delay_moves_the_deadline_and_the_fine_and_a_refused_one_moves_nothing(village: Village):
    group = await village.running(*THREE, **FINED)
    first = await group.round(1)
    until = first.deadline.date() + timedelta(days=4)
    for name, grant in (("Binta", False), ("Chantal", True)):
        delay = await village.do(tontines.ask_delay, first.id, village.id(name), until, key=name)
        await village.do(tontines.decide_delay, delay.id, by=village.id("Awa"), grant=grant)
    await group.past_deadline(1, days=3)
    board = await village.do(tontines.board, first.id)
    assert [row.is_late for row in board.rows] == [True, True, False]
    assert [row.delayed_until is not None for row in board.rows] == [False, False, True]
    assert len(await fines_of(village, group, "Binta")) == 1
    assert await fines_of(village, group, "Chantal") == []
    await group.past_deadline(1, days=7)
    assert len(await fines_of(village, group, "Chantal")) == 1
    assert len(await fines_of(village, group, "Binta")) == 1


async def test_a_delay_is_for_what_is_owed_and_for_thirty_days_at_most(village: Village):
    group = await village.running(*THREE)
    first = await group.round(1)
    day = first.deadline.date()
    for until in (day, day + timedelta(days=31)):
        with pytest.raises(DelayInvalid):
            await village.do(tontines.ask_delay, first.id, village.id("Awa"), until, key=village.key())
    await group.pay("Awa", 5000)
    with pytest.raises(NothingToDelay):
        await village.do(tontines.ask_delay, first.id, village.id("Awa"), day + timedelta(days=2), key=village.key())
    assert await village.do(tontines.delays_of, first.id, village.id("Awa")) == []
