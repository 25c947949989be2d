from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

import ledger
import tontines
from core import clock
from core.ids import new_id
from core.money import Money
from ledger import AccountKind
from members.wallets import DebtOutstanding, MemberFrozen
from tests.tontines.kit import Village
from tontines import Allotment, ContributionState, Due, RoundState
from tontines.contributions import KeyReused, MoreThanIsLeft, NothingOwed
from tontines.dues import spread
from tontines.group import NotAMember

THREE = ("Awa", "Binta", "Chantal")


def due(amount: int, paid: int = 0, waived: int = 0) -> Due:
    return Due(
        id=new_id(), round_id=new_id(), holding_id=new_id(), amount=amount, paid=paid, waived=waived,
        deadline=clock.now(),
    )  # fmt: skip


@given(
    st.integers(0, 100_000),
    st.lists(st.tuples(st.integers(1, 9000), st.integers(0, 9000), st.integers(0, 9000)), max_size=8),
)
def test_money_goes_to_the_oldest_due_first_and_never_too_much_to_any(amount: int, owed: list[tuple[int, int, int]]):
    dues = [due(total, min(paid, total), min(waived, total - min(paid, total))) for total, paid, waived in owed]
    slices, rest = spread(amount, dues)
    assert sum(each.amount for each in slices) + rest == amount
    given_to = {each.due.id: each.amount for each in slices}
    lacking = [each.outstanding - given_to.get(each.id, 0) for each in dues]
    assert min(lacking, default=0) >= 0
    first_lacking = next((place for place, lack in enumerate(lacking) if lack), len(dues))
    assert all(given_to.get(each.id, 0) == 0 for each in dues[first_lacking + 1 :])
    assert rest == 0 or not any(lacking)


async def test_a_contribution_moves_from_the_wallet_into_the_rounds_own_pot_at_once(village: Village):
    group = await village.running(*THREE)
    paid = await group.pay("Awa", 5000)
    assert paid.state is ContributionState.MADE
    assert await village.wallet("Awa") == 95_000
    assert await village.stands(f"round:{(await group.round(1)).id}") == 5000
    assert await group.owes("Awa") == 0
    assert await village.audited()


async def test_two_taps_pay_once_and_another_contribution_under_the_same_key_is_a_fault(village: Village):
    group = await village.running(*THREE)
    first = await group.pay("Awa", 2000, key="tap")
    again = await group.pay("Awa", 2000, key="tap")
    assert first.id == again.id
    assert await village.wallet("Awa") == 98_000
    with pytest.raises(KeyReused):
        await group.pay("Binta", 2000, key="tap")


async def test_parts_add_up_and_the_round_is_full_with_the_last_franc(village: Village):
    group = await village.running(*THREE)
    await group.everybody_pays("Awa", "Binta")
    await group.pay("Chantal", 4999)
    assert (await group.round(1)).full_at is None
    await group.pay("Chantal", 1)
    assert (await group.round(1)).full_at is not None
    assert (await village.events()).count("round.full") == 1


async def test_what_is_paid_early_is_kept_apart_and_pays_the_next_due_as_its_round_opens(village: Village):
    group = await village.running(*THREE)
    await group.pay("Awa", 12_000)
    awa = (await group.member("Awa")).id
    assert await village.stands(f"membership:{awa}:advance") == 7000
    assert await village.stands(f"round:{(await group.round(1)).id}") == 5000
    second = await group.open(2)
    assert await group.owes("Awa") == 0
    assert await village.stands(f"round:{second.id}") == 5000
    third = await group.open(3)
    assert await village.stands(f"round:{third.id}") == 2000
    assert await group.owes("Awa") == 3000
    assert await village.stands(f"membership:{awa}:advance") == 0


async def test_nobody_pays_more_than_the_cycle_will_ask_of_them(village: Village):
    group = await village.running(*THREE)
    with pytest.raises(MoreThanIsLeft) as refused:
        await group.pay("Awa", 15_001)
    assert refused.value.params == {"at_most": Money(15_000)}
    await group.pay("Awa", 15_000)
    with pytest.raises(NothingOwed):
        await group.pay("Awa", 1)
    assert await village.wallet("Awa") == 85_000


async def test_a_member_with_several_shares_owes_and_pays_for_each(village: Village):
    group = await village.running(*THREE, halves={"Awa": 4})
    assert await group.owes("Awa") == 10_000
    await group.pay("Awa", 10_000)
    assert await group.owes("Awa") == 0
    assert len(await village.do(tontines.turns_to_come, group.id, village.id("Awa"))) == 2


async def test_somebody_may_pay_for_a_member_and_both_are_named(village: Village):
    await village.person("Tante Rose", 50_000)
    group = await village.running(*THREE)
    paid = await group.pay("Awa", 5000, by="Tante Rose")
    assert await village.wallet("Tante Rose") == 45_000
    assert await village.wallet("Awa") == 100_000
    assert paid.payer_id == village.id("Tante Rose")
    assert paid.membership_id == (await group.member("Awa")).id
    theirs = await village.do(tontines.contributions_of, (await group.member("Awa")).id)
    assert [each.id for each in theirs] == [paid.id]
    with pytest.raises(NotAMember):
        await group.pay("Tante Rose", 5000)


async def test_the_oldest_debt_is_paid_first(village: Village):
    group = await village.running(*THREE)
    await group.open(2)
    assert await group.owes("Awa") == 10_000
    await group.pay("Awa", 6000)
    assert await village.stands(f"round:{(await group.round(1)).id}") == 5000
    assert await village.stands(f"round:{(await group.round(2)).id}") == 1000


async def test_a_wallet_that_is_short_is_refused_and_the_same_tap_succeeds_after_a_top_up(village: Village):
    await village.person("Karim", 4999)
    group = await village.running("Awa", "Binta", "Karim")
    with pytest.raises(ledger.InsufficientFunds):
        await group.pay("Karim", 5000, key="tap")
    assert await village.wallet("Karim") == 4999
    await village.give("Karim", 1)
    await group.pay("Karim", 5000, key="tap")
    assert await group.owes("Karim") == 0


async def test_a_contribution_waits_for_a_deposit_and_then_pays_itself_once(village: Village):
    await village.person("Karim", 1000)
    group = await village.running("Awa", "Binta", "Karim")
    wait = tontines.contribute_when_funded, group.id, village.id("Karim"), Money(5000)
    for _ in range(2):
        waiting = await village.do(*wait, payer_id=village.id("Karim"), key="tap")
        assert waiting.state is ContributionState.WAITING
    assert (await village.events()).count("contribution.waiting") == 1
    await village.give("Karim", 3999)
    assert await village.do(tontines.pay_waiting, village.id("Karim")) == []
    await village.give("Karim", 1)
    (paid,) = await village.do(tontines.pay_waiting, village.id("Karim"))
    assert paid.id == waiting.id
    assert await village.do(tontines.pay_waiting, village.id("Karim")) == []
    assert (await village.wallet("Karim"), await group.owes("Karim")) == (0, 0)


async def test_what_waited_pays_only_what_is_still_owed_and_lapses_with_its_reason(village: Village):
    await village.person("Karim", 0)
    group = await village.running("Awa", "Binta", "Karim")
    for key in ("one", "two"):
        await village.do(
            tontines.contribute_when_funded, group.id, village.id("Karim"), Money(5000),
            payer_id=village.id("Karim"), key=key,
        )  # fmt: skip
    await group.pay("Karim", 2000, by="Awa")
    await village.give("Karim", 20_000)
    (paid,) = await village.do(tontines.pay_waiting, village.id("Karim"))
    assert paid.amount == 3000
    assert await village.wallet("Karim") == 17_000
    assert (await village.events()).count("contribution.lapsed") == 1


async def test_what_waited_too_long_or_was_cancelled_never_pays(village: Village):
    await village.person("Karim", 0)
    group = await village.running("Awa", "Binta", "Karim")
    wait = tontines.contribute_when_funded, group.id, village.id("Karim"), Money(5000)
    forgotten = await village.do(*wait, payer_id=village.id("Karim"), key="one")
    cancelled = await village.do(*wait, payer_id=village.id("Karim"), key="two")
    await village.do(tontines.cancel_waiting, cancelled.id, by=village.id("Awa"))
    assert len(await village.do(tontines.waiting_of, village.id("Karim"))) == 2
    await village.do(tontines.cancel_waiting, cancelled.id, by=village.id("Karim"))
    assert [each.id for each in await village.do(tontines.waiting_of, village.id("Karim"))] == [forgotten.id]
    village.forward(timedelta(days=3))
    await village.give("Karim", 20_000)
    assert await village.do(tontines.pay_waiting, village.id("Karim")) == []
    assert await village.wallet("Karim") == 20_000


async def test_a_frozen_or_indebted_wallet_pays_nothing_and_what_waits_for_it_goes_on_waiting(village: Village):
    group = await village.running(*THREE)
    async with village.transaction() as session:
        awa = await session.merge(village.people["Awa"])
        awa.frozen_at = clock.now()
        debt = await ledger.open_account(session, f"member:{village.id('Binta')}", AccountKind.RECEIVABLE)
        provider = await ledger.open_account(session, "house", AccountKind.PROVIDER)
        owed = ledger.Post(
            id=new_id(), debit=debt.id, credit=provider.id, amount=Money(10), kind="reversal", journal=new_id()
        )
        await ledger.post(session, owed)
    with pytest.raises(MemberFrozen):
        await group.pay("Awa", 5000)
    with pytest.raises(DebtOutstanding):
        await group.pay("Binta", 5000)
    assert (await village.wallet("Awa"), await village.wallet("Binta")) == (100_000, 100_000)


async def test_lateness_is_read_from_the_deadline_and_stored_nowhere(village: Village):
    group = await village.running(*THREE)
    first = await group.round(1)
    before = await village.do(tontines.board, first.id)
    assert not any(row.is_late for row in before.rows)
    village.forward(first.deadline - clock.now() + timedelta(minutes=1))
    after = await village.do(tontines.board, first.id)
    assert all(row.is_late for row in after.rows)
    await group.pay("Awa", 5000)
    assert [row.is_late for row in (await village.do(tontines.board, first.id)).rows] == [False, True, True]


async def test_the_board_shows_who_has_paid_what_and_nothing_of_any_wallet(village: Village):
    group = await village.running(*THREE)
    await group.pay("Awa", 5000)
    await group.pay("Binta", 2000)
    board = await village.do(tontines.board, (await group.round(1)).id)
    assert (board.number, board.rounds, board.cycle, board.state) == (1, 3, 1, RoundState.OPEN)
    assert board.beneficiaries == (village.id("Awa"),)
    assert [(row.owed, row.paid, row.has_paid) for row in board.rows] == [
        (5000, 5000, True), (5000, 2000, False), (5000, 0, False),
    ]  # fmt: skip
    assert (board.owed, board.collected, board.missing) == (15_000, 7000, 8000)
    (owed,) = await village.do(tontines.owed_now, group.id, village.id("Binta"))
    assert (owed.kind, owed.amount, owed.round_number, owed.is_late) == ("contribution", 3000, 1, False)


async def test_what_was_allotted_is_what_was_paid(village: Village):
    group = await village.running(*THREE)
    for amount in (1, 999, 4000, 3000):
        await group.pay("Awa", amount)
    async with village.transaction() as session:
        allotted = select(func.sum(Allotment.amount)).where(Allotment.due_id.is_not(None))
        assert await session.scalar(allotted) == await session.scalar(select(func.sum(Due.paid))) == 5000
