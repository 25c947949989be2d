import pytest

import tontines
from core.errors import Refusal
from core.money import Money
from tests.tontines.conftest import postgresql_alone as engine  # noqa: F401
from tests.tontines.kit import Group, Village
from tontines import DecisionState, MembershipState, Order, Role, ShortPot
from tontines.cash import NotYours
from tontines.caution import CautionKept, CautionTooHigh
from tontines.default import NotLate, StillLate
from tontines.guarantors import GuaranteeStands, NoGuarantee, OwnGuarantor
from tontines.late_joining import NoHalfShareLate
from tontines.leaving import HalfNeedsReplacement, PayBeforeLeaving
from tontines.officers import OfficeHeld, SecondPersonNeeded
from tontines.replacing import GuarantorOnly, NothingToReplace
from tontines.rotation import TurnNotUpcoming

THREE = ("Awa", "Binta", "Chantal")
FOUR = (*THREE, "Djeneba")


async def outsider(village: Village, group: Group, name: str) -> tontines.Membership:
    """Somebody who joined while the cycle runs, and holds nothing of it."""
    asked = await village.do(tontines.ask_to_join, group.id, village.id(name))
    await village.do(tontines.decide_asking, asked.id, by=village.id("Awa"), approve=True)
    return await village.do(tontines.accept_charter, group.id, village.id(name), 1)


async def guarantee(village: Village, group: Group, debtor: str, guarantor: str, at_most: int) -> None:
    await village.do(
        tontines.ask_guarantee, group.id, village.id(debtor), village.id(guarantor), Money(at_most)
    )  # fmt: skip
    await village.do(tontines.answer_guarantee, (await group.member(debtor)).id, by=village.id(guarantor), accept=True)


async def live_to_the_end(group: Group, *names: str, start: int) -> None:
    rounds = len(await group.village.do(tontines.rounds_of, (await group.cycle()).id))
    for number in range(start, rounds + 1):
        await group.open(number)
        for name in names:
            if owed := await group.owes(name):
                await group.pay(name, owed)
        await group.past_deadline(number)
        asker = None if (await group.member((await group.beneficiary(number))[0])).state == "active" else "Awa"
        await group.pay_pot(number, by=asker)


async def test_who_leaves_before_their_turn_gets_back_what_they_paid_at_the_cycles_end(village: Village):
    group = await village.running(*FOUR)
    await group.everybody_pays(*FOUR)
    await group.pay_pot(1)
    await group.open(2)
    await group.pay("Djeneba", 6000)
    left = await village.do(tontines.leave, group.id, village.id("Djeneba"))
    assert left.state is MembershipState.LEFT
    # What was paid early comes back at once; what two rounds had of her comes back in the end.
    assert await village.wallet("Djeneba") == 90_000
    await live_to_the_end(group, *THREE, start=2)
    assert [await village.wallet(name) for name in FOUR] == [100_000] * 4
    summary = await village.do(tontines.summarise, await group.cycle())
    assert [total.gap for total in summary.shares] == [0] * 4
    assert summary.debts == []
    assert await village.audited()


async def test_what_a_leaver_had_not_paid_is_owed_by_nobody(village: Village):
    group = await village.running(*FOUR, short_pot=ShortPot.CARRY)
    await group.everybody_pays(*THREE)
    await group.pay("Djeneba", 2000)
    await village.do(tontines.leave, group.id, village.id("Djeneba"))
    assert (await group.round(1)).full_at is not None
    await group.pay_pot(1)
    await live_to_the_end(group, *THREE, start=2)
    assert [await village.wallet(name) for name in FOUR] == [100_000] * 4


async def test_who_leaves_before_having_paid_anything_leaves_an_empty_turn_that_closes_by_itself(village: Village):
    group = await village.tontine(*FOUR)
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    await village.do(tontines.leave, group.id, village.id("Djeneba"))
    for number in (1, 2, 3):
        await group.open(number)
        await group.everybody_pays(*THREE)
        await group.pay_pot(number)
    await group.open(4)
    assert (await group.cycle()).ended_at is not None
    assert [await village.wallet(name) for name in FOUR] == [100_000] * 4


async def test_who_has_had_their_turn_leaves_only_when_all_is_paid(village: Village):
    people = ("Djeneba", "Awa", "Binta", "Chantal")
    group = await village.tontine("Awa", "Binta", "Chantal", "Djeneba")
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), order=[4, 1, 2, 3])
    await group.open(1)
    await group.everybody_pays(*people)
    await group.pay_pot(1)
    with pytest.raises(PayBeforeLeaving) as refused:
        await village.do(tontines.leave, group.id, village.id("Djeneba"))
    assert refused.value.params == {"amount": Money(15_000)}
    await group.pay("Djeneba", 15_000)
    await village.do(tontines.leave, group.id, village.id("Djeneba"))
    await live_to_the_end(group, *THREE, start=2)
    assert [await village.wallet(name) for name in people] == [100_000] * 4


async def test_president_and_treasurer_hand_over_before_they_leave(village: Village):
    group = await village.tontine(*FOUR)
    for name in ("Awa", "Binta"):
        with pytest.raises(OfficeHeld):
            await village.do(tontines.leave, group.id, village.id(name))
    await village.do(tontines.appoint, group.id, Role.TREASURER, village.id("Djeneba"), by=village.id("Awa"))
    await village.do(tontines.leave, group.id, village.id("Binta"))
    await village.do(tontines.leave, group.id, village.id("Chantal"))
    assert await village.do(tontines.officers_of, group.id) == {
        Role.PRESIDENT: (await group.member("Awa")).id,
        Role.TREASURER: (await group.member("Djeneba")).id,
    }


async def test_a_half_share_is_left_only_to_a_replacement(village: Village):
    group = await village.running(*FOUR, halves={"Chantal": 1, "Djeneba": 1}, half_shares=True)
    with pytest.raises(HalfNeedsReplacement):
        await village.do(tontines.leave, group.id, village.id("Djeneba"))
    await group.pay("Djeneba", 2500)
    offer = await village.do(
        tontines.offer_replacement, group.id, village.id("Djeneba"), village.id("Chantal"), key="half"
    )
    await village.do(tontines.answer_replacement, offer.id, by=village.id("Chantal"), accept=True)
    assert await village.wallet("Chantal") == 97_500
    await group.open(2)
    assert await group.owes("Chantal") == 7500


async def test_a_replacement_buys_in_for_what_was_paid_and_takes_over_what_is_owed(village: Village):
    group = await village.running(*FOUR)
    await outsider(village, group, "Esther")
    await group.everybody_pays(*FOUR)
    await group.pay_pot(1)
    await group.open(2)
    await group.pay("Djeneba", 1000)
    for _ in range(2):
        offer = await village.do(
            tontines.offer_replacement, group.id, village.id("Djeneba"), village.id("Esther"), key="offer"
        )
    with pytest.raises(NotYours):
        await village.do(tontines.answer_replacement, offer.id, by=village.id("Awa"), accept=True)
    for _ in range(2):
        done = await village.do(tontines.answer_replacement, offer.id, by=village.id("Esther"), accept=True)
    assert (done.state, done.price) == (DecisionState.GRANTED, 6000)
    assert (await village.wallet("Djeneba"), await village.wallet("Esther")) == (100_000, 94_000)
    assert await group.owes("Esther") == 4000
    assert (await group.member("Djeneba")).state is MembershipState.LEFT
    await live_to_the_end(group, *THREE, "Esther", start=2)
    assert [await village.wallet(name) for name in (*FOUR, "Esther")] == [100_000] * 5


async def test_a_replacement_that_cannot_pay_or_declines_changes_nothing(village: Village):
    await village.person("Karim", 4999)
    group = await village.running(*FOUR)
    await outsider(village, group, "Karim")
    await group.pay("Djeneba", 5000)
    offer = await village.do(
        tontines.offer_replacement, group.id, village.id("Djeneba"), village.id("Karim"), key="offer"
    )
    with pytest.raises(Refusal, match="insufficient_funds"):
        await village.do(tontines.answer_replacement, offer.id, by=village.id("Karim"), accept=True)
    assert (await group.member("Djeneba")).state is MembershipState.ACTIVE
    refused = await village.do(tontines.answer_replacement, offer.id, by=village.id("Karim"), accept=False)
    assert refused.state is DecisionState.REFUSED
    with pytest.raises(NothingToReplace):
        await village.do(
            tontines.offer_replacement, group.id, village.id("Karim"), village.id("Awa"), key="nothing"
        )  # fmt: skip


async def test_after_ones_turn_only_ones_guarantor_takes_over(village: Village):
    group = await village.running(*FOUR)
    await village.do(tontines.appoint, group.id, Role.PRESIDENT, village.id("Chantal"), by=village.id("Awa"))
    await group.everybody_pays(*FOUR)
    await group.pay_pot(1)
    await guarantee(village, group, "Awa", "Djeneba", 20_000)
    with pytest.raises(GuarantorOnly):
        await village.do(tontines.offer_replacement, group.id, village.id("Awa"), village.id("Chantal"), key="one")
    offer = await village.do(
        tontines.offer_replacement, group.id, village.id("Awa"), village.id("Djeneba"), key="two"
    )  # fmt: skip
    await village.do(tontines.answer_replacement, offer.id, by=village.id("Djeneba"), accept=True)
    assert await village.wallet("Awa") == 95_000 + 20_000
    await group.open(2)
    assert await group.owes("Djeneba") == 10_000


async def test_two_upcoming_turns_are_swapped_when_both_holders_consent(village: Village):
    group = await village.running(*FOUR)
    shares = [turn.share_id for turn in await village.do(tontines.turns_of, (await group.cycle()).id)]
    with pytest.raises(NotYours):
        await village.do(tontines.ask_swap, shares[2], shares[3], by=village.id("Awa"), key="one")
    for _ in range(2):
        swap = await village.do(tontines.ask_swap, shares[2], shares[3], by=village.id("Chantal"), key="two")
    assert swap.state is DecisionState.ASKED
    with pytest.raises(NotYours):
        await village.do(tontines.answer_swap, swap.id, by=village.id("Binta"), agree=True)
    for _ in range(2):
        swap = await village.do(tontines.answer_swap, swap.id, by=village.id("Djeneba"), agree=True)
    assert swap.state is DecisionState.GRANTED
    assert [(await group.beneficiary(number))[0] for number in (1, 2, 3, 4)] == ["Awa", "Binta", "Djeneba", "Chantal"]
    assert (await village.events()).count("turn.swapped") == 1


async def test_a_turn_that_has_come_is_never_swapped_not_even_by_a_late_yes(village: Village):
    group = await village.running(*FOUR)
    shares = [turn.share_id for turn in await village.do(tontines.turns_of, (await group.cycle()).id)]
    swap = await village.do(tontines.ask_swap, shares[1], shares[3], by=village.id("Binta"), key="one")
    refused = await village.do(tontines.ask_swap, shares[1], shares[2], by=village.id("Binta"), key="two")
    refused = await village.do(tontines.answer_swap, refused.id, by=village.id("Chantal"), agree=False)
    assert refused.state is DecisionState.REFUSED
    await group.open(2)
    with pytest.raises(TurnNotUpcoming):
        await village.do(tontines.answer_swap, swap.id, by=village.id("Djeneba"), agree=True)
    assert await group.beneficiary(2) == ["Binta"]


async def test_joining_in_mid_cycle_takes_a_vote_back_payments_and_the_last_turn(village: Village):
    group = await village.running(*THREE)
    await group.everybody_pays(*THREE)
    await group.pay_pot(1)
    await group.open(2)
    await outsider(village, group, "Esther")
    vote = await village.do(
        tontines.propose_late_joiner, group.id, village.id("Esther"), by=village.id("Awa"), key="vote"
    )
    assert await group.owes("Esther") == 0
    await village.do(tontines.cast_ballot, vote.id, by=village.id("Binta"), is_for=True)
    assert await group.owes("Esther") == 10_000
    assert await group.beneficiary(4) == ["Esther"]
    before = await village.wallet("Awa")
    await group.pay("Esther", 10_000)
    assert await village.wallet("Awa") == before + 5000
    await live_to_the_end(group, *THREE, "Esther", start=2)
    assert [await village.wallet(name) for name in (*THREE, "Esther")] == [100_000] * 4
    summary = await village.do(tontines.summarise, await group.cycle())
    assert [total.gap for total in summary.shares] == [0] * 4


async def test_a_default_takes_the_caution_then_the_guarantor_and_what_is_left_stays_a_debt(village: Village):
    group = await village.tontine(*FOUR, caution=2000, short_pot=ShortPot.CARRY)
    for name in FOUR:
        pay = tontines.pay_caution, group.id, village.id(name)
        with pytest.raises(CautionTooHigh):
            await village.do(*pay, Money(2001), payer_id=village.id(name), key=f"{name} too much")
        for _ in range(2):
            await village.do(*pay, Money(2000), payer_id=village.id(name), key=name)
    await guarantee(village, group, "Awa", "Chantal", 2500)
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    await group.open(1)
    await group.everybody_pays(*FOUR)
    await group.pay_pot(1)
    await group.open(2)
    with pytest.raises(NotLate):
        await village.do(tontines.declare_default, group.id, village.id("Awa"), by=village.id("Binta"))
    await group.everybody_pays("Binta", "Chantal", "Djeneba")
    await group.past_deadline(2)
    with pytest.raises(SecondPersonNeeded):
        await village.do(tontines.declare_default, group.id, village.id("Awa"), by=village.id("Awa"))
    for _ in range(2):
        await village.do(tontines.declare_default, group.id, village.id("Awa"), by=village.id("Binta"))
    assert await village.wallet("Chantal") == 98_000 - 10_000 - 2500
    assert await group.owes("Awa") == 500
    with pytest.raises(StillLate):
        await village.do(tontines.end_default, group.id, village.id("Awa"), by=village.id("Binta"))
    (debt,) = await village.do(tontines.settle_up, await group.cycle())
    awa, binta = (await group.member("Awa")).id, (await group.member("Binta")).id
    assert (debt.debtor, debt.creditor, debt.amount, debt.round_number) == (awa, binta, 500, 2)
    with pytest.raises(CautionKept):
        await village.do(tontines.return_caution, group.id, village.id("Awa"))
    await group.pay("Awa", 500)
    await village.do(tontines.end_default, group.id, village.id("Awa"), by=village.id("Binta"))
    assert (await group.member("Awa")).defaulted_at is None
    assert await village.audited()


async def test_a_guarantor_whose_wallet_is_empty_is_asked_and_pays_when_money_comes(village: Village):
    await village.person("Karim", 10_000)
    group = await village.running("Awa", "Binta", "Karim")
    await guarantee(village, group, "Awa", "Karim", 8000)
    await group.pay("Karim", 5000)
    await group.pay("Binta", 5000)
    await village.do(tontines.give_to_fund, group.id, village.id("Karim"), Money(4000), key="gift")
    await group.past_deadline(1)
    await village.do(tontines.declare_default, group.id, village.id("Awa"), by=village.id("Binta"))
    assert await group.owes("Awa") == 5000
    (waiting,) = await village.do(tontines.waiting_of, village.id("Karim"))
    assert waiting.amount == 5000
    await group.pay("Awa", 2000)
    await village.do(tontines.cancel_waiting, waiting.id, by=village.id("Karim"))
    await village.give("Karim", 2000)
    await village.do(tontines.pay_waiting, village.id("Karim"))
    assert (await village.wallet("Karim"), await group.owes("Awa")) == (0, 0)
    (answering,) = await village.do(tontines.guaranteed_by, group.id, village.id("Karim"))
    assert answering.called == 3000


async def test_each_due_of_somebody_in_default_is_recovered_as_it_becomes_late(village: Village):
    group = await village.running(*THREE, short_pot=ShortPot.CARRY)
    await guarantee(village, group, "Awa", "Chantal", 50_000)
    await group.past_deadline(1)
    await village.do(tontines.declare_default, group.id, village.id("Awa"), by=village.id("Binta"))
    await group.past_deadline(2)
    assert await group.owes("Awa") == 0
    assert await village.wallet("Chantal") == 90_000


async def test_a_tontine_that_waits_does_not_wait_for_somebody_in_default(village: Village):
    group = await village.running(*THREE)
    await group.everybody_pays("Awa", "Binta")
    await group.past_deadline(1)
    await village.do(tontines.declare_default, group.id, village.id("Chantal"), by=village.id("Binta"))
    await group.pay_pot(1)
    assert await village.wallet("Awa") == 105_000
    assert await group.owes("Chantal") == 5000


async def test_an_agreed_set_off_pays_what_is_late_from_the_debtors_own_pot(village: Village):
    group = await village.running(*THREE, short_pot=ShortPot.CARRY)
    await group.everybody_pays("Awa", "Binta")
    await group.past_deadline(1)
    await group.pay_pot(1)
    await village.do(tontines.agree_to_set_off, group.id, village.id("Chantal"))
    for number in (2, 3):
        await group.open(number)
        await group.everybody_pays("Awa", "Binta")
        await group.past_deadline(number)
        await group.pay_pot(number)
    # 10 000 F in her pot: 5 000 for Awa's round, 5 000 for Binta's, and then her own due for the third.
    assert [await village.wallet(name) for name in THREE] == [100_000, 100_000, 100_000]
    assert await group.owes("Chantal") == 5000
    summary = await village.do(tontines.summarise, await group.cycle())
    assert [total.gap for total in summary.shares] == [0, 0, 0]
    assert await village.audited()


async def test_a_guarantee_is_for_somebody_else_and_binds_until_nothing_is_owed(village: Village):
    group = await village.tontine(*THREE, order=Order.FIXED)
    ask = tontines.ask_guarantee, group.id, village.id("Awa")
    with pytest.raises(OwnGuarantor):
        await village.do(*ask, village.id("Awa"), Money(1000))
    awa = (await group.member("Awa")).id
    with pytest.raises(NoGuarantee):
        await village.do(tontines.answer_guarantee, awa, by=village.id("Binta"), accept=True)
    await village.do(*ask, village.id("Binta"), Money(1000))
    with pytest.raises(NotYours):
        await village.do(tontines.answer_guarantee, awa, by=village.id("Chantal"), accept=True)
    await village.do(tontines.answer_guarantee, awa, by=village.id("Binta"), accept=False)
    await guarantee(village, group, "Awa", "Chantal", 5000)
    with pytest.raises(GuaranteeStands):
        await village.do(*ask, village.id("Binta"), Money(1000))
    release = tontines.release_guarantee, group.id, village.id("Awa")
    with pytest.raises(NotYours):
        await village.do(*release, by=village.id("Binta"))
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    with pytest.raises(GuaranteeStands):
        await village.do(*release, by=village.id("Chantal"))


async def test_who_paid_all_and_left_keeps_their_share_and_decides_nothing_any_more(village: Village):
    people = (*FOUR, "Esther")
    group = await village.tontine(*people)
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), order=[4, 1, 2, 3, 5])
    await group.open(1)
    await group.everybody_pays(*people)
    await group.pay_pot(1)
    await group.pay("Djeneba", 20_000)
    await village.do(tontines.leave, group.id, village.id("Djeneba"))
    tontine = await group.row()
    assert (await group.member("Djeneba")).id not in [
        each.id for each in await village.do(tontines.electorate, tontine)
    ]
    second = await group.open(2)
    assert [row.paid for row in (await village.do(tontines.board, second.id)).rows] == [0, 0, 0, 5000, 0]


@pytest.mark.parametrize("order", [Order.AUCTION, Order.NEED])
async def test_who_leaves_before_turns_are_decided_gets_the_last_one_and_their_money_back(
    village: Village, order: Order
):
    group = await village.tontine(*FOUR, order=order)
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    await group.open(1)
    await group.everybody_pays(*FOUR)
    await group.pay_pot(1)
    await village.do(tontines.leave, group.id, village.id("Djeneba"))
    assert await group.beneficiary(4) == ["Djeneba"]
    await live_to_the_end(group, *THREE, start=2)
    assert [await village.wallet(name) for name in FOUR] == [100_000] * 4


async def test_a_guarantor_is_free_again_after_a_cycle_in_which_all_was_paid(village: Village):
    group = await village.tontine(*THREE)
    await guarantee(village, group, "Awa", "Chantal", 5000)
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    await live_to_the_end(group, *THREE, start=1)
    await village.do(tontines.release_guarantee, group.id, village.id("Awa"), by=village.id("Chantal"))
    assert await village.do(tontines.guaranteed_by, group.id, village.id("Chantal")) == []


async def test_a_guarantor_is_asked_for_nothing_once_the_debtor_has_paid(village: Village):
    await village.person("Karim", 0)
    group = await village.running("Awa", "Binta", "Karim")
    await guarantee(village, group, "Awa", "Karim", 8000)
    await group.past_deadline(1)
    await village.do(tontines.declare_default, group.id, village.id("Awa"), by=village.id("Binta"))
    await group.pay("Awa", 5000)
    await village.give("Karim", 5000)
    assert await village.do(tontines.pay_waiting, village.id("Karim")) == []
    (answering,) = await village.do(tontines.guaranteed_by, group.id, village.id("Karim"))
    assert (answering.called, await village.wallet("Karim")) == (0, 5000)


async def test_a_late_joiner_owes_for_the_open_round_too_which_is_full_no_more(village: Village):
    group = await village.running(*THREE, half_shares=True)
    await group.everybody_pays(*THREE)
    assert (await group.round(1)).full_at is not None
    await outsider(village, group, "Esther")
    await village.do(tontines.change_shares, group.id, village.id("Esther"), 1)
    propose = tontines.propose_late_joiner, group.id, village.id("Esther")
    with pytest.raises(NoHalfShareLate):
        await village.do(*propose, by=village.id("Awa"), key="half")
    await village.do(tontines.change_shares, group.id, village.id("Esther"), 4)
    vote = await village.do(*propose, by=village.id("Awa"), key="two")
    await village.do(tontines.cast_ballot, vote.id, by=village.id("Binta"), is_for=True)
    assert (await group.round(1)).full_at is None
    assert await group.owes("Esther") == 10_000
    await live_to_the_end(group, *THREE, "Esther", start=1)
    assert [await village.wallet(name) for name in (*THREE, "Esther")] == [100_000] * 4
