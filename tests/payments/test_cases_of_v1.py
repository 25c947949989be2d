"""The cases that depend on the dialect, in GetMiPay's dialect of production: no reference of ours, no signature."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

import payments
from core import clock
from core.jobs import JobRow
from core.money import Money
from ledger import AccountKind
from payments import DepositState, Doubt, PayoutState
from payments.provider import Progress, Seen
from tests.payments.kit import Answering, World, work_with

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = 25 * HOUR


async def callback_of(world: World, reference: str, status: str) -> dict[str, object]:
    """What GetMiPay would call back; anybody who knows the id can write the same."""
    return {"order_id": await world.name(reference), "status": status, "amount": 5000, "currency": "XOF"}


async def test_case_01_in_v1_a_forged_callback_is_only_looked_into(v1: World) -> None:
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    assert await v1.call_back(await callback_of(v1, deposit.reference, "SUCCESS")) == "hinted"
    await v1.work()
    assert (await v1.deposit(deposit)).state is DepositState.OPEN
    assert await v1.wallet(awa) == (0, 0)

    await v1.pay(deposit)
    await v1.work(MINUTE)
    before = await v1.calls("transaction-check")
    assert await v1.call_back(await callback_of(v1, deposit.reference, "FAILED")) == "hinted"
    await v1.work(12 * MINUTE)
    found = await v1.deposit(deposit)
    assert (found.state, found.doubt) == (DepositState.SETTLED, None)
    assert await v1.calls("transaction-check") == before + 1
    assert v1.alerts == []


async def test_case_01_in_v1_a_forged_callback_about_a_payout_stops_nobody(v1: World) -> None:
    await v1.turn(payout_fault="fails")
    awa = await v1.member()
    await v1.give(awa, 5000)
    payout = await v1.open_payout(awa)
    await v1.flush(hurry=True)
    await v1.work()
    assert (await v1.payout(payout)).state is PayoutState.FAILED
    assert await v1.call_back(await callback_of(v1, payout.reference, "PAID")) == "hinted"
    await v1.work(12 * MINUTE)
    assert (await v1.payout(payout)).doubt is None
    await v1.ask_payout(awa)
    assert v1.alerts == []


async def test_case_01_in_v1_strangers_in_numbers_are_turned_away_and_getmipay_is_not(v1: World) -> None:
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    answers = [await v1.callbacks.receive(v1.database, b"[]", "", "") for _ in range(200)]
    assert {answer.status.value for answer in answers} == {400, 429}
    assert await v1.call_back({"status": "SUCCESS"}, deposit.reference) == "hinted"


async def test_case_02_in_v1_a_monstrous_callback_is_refused(v1: World) -> None:
    assert (await v1.callbacks.receive(v1.database, b"x" * 70_000, "", "")).status.value == 413
    assert (await v1.callbacks.receive(v1.database, b'{"a": NaN}', "", "")).outcome == "unreadable"


async def test_case_07_in_v1_however_often_it_is_called_back_one_look_credits_once(v1: World) -> None:
    await v1.turn(deposit_fault="webhook_concurrent")
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    await v1.pay(deposit)
    assert [answer.outcome for answer in v1.answers] == ["hinted"] * 5
    await v1.work()
    assert await v1.calls("transaction-check") == 1
    assert await v1.wallet(awa) == (5000, 0)
    assert await v1.call_back(await callback_of(v1, deposit.reference, "success")) == "no_effect"
    assert v1.events == ["deposit.link_ready", "deposit.settled"]


async def test_case_07_in_v1_hints_without_end_make_a_look_in_ten_seconds(v1: World) -> None:
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    for _ in range(20):
        assert await v1.call_back(await callback_of(v1, deposit.reference, "SUCCESS")) == "hinted"
        await v1.work()
    assert await v1.calls("transaction-check") == 1
    await v1.work(timedelta(seconds=11))
    assert await v1.calls("transaction-check") == 2


async def test_case_07_in_v1_a_hint_that_comes_while_one_is_looked_into_is_looked_into_as_well(v1: World) -> None:
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)

    class Overtaken(Answering):
        async def look_up(self, direction, reference, provider_id, pay_id=None):
            self.looked += 1
            if self.looked == 1:
                # Paid, and called back, just after GetMiPay has answered.
                assert await v1.call_back(await callback_of(v1, deposit.reference, "SUCCESS")) == "hinted"
                return Seen(Progress.PENDING, Money(5000))
            return Seen(Progress.SUCCEEDED, Money(5000))

    provider = Overtaken()
    await v1.call_back(await callback_of(v1, deposit.reference, "PROCESSING"))
    await work_with(v1, provider)
    assert await v1.wallet(awa) == (0, 0)
    await work_with(v1, provider, timedelta(seconds=11))
    assert await v1.wallet(awa) == (5000, 0)
    assert provider.looked == 2


@pytest.mark.parametrize(
    "fault", ["amount_as_text", "fields_nested", "status_missing", "reference_missing", "reference_as_id"]
)
async def test_whatever_words_a_callback_uses_the_payment_is_found(v1: World, fault: str) -> None:
    await v1.turn(deposit_fault=fault)
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    await v1.pay(deposit)
    await v1.work()
    assert await v1.wallet(awa) == (5000, 0)


async def test_case_11_in_v1_without_its_database_the_door_asks_to_come_again(v1: World) -> None:
    from core.db import Database

    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing")
    answer = await v1.callbacks.receive(nowhere, b'{"order_id": "MPAYIN_1"}', "", "")
    await nowhere.close()
    assert (answer.status.value, answer.outcome, answer.retry_after_s) == (503, "database_away", 30)


async def test_case_12_in_v1_a_callback_faster_than_the_answer_credits_once(v1: World) -> None:
    await v1.turn(deposit_fault="webhook_before_answer")
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    await v1.work()
    found = await v1.deposit(deposit)
    assert (found.state, found.provider_id) == (DepositState.SETTLED, await v1.name(deposit.reference))
    assert await v1.wallet(awa) == (5000, 0)


async def test_case_13_in_v1_a_callback_about_nobody_changes_nothing(v1: World) -> None:
    assert await v1.call_back({"order_id": "MPAYIN_NOBODY", "status": "SUCCESS"}) == "unknown_payment"
    assert await v1.call_back({"data": [1], "status": None}) == "unknown_payment"
    assert await v1.call_back({"status": "SUCCESS"}, "D-2222-2222-2222") == "unknown_payment"


async def test_case_14_in_v1_a_deposit_whose_call_timed_out_is_credited_by_its_own_address(v1: World) -> None:
    await v1.turn(deposit_fault="timeout_after_acting")
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    assert (deposit.state, deposit.provider_id) == (DepositState.UNKNOWN, None)
    await v1.work_through(2 * MINUTE, 10 * MINUTE)
    assert (await v1.deposit(deposit)).state is DepositState.UNKNOWN
    # Somebody who knows the id but not the address cannot make it this deposit's.
    assert await v1.call_back(await callback_of(v1, deposit.reference, "SUCCESS")) == "unknown_payment"
    await v1.pay(deposit)
    await v1.work()
    assert await v1.wallet(awa) == (5000, 0)
    assert (await v1.deposit(deposit)).provider_id == await v1.name(deposit.reference)
    assert await v1.calls("payins") == 1


async def test_case_14_in_v1_what_nobody_tells_of_goes_to_a_person_and_is_never_asked_for_again(v1: World) -> None:
    await v1.turn(deposit_fault="timeout_before_acting")
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    await v1.work_through(2 * MINUTE, 31 * MINUTE, DAY)
    assert (await v1.deposit(deposit)).state is DepositState.REVIEW
    assert await v1.calls("payins") == 1
    assert v1.alerts == ["deposit.unknown"]


async def test_case_14_in_v1_a_payment_that_is_anothers_is_not_credited_twice(v1: World) -> None:
    awa = await v1.member()
    paid = await v1.open_deposit(awa)
    await v1.pay(paid)
    await v1.work()
    await v1.turn(deposit_fault="timeout_before_acting")
    lost = await v1.open_deposit(awa)
    other = await v1.deposit(paid)
    body = await callback_of(v1, paid.reference, "SUCCESS") | {"soleaspay_reference": other.pay_id}
    assert await v1.call_back(body, lost.reference) == "hinted"
    await v1.work()
    assert (await v1.deposit(lost)).state is DepositState.UNKNOWN
    assert await v1.wallet(awa) == (5000, 0)
    assert v1.alerts == ["other_transaction"]


@pytest.mark.parametrize("fault", ["timeout_after_acting", "error_after_acting", "unreadable_answer", "server_error"])
async def test_case_15_in_v1_a_payout_whose_outcome_is_unknown_keeps_its_hold(v1: World, fault: str) -> None:
    await v1.turn(payout_fault=fault)
    awa = await v1.member()
    await v1.give(awa, 5000)
    payout = await v1.open_payout(awa)
    assert payout.state is PayoutState.UNKNOWN
    await v1.flush(hurry=True)
    await v1.work_through(timedelta(0), MINUTE, HOUR, DAY)
    # It has no id that one could ask by, and a callback without one of ours proves nothing: a person decides.
    assert (await v1.payout(payout)).state is PayoutState.REVIEW
    assert await v1.wallet(awa) == (5000, 2000)
    assert await v1.calls("payouts") == 1


async def test_case_16_in_v1_a_payout_refused_outright_is_given_back_once(v1: World) -> None:
    await v1.turn(payout_fault="refused")
    awa = await v1.member()
    await v1.give(awa, 5000)
    payout = await v1.open_payout(awa)
    assert (payout.state, payout.failure) == (PayoutState.FAILED, "no_account")
    await v1.work(DAY)
    assert await v1.wallet(awa) == (5000, 0)


async def test_case_16_in_v1_wrong_keys_give_back_and_say_that_the_operator_is_down(v1: World) -> None:
    awa = await v1.member()
    await v1.give(awa, 5000)
    await v1.turn(payout_fault="unauthorized")
    payout = await v1.open_payout(awa)
    assert (payout.state, payout.failure) == (PayoutState.FAILED, "operator_down")
    assert await v1.wallet(awa) == (5000, 0)


async def test_case_17_in_v1_without_a_callback_the_look_up_settles_both_ways(v1: World) -> None:
    await v1.turn(deposit_fault="silent", payout_fault="silent")
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    await v1.pay(deposit)
    await v1.work(2 * MINUTE)
    assert await v1.wallet(awa) == (5000, 0)
    payout = await v1.open_payout(awa)
    await v1.flush(hurry=True)
    await v1.work(2 * MINUTE)
    assert (await v1.payout(payout)).state is PayoutState.COMPLETED
    assert await v1.wallet(awa) == (3000, 0)
    assert v1.answers == []
    assert await v1.books_are_right()


async def test_case_18_in_v1_completed_after_failed_never_overwrites(v1: World) -> None:
    await v1.turn(payout_fault="failed_then_completed")
    awa = await v1.member()
    await v1.give(awa, 5000)
    payout = await v1.open_payout(awa)
    await v1.flush(hurry=True)
    await v1.work()
    assert (await v1.payout(payout)).state is PayoutState.FAILED
    await v1.flush(hurry=True)
    await v1.work(11 * MINUTE)
    found = await v1.payout(payout)
    assert (found.state, found.doubt) == (PayoutState.FAILED, Doubt.PAID_TWICE)
    assert await v1.wallet(awa) == (5000, 0)
    assert await v1.house(AccountKind.SUSPENSE) == -2000
    with pytest.raises(payments.MemberFrozen):
        await v1.ask_payout(awa, 1000)


async def test_case_19_in_v1_failed_after_completed_is_reversed_when_it_is_true(v1: World) -> None:
    await v1.turn(deposit_fault="completed_then_failed")
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    await v1.pay(deposit)
    await v1.work()
    assert await v1.wallet(awa) == (5000, 0)
    await v1.flush(hurry=True)
    await v1.work(11 * MINUTE)
    assert (await v1.deposit(deposit)).state is DepositState.REVERSED
    assert await v1.wallet(awa) == (0, 0)
    # What GetMiPay had kept of it comes back with it.
    assert await v1.house(AccountKind.PROVIDER) == await v1.merchant_balance() == 0
    assert (await v1.stands("getmipay", AccountKind.FEES)).posted == Money(0)
    assert await v1.books_are_right()


@pytest.mark.parametrize(("fault", "arrived"), [("amount_under", 2500), ("amount_over", 10_000)])
async def test_case_20_in_v1_what_the_look_up_says_is_credited(v1: World, fault: str, arrived: int) -> None:
    await v1.turn(deposit_fault=fault)
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    await v1.pay(deposit)
    await v1.work()
    assert await v1.wallet(awa) == (arrived, 0)
    assert v1.alerts == ["amount_differs", "amount_differs"]


async def test_case_21_in_v1_another_currency_is_not_credited(v1: World) -> None:
    await v1.turn(deposit_fault="other_currency")
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    await v1.pay(deposit)
    await v1.work()
    assert (await v1.deposit(deposit)).state is DepositState.OPEN
    assert v1.alerts == ["other_currency"]
    assert await v1.wallet(awa) == (0, 0)


async def test_case_22_in_v1_the_balance_grows_by_what_getmipay_leaves_of_it(v1: World) -> None:
    awa = await v1.member()
    for amount in (5000, 333):
        deposit = await v1.open_deposit(awa, amount)
        await v1.pay(deposit)
        await v1.work()
    assert await v1.wallet(awa) == (5333, 0)
    assert (await v1.stands("getmipay", AccountKind.FEES)).posted == Money(-159)
    assert await v1.house(AccountKind.PROVIDER) == await v1.merchant_balance() == 5333 - 159
    assert await v1.books_are_right()


async def test_case_23_in_v1_paid_on_an_expired_link_is_credited(v1: World) -> None:
    awa = await v1.member()
    deposit = await v1.open_deposit(awa)
    await v1.work(31 * MINUTE)
    assert (await v1.deposit(deposit)).state is DepositState.EXPIRED
    await v1.pay(deposit)
    await v1.work()
    assert await v1.wallet(awa) == (5000, 0)


async def test_case_25_in_v1_a_token_that_ends_in_mid_payout_never_pays_twice(v1: World) -> None:
    awa = await v1.member()
    await v1.give(awa, 5000)
    await v1.turn(payout_fault="unauthorized", fault_times=1)
    payout = await v1.open_payout(awa)
    assert payout.state is PayoutState.ACCEPTED
    await v1.flush(hurry=True)
    await v1.work()
    assert await v1.wallet(awa) == (3000, 0)
    listed = (await v1.http.get(f"{v1.base}/api/transactions")).json()["transactions"]
    assert [each["amount"] for each in listed] == [2000]


async def test_case_25_in_v1_many_who_find_the_token_ended_renew_it_once(v1: World) -> None:
    awa = await v1.member()
    await v1.give(awa, 50_000)
    for _ in range(10):
        await v1.ask_payout(awa)
    before = await v1.calls("action/auth")
    await v1.post("tokens/revoke")
    await asyncio.gather(*(v1.work() for _ in range(4)))
    assert await v1.calls("action/auth") == before + 1
    await v1.flush(hurry=True)
    await v1.work()
    assert await v1.wallet(awa) == (30_000, 0)
    listed = (await v1.http.get(f"{v1.base}/api/transactions")).json()["transactions"]
    assert len(listed) == 10


async def test_a_one_time_code_reaches_the_operator_and_lies_nowhere(v1: World) -> None:
    awa = await v1.member()
    deposit = await v1.ask_deposit(awa, method="orange_money", code="123456")
    async with v1.database.reading() as session:
        payloads = [str(job.payload) for job in await session.scalars(select(JobRow))]
    assert any("'code'" in payload for payload in payloads)
    assert not any("123456" in payload for payload in payloads)
    await v1.work()
    async with v1.database.reading() as session:
        assert not any("'code'" in str(job.payload) for job in await session.scalars(select(JobRow)))
    await v1.flush(hurry=True)
    await v1.work()
    assert (await v1.deposit(deposit)).state is DepositState.SETTLED
    assert await v1.wallet(awa) == (5000, 0)


async def test_a_wrong_one_time_code_says_so(v1: World) -> None:
    awa = await v1.member()
    deposit = await v1.ask_deposit(awa, method="orange_money", code="654321")
    await v1.work()
    found = await v1.deposit(deposit)
    assert (found.state, found.failure) == (DepositState.FAILED, "otp")


async def test_a_one_time_code_that_waited_too_long_is_not_used(v1: World) -> None:
    awa = await v1.member()
    deposit = await v1.ask_deposit(awa, method="orange_money", code="123456")
    with clock.ahead(11 * MINUTE):
        await v1.work()
    found = await v1.deposit(deposit)
    assert (found.state, found.failure) == (DepositState.FAILED, "otp")
    assert await v1.calls("payins") == 0
