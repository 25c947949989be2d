"""Ten members, a whole cycle, and everything that happens to people on the way."""

import tontines
from core.money import Money
from ledger import AccountKind
from tests.tontines.kit import NAMES, Village
from tontines import ShortPot

TEN = NAMES[:10]
AWA, BINTA, CHANTAL, DJENEBA, ESTHER, FATOU, GRACE, HABIBA, ISSA, JEAN = TEN
POT = 10 * 5000


async def test_a_cycle_of_ten_with_all_that_happens_to_people_ends_even_and_every_gap_is_a_named_debt(
    village: Village,
):
    await village.person("Karim", 100_000)
    group = await village.running(
        *TEN, short_pot=ShortPot.CARRY, fine=500, fine_after_turn=1000, fine_cap=2000, grace_days=1
    )
    karim = await village.do(tontines.ask_to_join, group.id, village.id("Karim"))
    await village.do(tontines.decide_asking, karim.id, by=village.id(AWA), approve=True)
    await village.do(tontines.accept_charter, group.id, village.id("Karim"), 1)
    await village.do(tontines.ask_guarantee, group.id, village.id(BINTA), village.id(CHANTAL), Money(10_000))
    binta = (await group.member(BINTA)).id
    await village.do(tontines.answer_guarantee, binta, by=village.id(CHANTAL), accept=True)

    # Round 1: Djeneba pays in cash, the others from their wallets.
    await group.everybody_pays(*TEN, but={DJENEBA})
    declared = await village.do(
        tontines.declare_cash, group.id, village.id(DJENEBA), Money(5000), by=village.id(BINTA), key="cash"
    )
    assert await group.owes(DJENEBA) == 5000
    await village.do(tontines.answer_cash, declared.id, by=village.id(DJENEBA), confirm=True)
    await group.pay_pot(1)
    assert await village.wallet(AWA) == 95_000 + 45_000
    (banknotes,) = await village.do(tontines.cash_to_hand_over, group.id, village.id(AWA))
    assert banknotes.amount == 5000
    assert await village.stands(f"tontine:{group.id}", AccountKind.CASH) == 5000
    await village.do(tontines.confirm_cash_received, banknotes.id, by=village.id(AWA))
    assert await village.stands(f"tontine:{group.id}", AccountKind.CASH) == 0

    # Round 2: Esther is late and is fined; Fatou pays in parts.
    await group.open(2)
    await group.everybody_pays(*TEN, but={ESTHER, FATOU})
    await group.pay(FATOU, 2000)
    await group.pay(FATOU, 3000)
    await group.past_deadline(2, days=1)
    assert [fine.amount for fine in await fines(village, group, ESTHER)] == [500]
    await group.pay(ESTHER, 5000)
    await group.pay_pot(2)

    # Round 3: Binta, who has had her turn, pays no more; the pot is short, and her guarantor makes it whole.
    await group.open(3)
    await group.everybody_pays(*TEN, but={BINTA})
    await group.past_deadline(3)
    await group.pay_pot(3)
    assert await village.wallet(CHANTAL) == 100_000 - 3 * 5000 + POT - 5000
    before = await village.wallet(CHANTAL)
    await village.do(tontines.declare_default, group.id, village.id(BINTA), by=village.id(AWA))
    # Chantal is at once Binta's guarantor and the beneficiary who waited for it.
    assert await village.wallet(CHANTAL) == before
    assert await group.owes(BINTA) == 0

    # Issa and Jean swap their turns; Habiba is replaced by Karim.
    cycle = await group.cycle()
    turns = {turn.position: turn.share_id for turn in await village.do(tontines.turns_of, cycle.id)}
    swap = await village.do(tontines.ask_swap, turns[9], turns[10], by=village.id(ISSA), key="swap")
    await village.do(tontines.answer_swap, swap.id, by=village.id(JEAN), agree=True)
    offer = await village.do(
        tontines.offer_replacement, group.id, village.id(HABIBA), village.id("Karim"), key="replace"
    )
    await village.do(tontines.answer_replacement, offer.id, by=village.id("Karim"), accept=True)
    assert (await village.wallet(HABIBA), await village.wallet("Karim")) == (100_000, 85_000)

    # The rest of the cycle. Binta's guarantee covers one round more, then she owes.
    people = [name if name != HABIBA else "Karim" for name in TEN]
    for number in range(4, 11):
        await group.open(number)
        await group.everybody_pays(*people, but={BINTA})
        await group.past_deadline(number, days=1)
        await group.pay_pot(number)
    assert await group.beneficiary(9) == [JEAN]
    assert await group.beneficiary(8) == ["Karim"]

    cycle = await group.cycle()
    assert cycle.ended_at is not None
    summary = await village.do(tontines.summarise, cycle)
    assert [total.gap for total in summary.shares] == [0] * 10
    owed = [debt for debt in summary.debts if debt.kind == "contribution"]
    assert {debt.debtor for debt in owed} == {binta}
    assert [debt.round_number for debt in owed] == [5, 6, 7, 8, 9, 10]
    assert {debt.amount for debt in owed} == {5000}
    even = [total for total in summary.shares if not total.owes and not total.is_owed]
    assert {(total.paid, total.received) for total in even} == {(POT, POT)}
    assert (await guarantee(village, binta)).called == 10_000

    # A debt that is paid after the end still goes to who waited for it, the oldest first.
    waiting = await village.wallet(ESTHER)
    await group.pay(BINTA, 5000)
    assert await village.wallet(ESTHER) == waiting + 5000
    lines = await village.do(tontines.statement, group.id)
    assert tontines.verify_statement(lines) is None
    assert await village.audited()
    money = sum([await village.wallet(name) for name in (*TEN, "Karim")])
    kept = (await village.do(tontines.money_left, group.id)).amount
    assert money + kept == 11 * 100_000


async def fines(village: Village, group, name: str):
    return await village.do(tontines.fines_owed, (await group.member(name)).id)


async def guarantee(village: Village, membership_id):
    async with village.transaction() as session:
        return await session.get(tontines.Guarantee, membership_id, populate_existing=True)
