"""What was paid by mistake goes back from where it lies; what somebody received stays theirs."""

from datetime import timedelta
from typing import Any

import pytest

import tontines
from core import clock
from core.money import Money
from ledger import AccountKind
from members import Member
from members.uniting import unite
from tests.tontines.kit import Group, Village
from tests.tontines.test_leaving import outsider
from tontines import ShortPot
from tontines.officers import NotAnOfficer, SecondPersonNeeded
from tontines.reversals import AlreadyReceived, NotReversible, ReversalNotAsked

THREE = ("Awa", "Binta", "Chantal")
FOUR = (*THREE, "Djeneba")


async def gives_cash(village: Village, group: Group, name: str, amount: int = 5000, by: str = "Binta") -> Any:
    declared = await village.do(
        tontines.declare_cash, group.id, village.id(name), Money(amount), by=village.id(by), key=village.key()
    )
    return await village.do(tontines.answer_cash, declared.id, by=village.id(name), confirm=True)


async def takes_back(village: Village, contribution: Any, asker: str = "Binta", second: str = "Awa") -> None:
    await village.do(tontines.ask_reversal, contribution.id, "une erreur", by=village.id(asker))
    await village.do(tontines.confirm_reversal, contribution.id, by=village.id(second))


async def debts(village: Village, group: Group) -> list[tuple[str, str | None, str, int]]:
    """The named debts: kind, who owes, to whom, how much; the treasurer has no name there."""
    names = {(await group.member(name)).id: name for name in FOUR if await group._has(name)}
    found = await village.do(tontines.settle_up, await group.cycle())
    return [(each.kind, names.get(each.debtor), names.get(each.creditor, "the fund"), each.amount) for each in found]


async def gaps(village: Village, group: Group) -> list[int]:
    summary = await village.do(tontines.summarise, await group.cycle())
    return [total.gap for total in summary.shares]


async def paid_twice_by_mistake(village: Village, group: Group) -> Any:
    """Chantal gave banknotes that nobody can find: the pot is closed, and Awa was promised them."""
    await group.everybody_pays("Awa", "Binta")
    contribution = await gives_cash(village, group, "Chantal")
    await group.pay_pot(1)
    return contribution


async def test_banknotes_that_a_closed_pot_only_promised_become_a_debt_to_its_beneficiary(village: Village):
    group = await village.running(*THREE)
    contribution = await paid_twice_by_mistake(village, group)
    minutes = (await group.round(1)).minutes
    assert await debts(village, group) == [("cash", None, "Awa", 5000)]
    gap = await gaps(village, group)
    await takes_back(village, contribution, second="Awa")
    assert await debts(village, group) == [("contribution", "Chantal", "Awa", 5000)]
    assert await village.do(tontines.cash_to_hand_over, group.id, village.id("Awa")) == []
    assert await gaps(village, group) == gap
    # The round itself is as it was: what has changed is said after it, and sealed at once.
    assert (await group.round(1)).minutes == minutes
    lines = await village.do(tontines.statement, group.id)
    assert tontines.verify_statement(lines) is None
    assert lines[-1]["kind"] == "contribution.reversed"
    assert lines[-1]["facts"]["reason"] == "une erreur"

    # What she pays goes to the beneficiary by itself.
    before = await village.wallet("Awa")
    await group.pay("Chantal", 5000)
    assert await village.wallet("Awa") == before + 5000
    assert await debts(village, group) == []
    assert await village.stands(f"tontine:{group.id}", AccountKind.CASH) == 0
    assert await village.audited()


async def test_after_the_cycles_end_too_a_promise_becomes_a_debt_and_the_statement_says_so(village: Village):
    group = await village.running("Awa", "Binta")
    await group.everybody_pays("Awa", "Binta")
    await group.pay_pot(1)
    await group.open(2)
    await group.pay("Binta", 5000)
    contribution = await gives_cash(village, group, "Awa")
    await group.pay_pot(2, by="Binta")
    assert (await group.cycle()).ended_at is not None
    assert await debts(village, group) == [("cash", None, "Binta", 5000)]
    await takes_back(village, contribution, asker="Binta", second="Awa")
    assert await debts(village, group) == [("contribution", "Awa", "Binta", 5000)]
    assert await gaps(village, group) == [0, 0]
    lines = await village.do(tontines.statement, group.id)
    assert (tontines.verify_statement(lines), lines[-1]["kind"]) == (None, "contribution.reversed")
    await group.pay("Awa", 5000)
    assert [await village.wallet(name) for name in ("Awa", "Binta")] == [100_000, 100_000]
    assert (await village.do(tontines.money_left, group.id)).amount == 0


async def test_what_the_beneficiary_has_in_hand_stays_theirs(village: Village):
    group = await village.running(*THREE)
    contribution = await paid_twice_by_mistake(village, group)
    (banknotes,) = await village.do(tontines.cash_to_hand_over, group.id, village.id("Awa"))
    await village.do(tontines.ask_reversal, contribution.id, "une erreur", by=village.id("Binta"))
    await village.do(tontines.confirm_cash_received, banknotes.id, by=village.id("Awa"))
    with pytest.raises(AlreadyReceived):
        await village.do(tontines.confirm_reversal, contribution.id, by=village.id("Awa"))
    assert await group.owes("Chantal") == 0
    assert await village.audited()


async def test_a_promise_taken_back_is_not_confirmed_any_more(village: Village):
    group = await village.running(*THREE)
    contribution = await paid_twice_by_mistake(village, group)
    (banknotes,) = await village.do(tontines.cash_to_hand_over, group.id, village.id("Awa"))
    await takes_back(village, contribution)
    after = await village.do(tontines.confirm_cash_received, banknotes.id, by=village.id("Awa"))
    assert (after.confirmed_at, after.given) == (None, 0)
    assert await village.stands(f"tontine:{group.id}", AccountKind.CASH) == 0


async def test_of_two_holders_each_gives_up_their_half_unless_one_has_more_in_hand(village: Village):
    halves = {"Binta": 1, "Chantal": 1}
    group = await village.running(*THREE, "Djeneba", halves=halves, half_shares=True, short_pot=ShortPot.CARRY)
    for number, name in ((1, "Awa"), (2, "Djeneba")):
        await group.open(number)
        assert await group.beneficiary(number) == [name]
        await group.everybody_pays("Awa", "Djeneba")
        await group.everybody_pays("Binta", "Chantal", amount=2500)
        await group.pay_pot(number)
    await group.open(3)
    assert sorted(await group.beneficiary(3)) == ["Binta", "Chantal"]
    one = await gives_cash(village, group, "Awa", 2001)
    other = await gives_cash(village, group, "Djeneba", 5000)
    await group.past_deadline(3)
    await group.pay_pot(3)
    await takes_back(village, one, second="Chantal")
    promised = [
        sum(each.given for each in await village.do(tontines.cash_to_hand_over, group.id, village.id(name)))
        for name in await group.beneficiary(3)
    ]
    assert promised == [2500, 2500]
    (banknotes,) = await village.do(tontines.cash_to_hand_over, group.id, village.id("Binta"))
    await village.do(tontines.confirm_cash_received, banknotes.id, by=village.id("Binta"))
    with pytest.raises(AlreadyReceived):
        await village.do(tontines.ask_reversal, other.id, "une erreur", by=village.id("Chantal"))
    assert await village.audited()


async def test_what_was_paid_early_for_another_pays_again_what_is_owed_again(village: Village):
    group = await village.running(*THREE)
    first = await group.pay("Chantal", 5000)
    await group.pay("Chantal", 5000)
    await takes_back(village, first)
    assert await group.owes("Chantal") == 0
    assert await village.stands(f"membership:{(await group.member('Chantal')).id}:advance") == 0
    assert await village.wallet("Chantal") == 95_000
    assert await village.audited()


async def test_nobody_is_late_or_fined_by_a_mistake_of_others(village: Village):
    group = await village.running(*THREE, fine=500, fine_cap=500, short_pot=ShortPot.WAIT)
    paid = await group.pay("Chantal", 5000)
    await group.everybody_pays("Awa", but=())
    await group.past_deadline(1)
    await takes_back(village, paid)
    chantal = (await group.member("Chantal")).id
    assert await group.owes("Chantal") == 5000
    assert await village.do(tontines.late_dues, chantal) == []
    await village.until(clock.now() + timedelta(days=5))
    assert [due.outstanding for due in await village.do(tontines.late_dues, chantal)] == [5000]
    assert [fine.amount for fine in await village.do(tontines.fines_owed, chantal)] == [500]


async def test_who_paid_does_not_confirm_that_it_comes_back_to_them(village: Village):
    group = await village.running(*FOUR)
    paid = await group.pay("Djeneba", 5000, by="Awa")
    await village.do(tontines.ask_reversal, paid.id, "une erreur", by=village.id("Binta"))
    for name, refused in (("Awa", SecondPersonNeeded), ("Binta", SecondPersonNeeded), ("Djeneba", SecondPersonNeeded)):
        with pytest.raises(refused):
            await village.do(tontines.confirm_reversal, paid.id, by=village.id(name))
    assert await village.do(tontines.reversers_of, paid.id) == {(await group.member("Chantal")).id}
    await village.do(tontines.confirm_reversal, paid.id, by=village.id("Chantal"))
    assert await village.wallet("Awa") == 100_000


async def test_nor_does_the_one_person_that_who_paid_turned_out_to_be(village: Village):
    await village.person("Fatima", 5000)
    group = await village.running(*FOUR)
    paid = await group.pay("Djeneba", 5000, by="Fatima")
    async with village.transaction() as session:
        kept, given_up = [await session.get_one(Member, village.id(name)) for name in ("Awa", "Fatima")]
        await tontines.follow(session, given_up.id, kept.id)
        await unite(session, kept, given_up)
    await village.do(tontines.ask_reversal, paid.id, "une erreur", by=village.id("Binta"))
    assert await village.do(tontines.reversers_of, paid.id) == {(await group.member("Chantal")).id}
    await village.do(tontines.confirm_reversal, paid.id, by=village.id("Chantal"))
    assert await village.audited()


async def test_where_no_officer_is_left_another_member_confirms_and_of_two_the_one_concerned(village: Village):
    group = await village.running("Awa", "Binta")
    paid = await group.pay("Awa", 5000)
    await takes_back(village, paid, asker="Binta", second="Awa")
    assert await village.wallet("Awa") == 100_000

    five = await village.tontine("Esther", "Fatou", "Grace", "Habiba", "Issa")
    await village.do(tontines.start_cycle, five.id, by=village.id("Esther"))
    await five.open(1)
    mine = await five.pay("Grace", 5000, by="Esther")
    await village.do(tontines.ask_reversal, mine.id, "une erreur", by=village.id("Fatou"))
    with pytest.raises(SecondPersonNeeded):
        await village.do(tontines.confirm_reversal, mine.id, by=village.id("Grace"))
    await village.do(tontines.confirm_reversal, mine.id, by=village.id("Habiba"))
    assert await village.wallet("Esther") == 100_000


async def test_a_second_officer_may_say_no_and_it_may_be_asked_anew(village: Village):
    group = await village.running(*FOUR)
    paid = await group.pay("Djeneba", 5000)
    await village.do(tontines.ask_reversal, paid.id, "une erreur", by=village.id("Binta"))
    assert await village.do(tontines.reversible_of, (await group.member("Djeneba")).id) == []
    with pytest.raises((NotAnOfficer, SecondPersonNeeded)):
        await village.do(tontines.decline_reversal, paid.id, by=village.id("Djeneba"))
    await village.do(tontines.decline_reversal, paid.id, by=village.id("Awa"))
    with pytest.raises(ReversalNotAsked):
        await village.do(tontines.confirm_reversal, paid.id, by=village.id("Awa"))
    (again,) = await village.do(tontines.reversible_of, (await group.member("Djeneba")).id)
    assert again.id == paid.id
    await takes_back(village, paid, asker="Awa", second="Chantal")
    with pytest.raises(ReversalNotAsked):
        await village.do(tontines.decline_reversal, paid.id, by=village.id("Awa"))
    assert await village.events("reversal") == ["reversal.asked", "reversal.declined", "reversal.asked"]


async def test_what_a_successor_paid_for_and_what_a_leaver_gets_back_is_not_taken_back(village: Village):
    group = await village.running(*FOUR, "Esther")
    left, replaced = await group.pay("Djeneba", 5000), await group.pay("Esther", 5000)
    await village.do(tontines.leave, group.id, village.id("Djeneba"))
    await outsider(village, group, "Fatou")
    offer = await village.do(
        tontines.offer_replacement, group.id, village.id("Esther"), village.id("Fatou"), key=village.key()
    )
    await village.do(tontines.answer_replacement, offer.id, by=village.id("Fatou"), accept=True)
    for paid in (left, replaced):
        with pytest.raises(NotReversible):
            await village.do(tontines.ask_reversal, paid.id, "une erreur", by=village.id("Binta"))
    assert await village.do(tontines.reversible_of, (await group.member("Djeneba")).id) == []
