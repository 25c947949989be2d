from datetime import timedelta

import pytest

import tontines
from core.money import Money
from tests.tontines.conftest import postgresql_alone as engine  # noqa: F401
from tests.tontines.kit import Village
from tontines import DecisionState, Role
from tontines.cycles import NoCycle
from tontines.fund import FundTooSmall
from tontines.late_joining import HoldsAShare
from tontines.officers import SecondPersonNeeded, TwoOffices
from tontines.votes import VoteOver

FOUR = ("Awa", "Binta", "Chantal", "Djeneba")


async def test_an_organiser_who_is_lost_is_replaced_by_more_than_half_of_all_members(village: Village):
    group = await village.running(*FOUR)
    for _ in range(2):
        vote = await village.do(
            tontines.propose_president, group.id, village.id("Djeneba"), by=village.id("Chantal"), key="vote"
        )
    for _ in range(2):
        vote = await village.do(tontines.cast_ballot, vote.id, by=village.id("Binta"), is_for=True)
    assert vote.state is DecisionState.ASKED
    vote = await village.do(tontines.cast_ballot, vote.id, by=village.id("Djeneba"), is_for=True)
    assert vote.state is DecisionState.GRANTED
    officers = await village.do(tontines.officers_of, group.id)
    assert officers[Role.PRESIDENT] == (await group.member("Djeneba")).id
    assert (await village.events()).count("organiser.changed") == 1
    with pytest.raises(VoteOver):
        await village.do(tontines.cast_ballot, vote.id, by=village.id("Awa"), is_for=False)


async def test_a_vote_that_half_of_the_members_are_against_is_rejected_and_one_that_lasts_too_long_too(
    village: Village,
):
    group = await village.running(*FOUR)
    propose = tontines.propose_president, group.id, village.id("Djeneba")
    vote = await village.do(*propose, by=village.id("Chantal"), key="one")
    for name in ("Awa", "Binta"):
        vote = await village.do(tontines.cast_ballot, vote.id, by=village.id(name), is_for=False)
    assert vote.state is DecisionState.REFUSED
    slow = await village.do(*propose, by=village.id("Chantal"), key="two")
    await village.until(slow.closes_at)
    with pytest.raises(VoteOver):
        await village.do(tontines.cast_ballot, slow.id, by=village.id("Awa"), is_for=True)
    assert (await village.events()).count("vote.rejected") == 2
    assert (await village.do(tontines.officers_of, group.id))[Role.PRESIDENT] == (await group.member("Awa")).id


async def test_the_treasurer_is_not_voted_president_while_the_charter_keeps_the_two_apart(village: Village):
    group = await village.running("Awa", "Binta", "Chantal")
    propose = tontines.propose_president, group.id
    with pytest.raises(TwoOffices):
        await village.do(*propose, village.id("Binta"), by=village.id("Chantal"), key="one")
    vote = await village.do(*propose, village.id("Chantal"), by=village.id("Chantal"), key="two")
    await village.do(tontines.appoint, group.id, Role.TREASURER, village.id("Chantal"), by=village.id("Awa"))
    with pytest.raises(TwoOffices):
        await village.do(tontines.cast_ballot, vote.id, by=village.id("Binta"), is_for=True)


async def test_nobody_joins_late_who_is_in_already_or_where_no_cycle_runs(village: Village):
    group = await village.running(*FOUR)
    with pytest.raises(HoldsAShare):
        await village.do(tontines.propose_late_joiner, group.id, village.id("Awa"), by=village.id("Binta"), key="vote")
    gathering = await village.tontine(*FOUR)
    with pytest.raises(NoCycle):
        await village.do(
            tontines.propose_late_joiner, gathering.id, village.id("Awa"), by=village.id("Binta"), key="vote"
        )


async def test_the_fund_grants_what_it_holds_when_two_officers_who_neither_asked_nor_gain_agree(village: Village):
    group = await village.tontine(*FOUR)
    for _ in range(2):
        balance = await village.do(tontines.give_to_fund, group.id, village.id("Awa"), Money(3000), key="gift")
    assert balance == Money(3000)
    ask = tontines.ask_grant, group.id, village.id("Djeneba")
    with pytest.raises(FundTooSmall):
        await village.do(*ask, Money(3001), "une naissance", by=village.id("Djeneba"), key="one")
    for _ in range(2):
        grant = await village.do(*ask, Money(2500), "une naissance", by=village.id("Djeneba"), key="two")
    with pytest.raises(SecondPersonNeeded):
        await village.do(tontines.decide_grant, grant.id, by=village.id("Djeneba"), approve=True)
    for _ in range(2):
        grant = await village.do(tontines.decide_grant, grant.id, by=village.id("Awa"), approve=True)
    assert grant.state is DecisionState.ASKED
    for _ in range(2):
        grant = await village.do(tontines.decide_grant, grant.id, by=village.id("Binta"), approve=True)
    assert grant.state is DecisionState.GRANTED
    assert await village.wallet("Djeneba") == 102_500
    assert await village.do(tontines.fund_balance, group.id) == Money(500)
    assert await village.audited()


async def test_one_officers_no_ends_a_grant_and_a_fund_that_shrank_meanwhile_pays_nothing(village: Village):
    group = await village.tontine(*FOUR)
    await village.do(tontines.give_to_fund, group.id, village.id("Awa"), Money(3000), key="gift")
    ask = tontines.ask_grant, group.id, village.id("Djeneba"), Money(2000), "une naissance"
    first = await village.do(*ask, by=village.id("Djeneba"), key="one")
    second = await village.do(*ask, by=village.id("Djeneba"), key="two")
    refused = await village.do(*ask, by=village.id("Djeneba"), key="three")
    refused = await village.do(tontines.decide_grant, refused.id, by=village.id("Chantal"), approve=False)
    assert refused.state is DecisionState.REFUSED
    for grant in (first, second):
        await village.do(tontines.decide_grant, grant.id, by=village.id("Awa"), approve=True)
    await village.do(tontines.decide_grant, first.id, by=village.id("Binta"), approve=True)
    with pytest.raises(FundTooSmall):
        await village.do(tontines.decide_grant, second.id, by=village.id("Binta"), approve=True)
    assert await village.wallet("Djeneba") == 102_000


async def test_a_caution_comes_back_when_the_cycle_is_over_and_nothing_is_owed(village: Village):
    group = await village.tontine("Awa", "Binta", caution=1000)
    for name in ("Awa", "Binta"):
        await village.do(
            tontines.pay_caution, group.id, village.id(name), Money(1000), payer_id=village.id(name), key=name
        )
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    for number in (1, 2):
        await group.open(number)
        await group.everybody_pays("Awa", "Binta")
        await group.pay_pot(number)
    assert await village.wallet("Awa") == 99_000
    for given_back in (1000, 0):
        assert await village.do(tontines.return_caution, group.id, village.id("Awa")) == given_back
    assert await village.wallet("Awa") == 100_000
    village.forward(timedelta(days=1))
    assert await village.stands(f"membership:{(await group.member('Awa')).id}:caution") == 0
