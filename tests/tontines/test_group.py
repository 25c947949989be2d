from datetime import timedelta

import pytest

import tontines
from core import clock
from core.money import Money
from tests.tontines.conftest import postgresql_alone as engine  # noqa: F401
from tests.tontines.kit import Group, Village, rules_of
from tontines import MembershipState, Order, Role, TontineState
from tontines.charter import CharterChanged
from tontines.group import NotActive, NotAMember
from tontines.joining import CharterNotAccepted, CycleRunning, NoHalfShares, SharesInvalid
from tontines.life import MoneyLeft, NameInvalid
from tontines.officers import NotAnOfficer, SecondPersonNeeded, TontineClosed, TwoOffices
from tontines.rotation import HalfWithoutPair, OrderIncomplete
from tontines.rules import StartInThePast
from tontines.starting import CautionsMissing, CharterNotAcceptedByAll, OfficesVacant, TooFewMembers, TooFewShares

THREE = ("Awa", "Binta", "Chantal")


async def test_two_taps_create_one_tontine(village: Village):
    first = await village.do(tontines.create_tontine, village.id("Awa"), "Les  Amies ", rules_of(), key="one")
    again = await village.do(tontines.create_tontine, village.id("Awa"), "Les Amies", rules_of(), key="one")
    assert first.id == again.id
    assert first.name == "Les Amies"
    assert (await village.events()).count("tontine.created") == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 65])
async def test_a_tontine_has_a_name(village: Village, name: str):
    with pytest.raises(NameInvalid):
        await village.do(tontines.create_tontine, village.id("Awa"), name, rules_of(), key="one")


async def test_a_member_asks_is_approved_and_accepts_the_charter_before_they_take_part(village: Village):
    group = await village.tontine("Awa", "Binta")
    asked = await village.do(tontines.ask_to_join, group.id, village.id("Chantal"))
    assert asked.state is MembershipState.ASKED
    again = await village.do(tontines.ask_to_join, group.id, village.id("Chantal"))
    assert again.id == asked.id
    await village.do(tontines.accept_charter, group.id, village.id("Chantal"), 1)
    assert (await group.member("Chantal")).state is MembershipState.ASKED
    with pytest.raises(NotActive):
        await village.do(tontines.give_to_fund, group.id, village.id("Chantal"), Money(100), key="x")
    for _ in range(2):
        await village.do(tontines.decide_asking, asked.id, by=village.id("Awa"), approve=True)
    assert (await group.member("Chantal")).state is MembershipState.ACTIVE
    events = await village.events()
    assert events.count("tontine.member_asked") == 2
    assert events.count("tontine.member_joined") == 3


async def test_only_the_president_or_the_secretary_lets_somebody_in(village: Village):
    group = await village.tontine(*THREE)
    asked = await village.do(tontines.ask_to_join, group.id, village.id("Djeneba"))
    with pytest.raises(NotAnOfficer):
        await village.do(tontines.decide_asking, asked.id, by=village.id("Binta"), approve=True)
    with pytest.raises(NotAMember):
        await village.do(tontines.decide_asking, asked.id, by=village.id("Esther"), approve=True)
    refused = await village.do(tontines.decide_asking, asked.id, by=village.id("Chantal"), approve=False)
    assert refused.state is MembershipState.REFUSED
    anew = await village.do(tontines.ask_to_join, group.id, village.id("Djeneba"))
    assert anew.state is MembershipState.ASKED


async def test_shares_are_between_a_half_and_ten_and_halves_only_where_the_charter_knows_them(village: Village):
    group = await village.tontine("Awa", "Binta")
    for halves in (0, 21):
        with pytest.raises(SharesInvalid):
            await village.do(tontines.ask_to_join, group.id, village.id("Chantal"), halves)
    with pytest.raises(NoHalfShares):
        await village.do(tontines.change_shares, group.id, village.id("Awa"), 1)


async def test_a_charter_is_accepted_in_the_version_that_was_read(village: Village):
    group = await village.tontine(*THREE)
    charter = await village.do(tontines.change_rules, group.id, rules_of(contribution=6000), by=village.id("Awa"))
    assert charter.version == 2
    with pytest.raises(CharterChanged) as refused:
        await village.do(tontines.accept_charter, group.id, village.id("Binta"), 1)
    assert refused.value.params == {"version": 2}
    with pytest.raises(CharterNotAcceptedByAll):
        await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    for name in THREE:
        await village.do(tontines.accept_charter, group.id, village.id(name), 2)
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))


async def test_the_president_is_not_the_treasurer_unless_the_charter_says_so(village: Village):
    group = await village.tontine(*THREE)
    with pytest.raises(TwoOffices):
        await village.do(tontines.appoint, group.id, Role.TREASURER, village.id("Awa"), by=village.id("Awa"))
    with pytest.raises(TwoOffices):
        await village.do(tontines.appoint, group.id, Role.PRESIDENT, village.id("Binta"), by=village.id("Awa"))
    relaxed = await village.tontine(*THREE, president_may_be_treasurer=True)
    await village.do(tontines.appoint, relaxed.id, Role.TREASURER, village.id("Awa"), by=village.id("Awa"))
    charter = await village.do(tontines.charter_in_force, relaxed.id)
    assert "one_person_two_offices" in [article["article"] for article in charter.articles]


async def test_only_the_president_appoints_and_changes_rules(village: Village):
    group = await village.tontine(*THREE)
    with pytest.raises(NotAnOfficer):
        await village.do(tontines.appoint, group.id, Role.COMMISSIONER, village.id("Binta"), by=village.id("Binta"))
    with pytest.raises(NotAnOfficer):
        await village.do(tontines.change_rules, group.id, rules_of(), by=village.id("Binta"))
    with pytest.raises(NotAnOfficer):
        await village.do(tontines.start_cycle, group.id, by=village.id("Binta"))


async def test_nothing_structural_changes_while_a_cycle_runs_and_wishes_are_kept_for_the_next(village: Village):
    group = await village.running(*THREE)
    later = rules_of(contribution=9000, starts_on=clock.now().date() + timedelta(days=60))
    assert await village.do(tontines.change_rules, group.id, later, by=village.id("Awa")) is None
    await village.do(tontines.change_shares, group.id, village.id("Binta"), 4)
    assert (await group.row()).rules.contribution == 5000
    with pytest.raises(CycleRunning):
        await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    for number in (1, 2, 3):
        await group.open(number)
        await group.everybody_pays(*THREE)
        assert await village.stands(f"round:{(await group.round(number)).id}") == 15_000
        await group.pay_pot(number)
    tontine = await group.row()
    assert tontine.state is TontineState.BETWEEN
    assert (tontine.rules.contribution, tontine.charter_version) == (9000, 2)

    # Nobody is renewed in silence: who does not say yes to the new charter is not in the next cycle.
    with pytest.raises(CharterNotAccepted):
        await village.do(tontines.opt_in, group.id, village.id("Awa"))
    for name in ("Awa", "Binta"):
        await village.do(tontines.accept_charter, group.id, village.id(name), 2)
        await village.do(tontines.opt_in, group.id, village.id(name))
    second = await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    assert second.number == 2
    assert len(await village.do(tontines.shares_of, second.id)) == 3
    assert "Chantal" not in [await _name(village, group, each) for each in await village.do(_holders, second.id)]


async def test_a_member_who_joins_while_a_cycle_runs_takes_part_in_the_next(village: Village):
    group = await village.running("Awa", "Binta")
    asked = await village.do(tontines.ask_to_join, group.id, village.id("Chantal"))
    await village.do(tontines.decide_asking, asked.id, by=village.id("Awa"), approve=True)
    await village.do(tontines.accept_charter, group.id, village.id("Chantal"), 1)
    assert len(await village.do(tontines.shares_of, (await group.cycle()).id)) == 2
    await group.open(2)
    assert await group.owes("Chantal") == 0
    assert (await group.member("Chantal")).renews


async def test_a_cycle_starts_with_two_shares_a_president_a_treasurer_and_paired_halves(village: Village):
    start = tontines.start_cycle
    alone = await village.tontine("Awa")
    with pytest.raises(TooFewShares):
        await village.do(start, alone.id, by=village.id("Awa"))
    await village.do(tontines.change_shares, alone.id, village.id("Awa"), 4)
    with pytest.raises(TooFewMembers):
        await village.do(start, alone.id, by=village.id("Awa"))
    asked = await village.do(tontines.ask_to_join, alone.id, village.id("Binta"))
    await village.do(tontines.decide_asking, asked.id, by=village.id("Awa"), approve=True)
    await village.do(tontines.accept_charter, alone.id, village.id("Binta"), 1)
    with pytest.raises(OfficesVacant):
        await village.do(start, alone.id, by=village.id("Awa"))
    halves = await village.tontine(*THREE, halves={"Chantal": 1}, half_shares=True)
    with pytest.raises(HalfWithoutPair):
        await village.do(start, halves.id, by=village.id("Awa"))
    late = await village.tontine(*THREE)
    village.forward(timedelta(days=3))
    with pytest.raises(StartInThePast):
        await village.do(start, late.id, by=village.id("Awa"))


async def test_no_cycle_starts_before_the_cautions_are_paid(village: Village):
    group = await village.tontine(*THREE, caution=3000)
    for name in THREE[:2]:
        await village.do(
            tontines.pay_caution, group.id, village.id(name), Money(3000), payer_id=village.id(name), key=name
        )
    with pytest.raises(CautionsMissing) as refused:
        await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    assert refused.value.params["members"] == [(await group.member("Chantal")).id]


async def test_the_organiser_arranges_the_turns_of_a_fixed_order(village: Village):
    group = await village.tontine(*THREE)
    with pytest.raises(OrderIncomplete):
        await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), order=[1, 2])
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), order=[3, 1, 2])
    assert [await group.beneficiary(number) for number in (1, 2, 3)] == [["Chantal"], ["Awa"], ["Binta"]]


async def test_a_tontine_follows_its_chat_and_several_may_live_in_one(village: Village):
    one, two = await village.tontine("Awa", "Binta"), await village.tontine("Binta", "Awa")
    here = await village.do(tontines.tontines_in, "test", "42")
    assert [each.id for each in here] == [one.id, two.id]
    assert {each.name for each in here} == {"Les Amies"}
    await village.do(tontines.move_chat, "test", "42", "-10042")
    assert await village.do(tontines.tontines_in, "test", "42") == []
    assert len(await village.do(tontines.tontines_in, "test", "-10042")) == 2
    await village.do(tontines.place_in_chat, one.id, "test", None)
    assert (await one.row()).chat is None
    assert len(await village.do(tontines.tontines_of, village.id("Awa"))) == 2


async def test_a_tontine_is_closed_by_two_officers_between_cycles_and_without_anybodys_money(village: Village):
    group = await village.running("Awa", "Binta", order=Order.FIXED)
    by = {"by": village.id("Awa"), "second": village.id("Binta")}
    with pytest.raises(CycleRunning):
        await village.do(tontines.close_tontine, group.id, **by)
    gathering = await village.tontine("Awa", "Binta")
    with pytest.raises(SecondPersonNeeded):
        await village.do(tontines.close_tontine, gathering.id, by=village.id("Awa"), second=village.id("Awa"))
    await village.do(tontines.give_to_fund, gathering.id, village.id("Awa"), Money(700), key="gift")
    with pytest.raises(MoneyLeft) as refused:
        await village.do(tontines.close_tontine, gathering.id, **by)
    assert refused.value.params == {"amount": Money(700)}
    empty = await village.tontine("Awa", "Binta")
    await village.do(tontines.close_tontine, empty.id, **by)
    assert (await empty.row()).state is TontineState.CLOSED
    with pytest.raises(TontineClosed):
        await village.do(tontines.ask_to_join, empty.id, village.id("Chantal"))


async def _holders(session, cycle_id):
    return [each.member_id for each in await tontines.holders_in(session, cycle_id)]


async def _name(village: Village, group: Group, member_id) -> str:
    return next(name for name in village.people if village.id(name) == member_id)
