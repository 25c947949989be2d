from datetime import timedelta

import pytest

import tontines
from core.ids import new_id
from core.money import Money
from ledger import AccountKind
from tests.tontines.conftest import postgresql_alone as engine  # noqa: F401
from tests.tontines.kit import Village
from tontines import Order, PotState, Role, RoundState, ShortPot, Source, approvers
from tontines.auctions import BidOutOfBounds, BidTooLow
from tontines.officers import NotAnOfficer, SecondPersonNeeded
from tontines.pots import NobodyToApprove, PotNotDue, PotNotRequested, PotShort, RoundNotOpen
from tontines.reasons import ReasonNeeded
from tontines.undecided import NoTurnToDecide, OrderIsAnother

THREE = ("Awa", "Binta", "Chantal")
FOUR = (*THREE, "Djeneba")
P, T, S, C, M, N = (new_id() for _ in range(6))
OFFICERS = {Role.PRESIDENT: P, Role.TREASURER: T, Role.SECRETARY: S, Role.COMMISSIONER: C}


def test_a_deciding_officer_approves_who_neither_asked_nor_gains():
    found = approvers(OFFICERS, [P, T, S, C, M, N], asker=T, beneficiaries=[M])
    assert (found.who, found.needed) == ({P, S}, 1)


def test_the_commissioner_approves_where_no_deciding_officer_may():
    small = {Role.PRESIDENT: P, Role.TREASURER: T, Role.COMMISSIONER: C}
    found = approvers(small, [P, T, C, M], asker=T, beneficiaries=[P])
    assert (found.who, found.needed) == ({C}, 1)


def test_any_two_other_members_approve_where_no_officer_may():
    small = {Role.PRESIDENT: P, Role.TREASURER: T}
    found = approvers(small, [P, T, M, N], asker=T, beneficiaries=[P])
    assert (found.who, found.needed) == ({M, N}, 2)
    only_one = approvers(small, [P, T, M], asker=P, beneficiaries=[P, T])
    assert (only_one.who, only_one.needed) == ({M}, 1)


def test_where_the_pot_is_everybodys_the_other_holder_approves():
    found = approvers({Role.PRESIDENT: P, Role.TREASURER: T}, [P, T], asker=P, beneficiaries=[P, T])
    assert (found.who, found.needed) == ({T}, 1)


async def test_a_full_pot_is_asked_for_by_one_approved_by_another_and_paid_once(village: Village):
    group = await village.running(*THREE)
    first = await group.round(1)
    await group.everybody_pays(*THREE)
    for _ in range(2):
        await village.do(tontines.request_pot, first.id, by=village.id("Awa"))
    for _ in range(2):
        paid = await village.do(tontines.approve_pot, first.id, by=village.id("Binta"))
    assert paid.state is PotState.PAID
    assert await village.wallet("Awa") == 110_000
    assert (await group.round(1)).state is RoundState.CLOSED
    assert (await village.events("pot.")) == ["pot.requested", "pot.approved", "pot.paid"]
    assert await village.audited()


async def test_who_asked_and_who_gains_cannot_approve(village: Village):
    group = await village.running(*THREE)
    first = await group.round(1)
    await group.everybody_pays(*THREE)
    await village.do(tontines.request_pot, first.id, by=village.id("Binta"))
    for name in ("Awa", "Binta"):
        with pytest.raises(SecondPersonNeeded):
            await village.do(tontines.approve_pot, first.id, by=village.id(name))
    await village.do(tontines.approve_pot, first.id, by=village.id("Chantal"))
    assert await village.wallet("Awa") == 110_000


async def test_two_members_approve_where_no_officer_may(village: Village):
    people = (*FOUR, "Esther")
    group = await village.running(*people)
    first = await group.round(1)
    await village.do(tontines.appoint, group.id, Role.SECRETARY, village.id("Binta"), by=village.id("Awa"))
    await group.everybody_pays(*people)
    await village.do(tontines.request_pot, first.id, by=village.id("Binta"))
    half = await village.do(tontines.approve_pot, first.id, by=village.id("Djeneba"))
    assert half.state is PotState.REQUESTED
    await village.do(tontines.approve_pot, first.id, by=village.id("Djeneba"))
    assert await village.wallet("Awa") == 95_000
    await village.do(tontines.approve_pot, first.id, by=village.id("Esther"))
    assert await village.wallet("Awa") == 120_000


async def test_a_pot_is_asked_for_by_an_officer_or_its_beneficiary_and_only_when_somebody_can_approve(village: Village):
    group = await village.running("Awa", "Binta", "Chantal", "Djeneba")
    first = await group.round(1)
    await group.everybody_pays(*FOUR)
    with pytest.raises(NotAnOfficer):
        await village.do(tontines.request_pot, first.id, by=village.id("Djeneba"))
    pair = await village.running("Awa", "Binta")
    await pair.everybody_pays("Awa", "Binta")
    its_first = (await pair.round(1)).id
    with pytest.raises(NobodyToApprove):
        await village.do(tontines.request_pot, its_first, by=village.id("Binta"))
    await village.do(tontines.request_pot, its_first, by=village.id("Awa"))
    await village.do(tontines.approve_pot, its_first, by=village.id("Binta"))


async def test_a_declined_request_is_gone_and_may_be_made_anew(village: Village):
    group = await village.running(*THREE)
    first = await group.round(1)
    await group.everybody_pays(*THREE)
    with pytest.raises(PotNotRequested):
        await village.do(tontines.approve_pot, first.id, by=village.id("Binta"))
    await village.do(tontines.request_pot, first.id, by=village.id("Awa"))
    await village.do(tontines.decline_pot, first.id, by=village.id("Binta"))
    with pytest.raises(PotNotRequested):
        await village.do(tontines.approve_pot, first.id, by=village.id("Binta"))
    await group.pay_pot(1)
    with pytest.raises(PotNotRequested):
        await village.do(tontines.decline_pot, first.id, by=village.id("Binta"))
    assert await village.wallet("Awa") == 110_000


async def test_a_pot_that_is_short_waits_where_the_group_chose_to_wait(village: Village):
    group = await village.running(*THREE)
    first = await group.round(1)
    await group.everybody_pays("Awa", "Binta")
    with pytest.raises(PotNotDue):
        await village.do(tontines.request_pot, first.id, by=village.id("Awa"))
    await group.past_deadline(1)
    with pytest.raises(PotShort) as refused:
        await village.do(tontines.request_pot, first.id, by=village.id("Awa"))
    assert refused.value.params == {"missing": Money(5000)}
    with pytest.raises(RoundNotOpen):
        await village.do(tontines.request_pot, (await group.round(2)).id, by=village.id("Awa"))
    await group.open(2)
    await group.pay("Chantal", 5000)
    await group.pay_pot(1)
    assert await village.wallet("Awa") == 110_000


async def test_a_pot_pays_what_is_there_and_the_rest_follows_by_itself_where_the_group_chose_to_carry(village: Village):
    group = await village.running(*THREE, short_pot=ShortPot.CARRY)
    first = await group.round(1)
    await group.everybody_pays("Awa", "Binta")
    await group.pay("Chantal", 1)
    await group.past_deadline(1)
    await group.pay_pot(1)
    assert await village.wallet("Awa") == 95_000 + 10_001
    assert await village.stands(f"round:{first.id}") == 0
    await group.pay("Chantal", 2000)
    assert await village.wallet("Awa") == 95_000 + 12_001
    await group.pay("Chantal", 2999)
    assert await village.wallet("Awa") == 110_000
    assert (await village.events()).count("pot.arrears_paid") == 2
    minutes = (await group.round(1)).minutes
    assert (minutes["collected"], minutes["missing"]) == (10_001, 4999)


async def test_a_pot_pays_what_its_account_holds_and_never_the_amount_times_the_heads(village: Village):
    group = await village.running(*THREE, short_pot=ShortPot.CARRY)
    first = await group.round(1)
    await group.past_deadline(1)
    await group.pay_pot(1)
    assert await village.wallet("Awa") == 100_000
    assert await village.do(tontines.receipts_of, first.id) == []
    assert await village.audited()


async def test_the_beneficiary_does_not_contribute_where_the_group_chose_so(village: Village):
    group = await village.running(*THREE, beneficiary_contributes=False)
    assert [await group.owes(name) for name in THREE] == [0, 5000, 5000]
    for number in (1, 2, 3):
        await group.open(number)
        for name in THREE:
            if owed := await group.owes(name):
                await group.pay(name, owed)
        assert await village.stands(f"round:{(await group.round(number)).id}") == 10_000
        await group.pay_pot(number)
    assert [await village.wallet(name) for name in THREE] == [100_000] * 3


async def test_two_half_shares_make_one_turn_and_split_its_pot_to_the_franc(village: Village):
    halves = {"Binta": 1, "Chantal": 1}
    group = await village.running(
        *THREE, halves=halves, half_shares=True, short_pot=ShortPot.CARRY, contribution=5002
    )  # fmt: skip
    assert [await group.owes(name) for name in THREE] == [5002, 2501, 2501]
    assert len(await village.do(tontines.rounds_of, (await group.cycle()).id)) == 2
    await group.open(2)
    for name in ("Binta", "Chantal"):
        await group.pay(name, 5002)
    await group.pay("Awa", 5002 + 1)
    assert await group.beneficiary(2) == ["Binta", "Chantal"]
    await group.past_deadline(2)
    await group.pay_pot(1)
    before = [await village.wallet(name) for name in ("Binta", "Chantal")]
    await group.pay_pot(2)
    after = [await village.wallet(name) for name in ("Binta", "Chantal")]
    # 5 003 francs: the odd one goes to the first holder, and the rest makes it even.
    assert [new - old for old, new in zip(before, after, strict=True)] == [2502, 2501]
    await group.pay("Awa", 5001)
    assert [await village.wallet(name) for name in ("Binta", "Chantal")] == [100_000, 100_000]


async def test_what_exceeds_the_beneficiarys_cap_is_parked_and_never_lost(village: Village):
    await village.person("Karim", 190_000, tier="unidentified")
    group = await village.running("Karim", "Binta", "Chantal", contribution=20_000)
    await group.everybody_pays("Karim", "Binta", "Chantal", amount=20_000)
    await group.pay_pot(1)
    assert await village.wallet("Karim") == 200_000
    assert await village.wallet("Karim", AccountKind.PARKED) == 30_000
    (receipt,) = await village.do(tontines.receipts_of, (await group.round(1)).id)
    assert (receipt.amount, receipt.source) == (60_000, Source.WALLET)


async def test_an_auctioned_turn_goes_to_the_highest_bid_and_its_price_to_the_fund(village: Village):
    group = await village.tontine(*THREE, order=Order.AUCTION)
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    first = await group.round(1)
    with pytest.raises(BidOutOfBounds):
        await village.do(tontines.place_bid, first.id, village.id("Binta"), Money(10_001))
    with pytest.raises(OrderIsAnother):
        await village.do(tontines.state_need, group.id, village.id("Binta"), "la rentrée")
    await village.do(tontines.place_bid, first.id, village.id("Binta"), Money(900))
    await village.do(tontines.place_bid, first.id, village.id("Chantal"), Money(800))
    await village.do(tontines.place_bid, first.id, village.id("Chantal"), Money(1000))
    with pytest.raises(BidTooLow):
        await village.do(tontines.place_bid, first.id, village.id("Chantal"), Money(999))
    await village.do(tontines.place_bid, first.id, village.id("Chantal"), Money(1000))
    assert (await village.events("auction")).count("auction.bid") == 3
    await group.open(1)
    assert await group.beneficiary(1) == ["Chantal"]
    await group.everybody_pays(*THREE)
    await group.pay_pot(1)
    assert await village.wallet("Chantal") == 95_000 + 14_000
    assert await village.do(tontines.fund_balance, group.id) == Money(1000)
    with pytest.raises(NoTurnToDecide):
        await village.do(tontines.place_bid, (await group.round(2)).id, village.id("Chantal"), Money(100))
    for number, name in ((2, "Awa"), (3, "Binta")):
        await group.open(number)
        assert await group.beneficiary(number) == [name]
        await group.everybody_pays(*THREE)
        await group.pay_pot(number)
    summary = await village.do(tontines.summarise, await group.cycle())
    assert ([total.gap for total in summary.shares], summary.prices) == ([0, 0, 0], 1000)


async def test_a_turn_goes_to_the_need_that_was_stated_first_unless_the_officers_put_another_first(village: Village):
    group = await village.tontine(*FOUR, order=Order.NEED)
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    with pytest.raises(ReasonNeeded):
        await village.do(tontines.state_need, group.id, village.id("Binta"), "x" * 201)
    await village.do(tontines.state_need, group.id, village.id("Djeneba"), "les frais de l'école")
    village.forward(timedelta(minutes=1))
    await village.do(tontines.state_need, group.id, village.id("Chantal"), "un toit")
    await group.open(1)
    assert await group.beneficiary(1) == ["Djeneba"]
    shares = await village.do(tontines.shares_of, (await group.cycle()).id)
    second = (await group.round(2)).id
    with pytest.raises(SecondPersonNeeded):
        await village.do(tontines.put_first, second, shares[0].id, by=village.id("Awa"))
    await village.do(tontines.put_first, second, shares[1].id, by=village.id("Awa"))
    for number, name in ((2, "Binta"), (3, "Chantal"), (4, "Awa")):
        await group.open(number)
        assert await group.beneficiary(number) == [name]


async def test_an_innocent_beneficiarys_turn_is_never_skipped(village: Village):
    group = await village.running(*THREE)
    await group.past_deadline(3)
    assert [await group.beneficiary(number) for number in (1, 2, 3)] == [["Awa"], ["Binta"], ["Chantal"]]
    for name in THREE:
        await group.pay(name, 15_000)
    for number in (1, 2, 3):
        await group.pay_pot(number)
    assert [await village.wallet(name) for name in THREE] == [100_000] * 3


async def test_the_minutes_of_a_round_say_who_paid_who_received_and_who_decided(village: Village):
    group = await village.running(*THREE)
    await group.everybody_pays(*THREE)
    await group.pay_pot(1)
    minutes = (await group.round(1)).minutes
    awa, binta = (await group.member("Awa")).id, (await group.member("Binta")).id
    assert (minutes["cycle"], minutes["round"], minutes["owed"], minutes["collected"]) == (1, 1, 15_000, 15_000)
    assert minutes["received"] == [{"member": str(awa), "source": "wallet", "amount": 15_000}]
    assert [due["paid"] for due in minutes["dues"]] == [5000] * 3
    assert minutes["requested_by"] == str(awa)
    assert len(minutes["approved_by"]) == 1
    assert set(minutes["approved_by"]) <= {str(binta), str((await group.member("Chantal")).id)}
