"""Cases 15 to 25 of the table in docs/payments.md, where money goes out."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

import payments
from core import clock
from core.money import Money
from ledger import AccountKind, InsufficientFunds
from payments import Direction, Doubt, KeyReused, MemberFrozen, OperatorDown, PayoutState, PayoutsUnfunded
from payments.failures import FailureCode
from payments.provider import Accepted, Declined, NoAnswer, NotSent, Progress, Seen, Unclear
from tests.payments.kit import PHONE, Answering, World, completed, work_with

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = 25 * HOUR


def paid_out(name: str, **fields: object) -> dict[str, object]:
    return completed(name, 2000, event="payout.completed") | fields


def not_paid_out(name: str, **fields: object) -> dict[str, object]:
    return completed(name, 2000, event="payout.failed", status="failed") | fields


async def test_case_10_a_submission_found_half_done_is_never_called_for_again(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.ask_payout(awa)
    async with world.database.transaction() as session:
        (await payments.lock_payout(session, payout.id)).state = PayoutState.SUBMITTED
    await world.work()
    assert (await world.payout(payout)).state is PayoutState.UNKNOWN
    assert await world.calls("initiate") == 0
    assert await world.wallet(awa) == (5000, 2000)


@pytest.mark.parametrize(
    "fault",
    ["timeout_after_acting", "timeout_before_acting", "error_after_acting", "server_error", "unreadable_answer"],
)
async def test_case_15_a_payout_whose_outcome_is_unknown_keeps_its_hold_until_a_person_decides(
    world: World, fault: str
) -> None:
    await world.turn(payout_fault=fault)
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    assert payout.state is PayoutState.UNKNOWN
    await world.work_through(MINUTE, 5 * MINUTE, HOUR)
    assert await world.wallet(awa) == (5000, 2000)
    await world.work(DAY)
    assert (await world.payout(payout)).state is PayoutState.REVIEW
    assert await world.wallet(awa) == (5000, 2000)
    assert await world.calls("initiate") == 1
    assert world.events == ["payout.unknown", "payment.alert", "payout.review"]

    async with world.database.transaction() as session:
        locked = await payments.lock_payout(session, payout.id)
        await payments.fail_payout(session, locked, FailureCode.OPERATOR_DOWN)
        await payments.fail_payout(session, locked, FailureCode.OPERATOR_DOWN)
    assert await world.wallet(awa) == (5000, 0)
    assert await world.books_are_right()


@pytest.mark.parametrize("fault", ["timeout_after_acting", "error_after_acting", "unreadable_answer"])
async def test_case_15_a_webhook_completes_what_was_unknown(world: World, fault: str) -> None:
    await world.turn(payout_fault=fault)
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.flush(hurry=True)
    assert (await world.payout(payout)).state is PayoutState.COMPLETED
    assert await world.wallet(awa) == (3000, 0)


async def test_case_15_a_look_up_that_answers_completes_what_was_unknown(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.ask_payout(awa)
    await work_with(world, Answering([Unclear("ReadTimeout")]))
    assert (await world.payout(payout)).state is PayoutState.UNKNOWN
    await work_with(world, Answering([], Seen(Progress.SUCCEEDED, Money(2000))), 2 * MINUTE)
    assert (await world.payout(payout)).state is PayoutState.COMPLETED
    assert await world.wallet(awa) == (3000, 0)
    assert await world.books_are_right()


async def test_a_look_up_that_comes_after_the_webhook_changes_nothing(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.ask_payout(awa)

    class Overtaken(Answering):
        async def look_up(self, direction, reference, provider_id, pay_id=None):
            await world.knock(paid_out(reference))
            return Seen(Progress.FAILED, Money(2000))

    await work_with(world, Answering([Unclear("ReadTimeout")]))
    await work_with(world, Overtaken(), 2 * MINUTE)
    assert (await world.payout(payout)).state is PayoutState.COMPLETED
    assert await world.wallet(awa) == (3000, 0)


@pytest.mark.parametrize("fault", ["refused", "refused_with_200"])
async def test_case_16_a_payout_refused_outright_is_given_back_once_with_a_reason(world: World, fault: str) -> None:
    await world.turn(payout_fault=fault)
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    assert (payout.state, payout.failure) == (PayoutState.FAILED, "no_account")
    await world.knock(not_paid_out(payout.reference))
    await world.work_through(timedelta(0), MINUTE, DAY)
    assert await world.wallet(awa) == (5000, 0)
    assert world.events == ["payout.failed"]
    assert await world.books_are_right()


async def test_case_16_a_refusal_in_words_we_do_not_know_keeps_the_hold(world: World) -> None:
    await world.turn(payout_fault="refused_with_200", payout_refusal="MOON_IN_THE_WRONG_HOUSE")
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    assert (payout.state, payout.said) == (PayoutState.UNKNOWN, "MOON_IN_THE_WRONG_HOUSE")
    assert await world.wallet(awa) == (5000, 2000)


async def test_case_16_a_verified_failure_gives_back_in_whatever_words(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.knock(not_paid_out(payout.reference, error="la lune"))
    found = await world.payout(payout)
    assert (found.state, found.failure, found.said) == (PayoutState.FAILED, "refused", "la lune")
    assert await world.wallet(awa) == (5000, 0)


async def test_case_16_bad_keys_give_back_and_say_that_the_operator_is_down(world: World) -> None:
    await world.turn(payout_fault="forbidden")
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    assert (payout.state, payout.failure) == (PayoutState.FAILED, "operator_down")
    assert await world.wallet(awa) == (5000, 0)


async def test_case_17_a_payout_nobody_tells_about_goes_to_a_person_after_a_day(world: World) -> None:
    await world.turn(payout_fault="stuck")
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    assert payout.state is PayoutState.ACCEPTED
    # That GetMiPay does not know a payout there proves nothing: nobody knows whether payouts can be asked for.
    await world.work_through(MINUTE, HOUR, DAY)
    assert (await world.payout(payout)).state is PayoutState.REVIEW
    assert await world.wallet(awa) == (5000, 2000)
    assert world.alerts == ["payout.unknown"]

    await world.knock(paid_out(payout.reference))
    assert (await world.payout(payout)).state is PayoutState.COMPLETED
    assert await world.wallet(awa) == (3000, 0)


async def test_case_17_a_look_up_that_says_failed_gives_back(world: World) -> None:
    await world.turn(payout_fault="silent", payout_status=True)
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.decide(payout.reference, "failed")
    await world.work(2 * MINUTE)
    assert (await world.payout(payout)).state is PayoutState.FAILED
    assert await world.wallet(awa) == (5000, 0)


async def test_case_17_a_service_that_calls_failed_whatever_it_does_not_know_gives_nothing_back(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.ask_payout(awa)
    await work_with(world, Answering([Accepted("PAYOUT", None)]))
    for amount in (None, Money(1), Money(2000, "XAF")):
        await work_with(world, Answering([], Seen(Progress.FAILED, amount)), 2 * MINUTE)
        await work_with(world, Answering([], Seen(Progress.SUCCEEDED, amount)), 2 * MINUTE)
    assert (await world.payout(payout)).state is PayoutState.ACCEPTED
    assert await world.wallet(awa) == (5000, 2000)


async def test_case_18_completed_after_failed_never_overwrites_and_stops_withdrawals(world: World) -> None:
    await world.turn(payout_fault="failed_then_completed", payout_status=True)
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.flush(hurry=True)
    assert await world.wallet(awa) == (5000, 0)
    await world.flush(hurry=True)
    await world.work()
    found = await world.payout(payout)
    assert (found.state, found.doubt) == (PayoutState.FAILED, Doubt.PAID_TWICE)
    assert await world.wallet(awa) == (5000, 0)
    assert await world.house(AccountKind.SUSPENSE) == -2000
    assert await world.house(AccountKind.PROVIDER) == 3000
    assert world.alerts == ["completed_after_failed", "paid_twice"]
    assert await world.books_are_right()
    with pytest.raises(MemberFrozen):
        await world.ask_payout(awa, 1000)


async def test_case_18_withdrawals_go_on_when_the_look_up_says_that_it_did_fail(world: World) -> None:
    await world.turn(payout_fault="stuck", payout_status=True)
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.decide(payout.reference, "failed")
    await world.knock(paid_out(payout.reference))
    with pytest.raises(MemberFrozen):
        await world.ask_payout(awa, 1000)
    await world.work()
    assert (await world.payout(payout)).doubt is None
    await world.ask_payout(awa, 1000)
    assert await world.house(AccountKind.SUSPENSE) == 0


async def test_case_18_without_a_look_up_withdrawals_stay_stopped_and_a_person_is_asked(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.knock(not_paid_out(payout.reference))
    await world.knock(paid_out(payout.reference))
    await world.work_through(timedelta(0), HOUR, DAY)
    assert (await world.payout(payout)).state is PayoutState.FAILED
    assert world.alerts == ["completed_after_failed", "completed_after_failed"]
    with pytest.raises(MemberFrozen):
        await world.ask_payout(awa, 1000)


async def test_case_19_failed_after_completed_is_ignored_when_the_look_up_says_paid(world: World) -> None:
    await world.turn(payout_status=True)
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.flush(hurry=True)
    await world.knock(not_paid_out(payout.reference))
    await world.work()
    found = await world.payout(payout)
    assert (found.state, found.doubt) == (PayoutState.COMPLETED, None)
    assert world.alerts == ["failed_after_completed"]
    assert await world.wallet(awa) == (3000, 0)


async def test_case_19_failed_after_completed_is_given_back_by_new_transfers_when_it_is_true(world: World) -> None:
    await world.turn(payout_fault="completed_then_failed", payout_status=True)
    awa = await world.member()
    await world.give(awa, 5000)
    quote = payments.quote_payout(Money(2000), world.methods.choose(PHONE, "wave", Direction.PAYOUT))
    quote = replace(quote, fee=Money(50), debited=Money(2050))
    payout = await world.database.run(lambda session: payments.request_payout(session, awa, quote, PHONE, key="fee"))
    assert await world.wallet(awa) == (5000, 2050)
    await world.work()
    await world.flush(hurry=True)
    assert await world.wallet(awa) == (2950, 0)
    assert await world.house(AccountKind.FEES) == 50
    await world.flush(hurry=True)
    await world.work()
    assert (await world.payout(payout)).state is PayoutState.REVERSED
    assert await world.wallet(awa) == (5000, 0)
    assert await world.house(AccountKind.FEES) == 0
    assert await world.books_are_right()


async def test_case_19_without_a_look_up_a_completed_payout_stays_and_a_person_is_asked(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.flush(hurry=True)
    await world.knock(not_paid_out(payout.reference))
    await world.work_through(timedelta(0), HOUR, DAY)
    assert (await world.payout(payout)).state is PayoutState.COMPLETED
    assert world.alerts == ["failed_after_completed", "failed_after_completed"]
    assert await world.wallet(awa) == (3000, 0)


@pytest.mark.parametrize("report", [paid_out, not_paid_out])
async def test_case_20_a_payout_of_another_amount_moves_nothing_until_a_person_decides(world: World, report) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.knock(report(payout.reference, amount=1500))
    # Said again under the other name, and now right: a doubt is not talked away.
    await world.knock(report(payout.provider_id))
    await world.work_through(timedelta(0), HOUR, DAY)
    found = await world.payout(payout)
    assert (found.state, found.doubt) == (PayoutState.REVIEW, Doubt.AMOUNT_DIFFERS)
    assert await world.wallet(awa) == (5000, 2000)


async def test_case_20_two_stories_about_a_payout_are_for_a_person(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.ask_payout(awa)
    provider = Answering([Accepted("PAYOUT", None)], Seen(Progress.FAILED, Money(2000)))
    await work_with(world, provider)
    await world.knock(paid_out(payout.reference, amount=1500))
    await work_with(world, provider)
    assert (await world.payout(payout)).state is PayoutState.UNKNOWN
    assert await world.wallet(awa) == (5000, 2000)


async def test_case_21_a_payout_in_another_currency_is_set_aside(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.knock(paid_out(payout.reference, currency="XAF"))
    assert await world.set_aside() == [("set_aside", "other_currency")]
    assert await world.wallet(awa) == (5000, 2000)


async def test_case_25_a_double_tap_is_one_payout(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    taps = await asyncio.gather(*(world.ask_payout(awa, key="one run") for _ in range(8)))
    assert len({payout.id for payout in taps}) == 1
    await asyncio.gather(world.work(), world.work(), world.work())
    assert await world.calls("initiate") == 1
    assert await world.wallet(awa) == (5000, 2000)
    with pytest.raises(KeyReused):
        await world.ask_payout(awa, 1000, key="one run")


async def test_case_25_payouts_stop_before_any_debit_while_our_own_balance_is_empty(world: World) -> None:
    await world.turn(check_balance=True)
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    assert (payout.state, payout.failure) == (PayoutState.FAILED, "our_balance")
    assert world.alerts == ["our_balance"]
    with pytest.raises(PayoutsUnfunded):
        await world.ask_payout(awa, method="wave")
    assert await world.wallet(awa) == (5000, 0)
    await world.ask_deposit(awa)
    with clock.ahead(11 * MINUTE):
        await world.ask_payout(awa)


async def test_case_25_payouts_stop_before_any_debit_while_an_operator_is_down(world: World) -> None:
    await world.turn(payout_fault="server_error")
    awa = await world.member()
    await world.give(awa, 50_000)
    for _ in range(5):
        await world.open_payout(awa)
    with pytest.raises(OperatorDown):
        await world.ask_payout(awa)
    assert await world.wallet(awa) == (50_000, 10_000)
    await world.ask_payout(awa, method="wave")

    await world.turn(payout_fault=None)
    with clock.ahead(MINUTE):
        again = await world.ask_payout(awa)
        await world.work()
        assert (await world.payout(again)).state is PayoutState.ACCEPTED
        await world.ask_payout(awa)


async def test_case_25_look_ups_and_webhooks_go_on_while_the_breaker_is_open(world: World) -> None:
    await world.turn(payout_fault="error_after_acting")
    awa = await world.member()
    await world.give(awa, 50_000)
    payouts = [await world.open_payout(awa) for _ in range(5)]
    await world.work(2 * MINUTE)
    assert await world.calls("status") >= 5
    await world.flush(hurry=True)
    assert {(await world.payout(payout)).state for payout in payouts} == {PayoutState.COMPLETED}


async def test_more_than_the_wallet_has_is_refused_and_leaves_nothing_behind(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 1500)
    quote = payments.quote_payout(Money(2000), world.methods.choose(PHONE, "wave", Direction.PAYOUT))
    async with world.database.transaction() as session:
        with pytest.raises(InsufficientFunds):
            await payments.request_payout(session, awa, quote, PHONE, key="too much")
    await world.work()
    async with world.database.reading() as session:
        assert (await payments.history(session, awa.id)).lines == []
    await world.give(awa, 1000)
    assert (await world.ask_payout(awa, key="too much")).state is PayoutState.REQUESTED


async def test_a_call_that_surely_did_not_go_out_is_tried_again_and_given_back_in_the_end(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.ask_payout(awa)
    provider = Answering([NotSent("ConnectError")] * 3, NoAnswer("ConnectError"))
    await work_with(world, provider)
    assert (await world.payout(payout)).state is PayoutState.REQUESTED
    await work_with(world, provider, 2 * MINUTE)
    assert await world.wallet(awa) == (5000, 2000)
    await work_with(world, provider, 11 * MINUTE)
    found = await world.payout(payout)
    assert (found.state, found.failure) == (PayoutState.FAILED, "operator_down")
    assert await world.wallet(awa) == (5000, 0)


async def test_a_late_outcome_never_undoes_what_is_completed(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 50_000)
    for outcome in (
        Unclear("ReadTimeout"), NotSent("ConnectError"), Declined(FailureCode.REFUSED, "no"), Accepted("LATE", None),
    ):  # fmt: skip
        payout = await world.ask_payout(awa)

        class Overtaken(Answering):
            async def initiate(self, order):
                await world.knock(paid_out(order.reference))
                return await super().initiate(order)

        await work_with(world, Overtaken([outcome]))
        assert (await world.payout(payout)).state is PayoutState.COMPLETED
    assert await world.wallet(awa) == (42_000, 0)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Accepted("SLOW", None), PayoutState.ACCEPTED),
        (Declined(FailureCode.NO_ACCOUNT, "no"), PayoutState.FAILED),
        (Declined(FailureCode.UNKNOWN, "?"), PayoutState.UNKNOWN),
        (Unclear("ReadTimeout"), PayoutState.UNKNOWN),
    ],
)
async def test_an_answer_that_comes_after_the_call_was_given_up_still_counts(
    world: World, outcome, state: PayoutState
) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.ask_payout(awa)

    class Slow(Answering):
        async def initiate(self, order):
            # Another worker takes the job over, finds it submitted, and gives the call up.
            await payments.Submission(self).submit_payout(world.database, {"id": str(payout.id)})
            return await super().initiate(order)

    provider = Slow([outcome])
    await work_with(world, provider)
    assert len(provider.orders) == 1
    assert (await world.payout(payout)).state is state


async def test_a_payout_without_an_amount_in_its_webhook_completes_as_asked(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    body = paid_out(payout.reference)
    del body["amount"]
    await world.knock(body)
    await world.knock(paid_out(payout.provider_id))
    assert await world.wallet(awa) == (3000, 0)
    async with world.database.transaction() as session:
        await payments.complete_payout(session, await payments.lock_payout(session, payout.id))
    assert await world.wallet(awa) == (3000, 0)
