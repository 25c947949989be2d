from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
import tontines
from core.ids import new_id
from core.money import XOF, Money
from ledger import AccountKind
from members.wallets import member_account
from tests.tontines.kit import Group, Village
from tontines import ContributionState, ShortPot
from tontines.accounts import BANKNOTES, cash_pot_account
from tontines.cash import NotYours
from tontines.contributions import MoreThanIsLeft
from tontines.officers import NotAnOfficer, SecondPersonNeeded
from tontines.reversals import AlreadyReceived, ReversalNotAsked

THREE = ("Awa", "Binta", "Chantal")


async def declare(village: Village, group: Group, name: str, amount: int, *, by: str = "Binta", key: str = "cash"):
    return await village.do(
        tontines.declare_cash, group.id, village.id(name), Money(amount), by=village.id(by), key=key
    )


async def test_cash_pays_only_when_the_member_confirms_what_the_treasurer_declared(village: Village):
    group = await village.running(*THREE)
    for _ in range(2):
        declared = await declare(village, group, "Chantal", 5000)
    assert declared.state is ContributionState.DECLARED
    board = await village.do(tontines.board, (await group.round(1)).id)
    assert [(row.paid, row.declared) for row in board.rows] == [(0, 0), (0, 0), (0, 5000)]
    with pytest.raises(NotYours):
        await village.do(tontines.answer_cash, declared.id, by=village.id("Binta"), confirm=True)
    for _ in range(2):
        await village.do(tontines.answer_cash, declared.id, by=village.id("Chantal"), confirm=True)
    assert await group.owes("Chantal") == 0
    assert await village.wallet("Chantal") == 100_000
    assert await village.stands(f"tontine:{group.id}", AccountKind.CASH) == 5000
    assert await village.audited()


async def test_cash_that_the_member_denies_never_was(village: Village):
    group = await village.running(*THREE)
    declared = await declare(village, group, "Chantal", 5000)
    for confirm in (False, True):
        await village.do(tontines.answer_cash, declared.id, by=village.id("Chantal"), confirm=confirm)
    assert await group.owes("Chantal") == 5000
    assert await village.stands(f"tontine:{group.id}", AccountKind.CASH) == 0


async def test_only_the_treasurer_or_for_them_the_president_declares_and_nobody_for_themselves(village: Village):
    group = await village.running(*THREE)
    with pytest.raises(NotAnOfficer):
        await declare(village, group, "Awa", 5000, by="Chantal")
    with pytest.raises(SecondPersonNeeded):
        await declare(village, group, "Binta", 5000, by="Binta")
    assert (await declare(village, group, "Binta", 5000, by="Awa")).amount == 5000


async def test_cash_is_never_more_than_what_is_owed(village: Village):
    group = await village.running(*THREE)
    with pytest.raises(MoreThanIsLeft):
        await declare(village, group, "Chantal", 5001)
    declared = await declare(village, group, "Chantal", 5000)
    await group.pay("Chantal", 1)
    with pytest.raises(MoreThanIsLeft):
        await village.do(tontines.answer_cash, declared.id, by=village.id("Chantal"), confirm=True)
    assert await group.owes("Chantal") == 4999


async def test_banknotes_never_become_wallets_money_and_are_handed_to_the_beneficiary(village: Village):
    group = await village.running(*THREE)
    declared = await declare(village, group, "Chantal", 5000)
    await village.do(tontines.answer_cash, declared.id, by=village.id("Chantal"), confirm=True)
    await group.everybody_pays("Awa", "Binta")
    await group.pay_pot(1)
    assert await village.wallet("Awa") == 95_000 + 10_000
    debts = await village.do(tontines.settle_up, await group.cycle())
    awa = (await group.member("Awa")).id
    assert (awa, 5000) in [(debt.creditor, debt.amount) for debt in debts if debt.kind == "cash"]
    (banknotes,) = await village.do(tontines.cash_to_hand_over, group.id, village.id("Awa"))
    with pytest.raises(NotYours):
        await village.do(tontines.confirm_cash_received, banknotes.id, by=village.id("Binta"))
    for _ in range(2):
        await village.do(tontines.confirm_cash_received, banknotes.id, by=village.id("Awa"))
    assert await village.stands(f"tontine:{group.id}", AccountKind.CASH) == 0
    assert await village.do(tontines.cash_to_hand_over, group.id, village.id("Awa")) == []
    assert await village.audited()


async def test_cash_that_comes_after_the_payout_is_handed_on_too(village: Village):
    group = await village.running(*THREE, short_pot=ShortPot.CARRY)
    await group.everybody_pays("Awa", "Binta")
    await group.past_deadline(1)
    await group.pay_pot(1)
    declared = await declare(village, group, "Chantal", 5000)
    await village.do(tontines.answer_cash, declared.id, by=village.id("Chantal"), confirm=True)
    (banknotes,) = await village.do(tontines.cash_to_hand_over, group.id, village.id("Awa"))
    assert banknotes.amount == 5000


@pytest.mark.parametrize("source", ["wallet", "cash"])
async def test_a_contribution_is_taken_back_by_two_officers_in_sight_of_all(village: Village, source: str):
    group = await village.running(*THREE)
    if source == "wallet":
        paid = await group.pay("Chantal", 7000)
    else:
        paid = await declare(village, group, "Chantal", 5000)
        await village.do(tontines.answer_cash, paid.id, by=village.id("Chantal"), confirm=True)
    with pytest.raises(ReversalNotAsked):
        await village.do(tontines.confirm_reversal, paid.id, by=village.id("Awa"))
    await village.do(tontines.ask_reversal, paid.id, "compté deux fois", by=village.id("Binta"))
    for name in ("Binta", "Chantal"):
        with pytest.raises(SecondPersonNeeded if name == "Binta" else (SecondPersonNeeded, NotAnOfficer)):
            await village.do(tontines.confirm_reversal, paid.id, by=village.id(name))
    for _ in range(2):
        await village.do(tontines.confirm_reversal, paid.id, by=village.id("Awa"))
    assert await village.wallet("Chantal") == 100_000
    assert await group.owes("Chantal") == 5000
    assert await village.stands(f"tontine:{group.id}", AccountKind.CASH) == 0
    await group.everybody_pays(*THREE)
    await group.pay_pot(1)
    lines = await village.do(tontines.statement, group.id)
    assert [line["facts"]["reason"] for line in lines if line["kind"] == "contribution.reversed"] == [
        "compté deux fois"
    ]
    assert await village.audited()


async def test_what_has_gone_on_to_a_beneficiary_is_not_taken_back(village: Village):
    group = await village.running(*THREE)
    paid = await group.pay("Chantal", 5000)
    await group.everybody_pays("Awa", "Binta")
    await group.pay_pot(1)
    with pytest.raises(AlreadyReceived):
        await village.do(tontines.ask_reversal, paid.id, "une erreur", by=village.id("Binta"))


async def test_no_transfer_turns_banknotes_into_a_wallets_money_whoever_writes_it(village: Village):
    group = await village.running(*THREE)
    declared = await declare(village, group, "Chantal", 5000)
    await village.do(tontines.answer_cash, declared.id, by=village.id("Chantal"), confirm=True)
    round_id = (await group.round(1)).id
    for unit in (XOF, BANKNOTES):
        with pytest.raises(ledger.LedgerRefused, match="currency_mismatch"):
            await village.do(_pay_out_cash, round_id, village.id("Chantal"), unit)
    assert await village.wallet("Chantal") == 100_000
    assert await village.audited()


async def _pay_out_cash(session: AsyncSession, round_id: UUID, member_id: UUID, unit: str) -> None:
    notes, wallet = await cash_pot_account(session, round_id), await member_account(session, member_id)
    stolen = Money(5000, unit)
    post = ledger.Post(id=new_id(), debit=notes, credit=wallet, amount=stolen, kind="theft", journal=new_id())
    await ledger.post(session, post)
