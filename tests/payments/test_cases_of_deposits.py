"""Cases 14 to 24 of the table in docs/payments.md, where money comes in."""

from dataclasses import replace
from datetime import timedelta

import pytest

import payments
from core.money import Money
from ledger import AccountKind
from payments import DebtOutstanding, DepositState, Direction, Doubt
from payments.provider import Accepted, NoAnswer, NotKnown, NotSent, Progress, Seen, Unclear
from tests.payments.kit import PHONE, Answering, World, completed, work_with

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LINK = "https://getmipay.com/payment/TXN"


async def test_case_10_a_submission_found_half_done_is_never_called_for_again(world: World) -> None:
    awa = await world.member()
    deposit = await world.ask_deposit(awa)
    async with world.database.transaction() as session:
        (await payments.lock_deposit(session, deposit.id)).state = DepositState.SUBMITTED
    await world.work()
    assert (await world.deposit(deposit)).state is DepositState.UNKNOWN
    assert await world.calls("initiate") == 0


async def test_case_14_a_deposit_whose_call_timed_out_stays_open_and_a_later_webhook_credits(world: World) -> None:
    await world.turn(deposit_fault="timeout_after_acting")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    assert deposit.state is DepositState.UNKNOWN
    await world.work(10 * MINUTE)
    assert await world.calls("initiate") == 1

    await world.pay(deposit)
    await world.work()
    assert await world.wallet(awa) == (5000, 0)
    assert world.events == ["deposit.unknown", "deposit.settled"]


@pytest.mark.parametrize("fault", ["error_after_acting", "unreadable_answer"])
async def test_case_14_whatever_is_unclear_is_not_charged_twice_and_expires_unpaid(world: World, fault: str) -> None:
    await world.turn(deposit_fault=fault)
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    assert deposit.state is DepositState.UNKNOWN
    await world.work_through(2 * MINUTE, 31 * MINUTE)
    assert (await world.deposit(deposit)).state is DepositState.EXPIRED
    assert await world.calls("initiate") == 1
    assert await world.wallet(awa) == (0, 0)


@pytest.mark.parametrize("fault", ["timeout_before_acting", "server_error"])
async def test_case_14_what_they_never_heard_of_fails_early_so_that_one_may_try_again(world: World, fault: str) -> None:
    await world.turn(deposit_fault=fault)
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.work(MINUTE)
    assert (await world.deposit(deposit)).state is DepositState.UNKNOWN
    await world.work(2 * MINUTE)
    found = await world.deposit(deposit)
    assert (found.state, found.failure) == (DepositState.FAILED, "operator_down")
    assert await world.calls("initiate") == 1
    assert world.events == ["deposit.unknown", "deposit.failed"]


async def test_case_14_what_was_heard_of_after_all_is_credited_once_the_look_up_agrees(world: World) -> None:
    awa = await world.member()
    deposit = await world.ask_deposit(awa)
    await work_with(world, Answering([Unclear("ReadTimeout")]))
    await work_with(world, Answering(), 2 * MINUTE)
    assert (await world.deposit(deposit)).state is DepositState.FAILED
    await world.knock(completed(deposit.reference))
    assert await world.wallet(awa) == (0, 0)
    await work_with(world, Answering([], Seen(Progress.SUCCEEDED, Money(5000))))
    assert await world.wallet(awa) == (5000, 0)
    assert await world.books_are_right()


async def test_a_call_that_surely_did_not_go_out_is_tried_again_and_given_up_in_the_end(world: World) -> None:
    awa = await world.member()
    first, second = await world.ask_deposit(awa), await world.ask_deposit(awa)
    provider = Answering([NotSent("ConnectError")] * 2 + [Accepted("TXN-1", LINK), Accepted("TXN-2", LINK)])
    await work_with(world, provider)
    assert (await world.deposit(first)).state is DepositState.REQUESTED
    # The wait is as long as the deposit is old: on a slow machine that is more than the shortest one.
    await work_with(world, provider, timedelta(seconds=40))
    assert (await world.deposit(first)).state is DepositState.OPEN
    assert (await world.deposit(second)).state is DepositState.OPEN

    third = await world.ask_deposit(awa)
    provider.outcomes = [NotSent("ConnectError")] * 2
    await work_with(world, provider)
    await work_with(world, provider, 11 * MINUTE)
    found = await world.deposit(third)
    assert (found.state, found.failure) == (DepositState.FAILED, "operator_down")


async def test_too_many_requests_waits_as_long_as_it_is_told(world: World) -> None:
    await world.turn(deposit_fault="too_many_requests", fault_times=1, retry_after_s=60)
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    assert deposit.state is DepositState.REQUESTED
    await world.work(timedelta(seconds=50))
    assert await world.calls("initiate") == 1
    await world.work(timedelta(seconds=70))
    assert (await world.deposit(deposit)).state is DepositState.OPEN


async def test_a_webhook_for_a_call_refused_as_one_too_many_still_credits(world: World) -> None:
    awa = await world.member()
    deposit = await world.ask_deposit(awa)
    await work_with(world, Answering([NotSent("too many requests", 5 * MINUTE)]))
    await world.knock(completed(deposit.reference))
    await world.work(6 * MINUTE)
    assert await world.wallet(awa) == (5000, 0)
    assert await world.calls("initiate") == 0


@pytest.mark.parametrize("fault", ["refused", "refused_with_200"])
async def test_a_deposit_refused_outright_says_why(world: World, fault: str) -> None:
    await world.turn(deposit_fault=fault)
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    assert (deposit.state, deposit.failure) == (DepositState.FAILED, "payer_limit")
    await world.work(24 * HOUR)
    assert world.events == ["deposit.failed"]


async def test_a_deposit_refused_in_words_we_do_not_know_is_refused_all_the_same(world: World) -> None:
    await world.turn(deposit_fault="refused_with_200", deposit_refusal="MOON_IN_THE_WRONG_HOUSE")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    assert (deposit.state, deposit.failure) == (DepositState.FAILED, "refused")
    assert deposit.said == "MOON_IN_THE_WRONG_HOUSE"


async def test_case_17_without_a_webhook_the_look_up_settles(world: World) -> None:
    await world.turn(deposit_fault="silent")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    assert await world.wallet(awa) == (0, 0)
    await world.work(2 * MINUTE)
    assert await world.wallet(awa) == (5000, 0)
    assert world.answers == []


async def test_case_17_without_any_answer_a_person_is_asked_after_a_day(world: World) -> None:
    await world.turn(status_fault="server_error")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.work_through(MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE)
    assert await world.calls("status") == 4
    await world.work(31 * MINUTE)
    assert (await world.deposit(deposit)).state is DepositState.UNKNOWN
    await world.work_through(*(hour * HOUR for hour in range(1, 24)))
    assert await world.calls("status") == 4 + 1 + 23
    await world.work(25 * HOUR)
    assert (await world.deposit(deposit)).state is DepositState.REVIEW
    assert world.events == ["deposit.link_ready", "deposit.unknown", "payment.alert", "deposit.review"]
    await world.work(48 * HOUR)
    assert await world.calls("status") == 4 + 1 + 23 + 1


async def test_a_person_settles_what_is_in_review(world: World) -> None:
    await world.turn(status_fault="server_error")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.work_through(31 * MINUTE, 25 * HOUR)
    async with world.database.transaction() as session:
        locked = await payments.lock_deposit(session, deposit.id)
        await payments.settle_deposit(session, locked, Money(5000))
        await payments.settle_deposit(session, locked, Money(5000))
    assert await world.wallet(awa) == (5000, 0)


async def test_case_19_failed_after_completed_is_ignored_when_the_look_up_says_paid(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    await world.send_webhook(deposit.reference, "payment.failed", status="failed")
    await world.work()
    found = await world.deposit(deposit)
    assert (found.state, found.doubt) == (DepositState.SETTLED, None)
    assert world.alerts == ["failed_after_completed"]
    assert await world.wallet(awa) == (5000, 0)


async def test_case_19_failed_after_completed_is_reversed_by_new_transfers_when_it_is_true(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    await world.decide(deposit.reference, "failed")
    await world.work()
    assert (await world.deposit(deposit)).state is DepositState.REVERSED
    assert world.events == [
        "deposit.link_ready", "deposit.settled", "payment.alert", "payment.alert", "deposit.reversed",
    ]  # fmt: skip
    assert await world.wallet(awa) == (0, 0)
    assert await world.house(AccountKind.PROVIDER) == 0
    assert await world.books_are_right()


async def test_case_19_without_a_look_up_a_credited_deposit_stays_and_a_person_is_asked(world: World) -> None:
    await world.turn(status_fault="server_error")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    await world.send_webhook(deposit.reference, "payment.failed", status="failed")
    await world.work_through(timedelta(0), HOUR, 25 * HOUR)
    assert (await world.deposit(deposit)).state is DepositState.SETTLED
    assert world.alerts == ["failed_after_completed", "failed_after_completed"]
    assert await world.wallet(awa) == (5000, 0)


@pytest.mark.parametrize(("fault", "sign"), [("amount_under", -1), ("amount_over", 1)])
async def test_case_20_what_the_look_up_confirms_is_credited_neither_asked_nor_claimed(
    world: World, fault: str, sign: int
) -> None:
    await world.turn(deposit_fault=fault)
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    assert await world.wallet(awa) == (0, 0)
    await world.work()
    found = await world.deposit(deposit)
    assert found.state is DepositState.SETTLED
    assert found.received is not None
    assert (found.received - 5000) * sign > 0
    assert await world.wallet(awa) == (found.received, 0)
    assert world.alerts == ["amount_differs", "amount_differs"]


async def test_case_20_what_nothing_confirms_waits_in_suspense_for_a_person(world: World) -> None:
    await world.turn(status_fault="server_error")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.knock(completed(deposit.reference, 9000))
    # Said again under the other name, and now right: a doubt is not talked away.
    assert deposit.provider_id
    await world.knock(completed(deposit.provider_id, 5000))
    await world.work_through(timedelta(0), 25 * HOUR)
    assert (await world.deposit(deposit)).state is DepositState.REVIEW
    assert await world.wallet(awa) == (0, 0)
    assert await world.house(AccountKind.SUSPENSE) == 9000

    async with world.database.transaction() as session:
        await payments.settle_deposit(session, await payments.lock_deposit(session, deposit.id), Money(5000))
    assert await world.wallet(awa) == (5000, 0)
    assert await world.house(AccountKind.SUSPENSE) == 0
    assert await world.books_are_right()


async def test_case_20_a_claim_found_empty_leaves_suspense_again(world: World) -> None:
    await world.turn(status_fault="server_error")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.knock(completed(deposit.reference, 9000))
    await world.work_through(timedelta(0), 25 * HOUR)
    async with world.database.transaction() as session:
        locked = await payments.lock_deposit(session, deposit.id)
        await payments.fail_deposit(session, locked, payments.FailureCode.REFUSED)
    assert await world.house(AccountKind.SUSPENSE) == 0
    assert await world.house(AccountKind.PROVIDER) == 0


async def test_case_20_an_amount_that_cannot_be_read_is_looked_up(world: World) -> None:
    awa = await world.member()
    amounts = [None, "abc", 5000.5, True, -5000, 0, 10**18, [5000]]
    deposits = [await world.open_deposit(awa) for _ in amounts]
    for deposit, amount in zip(deposits, amounts, strict=True):
        await world.knock(completed(deposit.reference, amount))
    await world.work()
    for deposit in deposits:
        found = await world.deposit(deposit)
        assert (found.state, found.doubt) == (DepositState.UNKNOWN, Doubt.AMOUNT_DIFFERS)
    await world.work_through(HOUR, 25 * HOUR)
    for deposit in deposits:
        assert (await world.deposit(deposit)).state is DepositState.REVIEW
    assert await world.wallet(awa) == (0, 0)
    assert await world.books_are_right()


async def test_case_21_another_currency_is_not_credited(world: World) -> None:
    await world.turn(deposit_fault="other_currency")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    await world.work()
    assert await world.set_aside() == [("set_aside", "other_currency")]
    await world.work_through(MINUTE, 31 * MINUTE)
    assert (await world.deposit(deposit)).state is DepositState.UNKNOWN
    await world.work(25 * HOUR)
    assert (await world.deposit(deposit)).state is DepositState.REVIEW
    assert await world.wallet(awa) == (0, 0)


async def test_case_22_gross_fee_and_net_are_posted_apart(world: World) -> None:
    awa = await world.member()
    quote = payments.quote_deposit(Money(5000), world.methods.choose(PHONE, "wave", Direction.DEPOSIT))
    quote = replace(quote, fee=Money(150), arrives=Money(4850))
    deposit = await world.database.run(
        lambda session: payments.request_deposit(session, awa, quote, PHONE, key="with a fee")
    )
    await world.work()
    # Their webhook tells what is left after their own fee; the look-up tells what was paid.
    await world.knock(completed(deposit.reference, 4850))
    await world.pay(deposit)
    await world.work()
    assert await world.wallet(awa) == (4850, 0)
    assert await world.house(AccountKind.FEES) == 150
    assert await world.house(AccountKind.PROVIDER) == 5000
    assert await world.books_are_right()

    async with world.database.transaction() as session:
        await payments.reverse_deposit(session, await payments.lock_deposit(session, deposit.id))
    assert await world.wallet(awa) == (0, 0)
    assert await world.house(AccountKind.FEES) == 0
    assert await world.house(AccountKind.PROVIDER) == 0


async def test_case_22_the_fee_shrinks_with_what_arrives_and_never_grows(world: World) -> None:
    awa = await world.member()
    quote = payments.quote_deposit(Money(5000), world.methods.choose(PHONE, "wave", Direction.DEPOSIT))
    quote = replace(quote, fee=Money(150), arrives=Money(4850))
    for key, received, fee in (("less", 2500, 75), ("more", 50_000, 150), ("a franc", 1, 0)):
        deposit = await world.database.run(
            lambda session, key=key: payments.request_deposit(session, awa, quote, PHONE, key=key)
        )
        async with world.database.transaction() as session:
            locked = await payments.lock_deposit(session, deposit.id)
            await payments.settle_deposit(session, locked, Money(received))
        assert (await world.deposit(deposit)).fee == fee


async def test_case_23_paid_on_an_expired_link_is_credited(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.work(31 * MINUTE)
    assert (await world.deposit(deposit)).state is DepositState.EXPIRED
    await world.pay(deposit)
    await world.work()
    assert await world.wallet(awa) == (5000, 0)
    assert world.events == ["deposit.link_ready", "deposit.expired", "deposit.settled"]


async def test_case_23_paid_after_a_cancel_is_credited_once_the_look_up_agrees(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit, pin="9999")
    await world.decide(deposit.reference, "success")
    assert await world.wallet(awa) == (0, 0)
    await world.work()
    assert await world.wallet(awa) == (5000, 0)
    assert world.events == [
        "deposit.link_ready", "deposit.failed", "deposit.unknown", "payment.alert", "deposit.settled",
    ]  # fmt: skip


async def test_case_23_said_to_be_paid_after_a_cancel_fails_again_when_the_look_up_disagrees(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit, pin="9999")
    await world.send_webhook(deposit.reference, "payment.completed", status="success")
    # While it is in doubt, another failure changes nothing: the look-up is under way.
    await world.knock(completed(deposit.reference, event="payment.failed", status="failed"))
    await world.work()
    assert (await world.deposit(deposit)).state is DepositState.FAILED
    assert await world.wallet(awa) == (0, 0)


async def test_case_24_a_reversal_after_the_money_was_spent_becomes_a_debt_that_stops_payouts(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    await world.spend(awa, 3500)
    await world.decide(deposit.reference, "failed")
    await world.work()
    assert (await world.deposit(deposit)).state is DepositState.REVERSED
    assert await world.wallet(awa) == (0, 0)
    assert (await world.stands(awa, AccountKind.RECEIVABLE)).posted == Money(-3500)
    assert await world.books_are_right()

    await world.give(awa, 10_000)
    with pytest.raises(DebtOutstanding) as refused:
        await world.ask_payout(awa)
    assert refused.value.params == {"debt": Money(3500)}


async def test_case_24_parked_money_is_taken_back_before_the_wallet_is(world: World) -> None:
    awa = await world.member(tier="unidentified")
    await world.give(awa, 199_000)
    deposit = await world.ask_deposit(awa, 1000)
    async with world.database.transaction() as session:
        await payments.settle_deposit(session, await payments.lock_deposit(session, deposit.id), Money(5000))
    assert await world.wallet(awa) == (200_000, 0)
    assert (await world.stands(awa, AccountKind.PARKED)).posted == Money(4000)
    async with world.database.transaction() as session:
        await payments.reverse_deposit(session, await payments.lock_deposit(session, deposit.id))
    assert await world.wallet(awa) == (199_000, 0)
    assert (await world.stands(awa, AccountKind.PARKED)).posted == Money(0)


async def test_a_late_outcome_never_undoes_what_is_settled(world: World) -> None:
    awa = await world.member()
    for outcome in (Unclear("ReadTimeout"), NotSent("ConnectError"), payments.provider.Declined("refused", "no")):
        deposit = await world.ask_deposit(awa)

        class Overtaken(Answering):
            async def initiate(self, order):
                await world.knock(completed(order.reference))
                return await super().initiate(order)

        await work_with(world, Overtaken([outcome]))
        assert (await world.deposit(deposit)).state is DepositState.SETTLED
    assert await world.wallet(awa) == (15_000, 0)


async def test_an_answer_that_comes_after_the_call_was_given_up_opens_the_deposit(world: World) -> None:
    awa = await world.member()
    deposit = await world.ask_deposit(awa)

    class Slow(Answering):
        async def initiate(self, order):
            # Another worker takes the job over, finds it submitted, and gives the call up.
            await payments.Submission(self).submit_deposit(world.database, {"id": str(deposit.id)})
            return await super().initiate(order)

    provider = Slow([Accepted("TXN-SLOW", LINK)])
    await work_with(world, provider)
    assert len(provider.orders) == 1
    assert (await world.deposit(deposit)).state is DepositState.OPEN


async def test_an_answer_that_comes_after_a_doubt_leaves_the_doubt(world: World) -> None:
    awa = await world.member()
    deposit = await world.ask_deposit(awa)

    class Contradicted(Answering):
        async def initiate(self, order):
            await world.knock(completed(order.reference, 7))
            return await super().initiate(order)

    await work_with(world, Contradicted([Accepted("TXN", LINK)], sighting=NoAnswer("ReadTimeout")))
    found = await world.deposit(deposit)
    assert (found.state, found.doubt, found.payment_url) == (DepositState.UNKNOWN, Doubt.AMOUNT_DIFFERS, LINK)


@pytest.mark.parametrize(
    ("sighting", "state"),
    [
        (NotKnown(), DepositState.EXPIRED),
        (Seen(Progress.PENDING, None), DepositState.EXPIRED),
        (NoAnswer("ReadTimeout"), DepositState.UNKNOWN),
        (Seen(Progress.SUCCEEDED, None), DepositState.UNKNOWN),
        (Seen(Progress.SUCCEEDED, Money(5000, "XAF")), DepositState.UNKNOWN),
        (Seen(Progress.SUCCEEDED, Money(5000)), DepositState.SETTLED),
        (Seen(Progress.FAILED, Money(5000)), DepositState.FAILED),
    ],
)
async def test_what_a_look_up_sees_when_the_link_is_over(world: World, sighting, state: DepositState) -> None:
    awa = await world.member()
    deposit = await world.ask_deposit(awa)
    await work_with(world, Answering([Accepted("TXN", LINK)], sighting), 31 * MINUTE)
    await work_with(world, Answering([], sighting), 70 * MINUTE)
    assert (await world.deposit(deposit)).state is state


async def test_a_deposit_that_waits_to_be_sent_again_keeps_its_look_up(world: World) -> None:
    awa = await world.member()
    deposit = await world.ask_deposit(awa)
    provider = Answering([NotSent("too many requests", 4 * MINUTE)], NotKnown())
    await work_with(world, provider)
    await work_with(world, provider, 2 * MINUTE)
    provider.outcomes = [Accepted("TXN", LINK)]
    await work_with(world, provider, 5 * MINUTE)
    assert (await world.deposit(deposit)).state is DepositState.OPEN
    provider.sighting = Seen(Progress.SUCCEEDED, Money(5000))
    await work_with(world, provider, 20 * MINUTE)
    assert await world.wallet(awa) == (5000, 0)


async def test_a_look_up_that_comes_after_the_webhook_changes_nothing(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)

    class Overtaken(Answering):
        async def look_up(self, direction, reference, provider_id, pay_id=None):
            await world.knock(completed(reference))
            return Seen(Progress.FAILED, None)

    await work_with(world, Overtaken(), 2 * MINUTE)
    assert (await world.deposit(deposit)).state is DepositState.SETTLED
    assert await world.wallet(awa) == (5000, 0)


async def test_a_doubt_about_what_is_in_review_asks_a_person_again_and_moves_nothing(world: World) -> None:
    await world.turn(status_fault="server_error")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.work_through(31 * MINUTE, 25 * HOUR)
    await world.knock(completed(deposit.reference, 9000))
    await world.work_through(timedelta(0), 25 * HOUR)
    assert (await world.deposit(deposit)).state is DepositState.REVIEW
    assert world.alerts == ["deposit.unknown", "amount_differs", "amount_differs"]
    assert world.events.count("deposit.review") == 1
    assert await world.house(AccountKind.SUSPENSE) == 9000
    assert await world.wallet(awa) == (0, 0)
