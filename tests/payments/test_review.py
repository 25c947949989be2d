"""Payments that wait for a person: what two operators decide moves the money once, whoever speaks at the same time."""

import asyncio
from datetime import timedelta

import pytest

import payments
from core import outbox
from core.money import Money
from core.outbox import Destination
from ledger import AccountKind
from members import Member
from operators import NotAllowed, SecondOperatorNeeded, open_decisions
from payments import (
    DebtOutstanding,
    Deposit,
    DepositState,
    Doubt,
    LineKind,
    MemberFrozen,
    NotInReview,
    Outcome,
    OutcomeImpossible,
    PaymentMovedOn,
    PaymentNotFound,
    Payout,
    PayoutState,
)
from tests.payments.counter import WHY, Counter, opened_counter
from tests.payments.kit import World, completed
from tests.plans import asked, walks_through

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(hours=25)


@pytest.fixture
async def counter(world: World) -> Counter:
    return await opened_counter(world)


def paid_out(name: str | None, **fields: object) -> dict[str, object]:
    return completed(str(name), 2000, event="payout.completed") | fields


def not_paid_out(name: str | None) -> dict[str, object]:
    return paid_out(name, event="payout.failed", status="failed")


async def deposit_in_review(world: World, claimed: int | None = None) -> Deposit:
    """Nobody could tell for a day; where a webhook claimed another amount, that waits in suspense."""
    await world.turn(status_fault="server_error")
    deposit = await world.open_deposit(await world.member())
    if claimed:
        await world.knock(completed(deposit.reference, claimed))
    await world.work_through(timedelta(0), 31 * MINUTE, DAY)
    return await world.deposit(deposit)


async def payout_in_review(world: World) -> Payout:
    """Nobody could tell for a day what became of a withdrawal of 2 000 from 5 000."""
    await world.turn(payout_fault="stuck")
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.work_through(MINUTE, HOUR, DAY)
    return await world.payout(payout)


async def incident(world: World, *, confirmed: bool) -> Payout:
    """A payout that failed, was given back, and is then said to have arrived; `confirmed` by the look-up or not."""
    awa = await world.member()
    await world.give(awa, 5000)
    if confirmed:
        await world.turn(payout_fault="failed_then_completed", payout_status=True)
        payout = await world.open_payout(awa)
        await world.flush(hurry=True)
        await world.flush(hurry=True)
        await world.work()
    else:
        payout = await world.open_payout(awa)
        await world.knock(not_paid_out(payout.reference))
        await world.knock(paid_out(payout.reference))
        await world.work_through(timedelta(0), HOUR, DAY)
    return await world.payout(payout)


async def wallet(world: World, payment: Deposit | Payout) -> tuple[int, int]:
    async with world.database.reading() as session:
        member = await session.get_one(Member, payment.member_id)
    return await world.wallet(member)


# -- the queue ---------------------------------------------------------------------------------------------------------


async def test_what_waits_is_listed_the_oldest_first_until_it_is_decided(world: World, counter: Counter) -> None:
    deposit, payout = await deposit_in_review(world), await payout_in_review(world)
    assert await counter.waiting() == [deposit.reference, payout.reference]
    decision = await counter.propose(payout, Outcome.UNPAID)
    async with world.database.reading() as session:
        first, second = await payments.in_review(session)
        assert (first.decision, first.outcomes) == (None, (Outcome.PAID, Outcome.UNPAID))
        assert second.decision is not None
        assert second.decision.id == decision.id
        assert await payments.in_review(session, after=payout.created_at) == []
        assert [each.payment.reference for each in await payments.in_review(session, limit=1)] == [deposit.reference]
    await counter.approve(decision)
    await counter.resolve(deposit, Outcome.UNPAID)
    assert await counter.waiting() == []


# -- deposits ----------------------------------------------------------------------------------------------------------


async def test_a_deposit_that_was_paid_is_credited_and_the_member_told(world: World, counter: Counter) -> None:
    deposit = await deposit_in_review(world)
    await counter.resolve(deposit, Outcome.PAID)
    assert (await world.deposit(deposit)).state is DepositState.SETTLED
    assert await wallet(world, deposit) == (5000, 0)
    assert world.events[-1] == "deposit.settled"
    assert await world.books_are_right()


@pytest.mark.parametrize(("said", "credited"), [(None, 9000), (4000, 4000)])
async def test_what_waited_in_suspense_is_credited_in_the_amount_that_people_say(
    world: World, counter: Counter, said: int | None, credited: int
) -> None:
    deposit = await deposit_in_review(world, claimed=9000)
    assert await world.house(AccountKind.SUSPENSE) == 9000
    await counter.resolve(deposit, Outcome.PAID, said)
    assert await wallet(world, deposit) == (credited, 0)
    assert await world.house(AccountKind.SUSPENSE) == 0
    assert await world.house(AccountKind.PROVIDER) == credited
    assert await world.books_are_right()


async def test_a_deposit_that_was_not_paid_fails_and_leaves_suspense(world: World, counter: Counter) -> None:
    deposit = await deposit_in_review(world, claimed=9000)
    await counter.resolve(deposit, Outcome.UNPAID)
    assert (await world.deposit(deposit)).state is DepositState.FAILED
    assert await wallet(world, deposit) == (0, 0)
    assert await world.house(AccountKind.SUSPENSE) == 0
    assert world.events[-1] == "deposit.failed"


async def test_what_people_called_unpaid_and_is_claimed_once_more_comes_before_people_once_more(
    world: World, counter: Counter
) -> None:
    deposit = await deposit_in_review(world, claimed=9000)
    await counter.resolve(deposit, Outcome.UNPAID)
    await world.knock(completed(deposit.provider_id, 7000))
    await world.work_through(timedelta(0), DAY + DAY)
    assert (await world.deposit(deposit)).state is DepositState.REVIEW
    assert await world.house(AccountKind.SUSPENSE) == 0
    await counter.resolve(deposit, Outcome.PAID, 7000)
    assert await wallet(world, deposit) == (7000, 0)
    assert await world.books_are_right()


@pytest.mark.parametrize(
    ("outcome", "state", "left"),
    [(Outcome.PAID, DepositState.SETTLED, 5000), (Outcome.UNPAID, DepositState.REVERSED, 0)],
)
async def test_a_doubt_about_what_was_credited_is_settled_either_way(
    world: World, counter: Counter, outcome: Outcome, state: DepositState, left: int
) -> None:
    await world.turn(status_fault="server_error")
    deposit = await world.open_deposit(await world.member())
    await world.pay(deposit)
    await world.send_webhook(deposit.reference, "payment.failed", status="failed")
    await world.work_through(timedelta(0), HOUR, DAY)
    deposit = await world.deposit(deposit)
    assert deposit.doubt is Doubt.FAILED_AFTER_COMPLETED
    await counter.resolve(deposit, outcome)
    found = await world.deposit(deposit)
    assert (found.state, found.doubt) == (state, None)
    assert await wallet(world, deposit) == (left, 0)
    assert await counter.waiting() == []


# -- payouts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "state", "left"),
    [(Outcome.PAID, PayoutState.COMPLETED, 3000), (Outcome.UNPAID, PayoutState.FAILED, 5000)],
)
async def test_a_payout_in_review_is_posted_or_given_back(
    world: World, counter: Counter, outcome: Outcome, state: PayoutState, left: int
) -> None:
    payout = await payout_in_review(world)
    assert await wallet(world, payout) == (5000, 2000)
    await counter.resolve(payout, outcome)
    assert (await world.payout(payout)).state is state
    assert await wallet(world, payout) == (left, 0)
    assert world.events[-1] == f"payout.{state.value}"
    assert await world.books_are_right()


@pytest.mark.parametrize(
    ("outcome", "state", "left"),
    [(Outcome.PAID, PayoutState.COMPLETED, 3000), (Outcome.UNPAID, PayoutState.REVERSED, 5000)],
)
async def test_a_doubt_about_what_arrived_is_settled_either_way(
    world: World, counter: Counter, outcome: Outcome, state: PayoutState, left: int
) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    await world.flush(hurry=True)
    await world.knock(not_paid_out(payout.reference))
    await world.work_through(timedelta(0), HOUR, DAY)
    await counter.resolve(payout, outcome)
    found = await world.payout(payout)
    assert (found.state, found.doubt) == (state, None)
    assert await world.wallet(awa) == (left, 0)


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize(
    ("outcome", "left", "house"),
    [(Outcome.PAID, 3000, [3000, 0]), (Outcome.UNPAID, 5000, [5000, 0]), (Outcome.BORNE, 5000, [3000, -2000])],
)
async def test_an_incident_is_put_right_and_withdrawals_go_on(
    world: World, counter: Counter, outcome: Outcome, left: int, house: list[int], *, confirmed: bool
) -> None:
    payout = await incident(world, confirmed=confirmed)
    awa = await member_of(world, payout)
    with pytest.raises(MemberFrozen):
        await world.ask_payout(awa, 1000)
    await counter.resolve(payout, outcome)
    found = await world.payout(payout)
    assert (found.state, found.doubt) == (PayoutState.FAILED, None)
    assert await world.wallet(awa) == (left, 0)
    assert [await world.house(kind) for kind in (AccountKind.PROVIDER, AccountKind.FEES)] == house
    assert await world.house(AccountKind.SUSPENSE) == 0
    assert world.events[-1] == ("correction.made" if outcome is Outcome.PAID else "payout.cleared")
    assert await world.books_are_right()
    await world.ask_payout(awa, 1000)


async def test_what_was_recovered_stands_in_the_history_and_what_was_spent_is_owed(
    world: World, counter: Counter
) -> None:
    payout = await incident(world, confirmed=True)
    awa = await member_of(world, payout)
    await world.spend(awa, 3500)
    await counter.resolve(payout, Outcome.PAID)
    assert await world.wallet(awa) == (0, 0)
    assert (await world.stands(awa, AccountKind.RECEIVABLE)).posted == Money(-500)
    async with world.database.reading() as session:
        newest = (await payments.history(session, awa.id)).lines[0]
    assert (newest.kind, newest.amount, newest.state) == (LineKind.RECOVERED, Money(-1500), "completed")
    await world.give(awa, 2000)
    with pytest.raises(DebtOutstanding):
        await world.ask_payout(awa, 1000)


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_an_incident_that_was_put_right_is_not_booked_again(
    world: World, counter: Counter, outcome: Outcome
) -> None:
    payout = await incident(world, confirmed=True)
    awa = await member_of(world, payout)
    await counter.resolve(payout, outcome)
    before = await world.wallet(awa)
    await world.knock(paid_out(payout.provider_id, note="said once more"))
    await world.knock(paid_out(payout.reference, note="said once more"))
    await world.work_through(timedelta(0), HOUR, DAY)
    assert (await world.payout(payout)).doubt is None
    assert await world.wallet(awa) == before
    assert await world.house(AccountKind.SUSPENSE) == 0


# -- who decides -------------------------------------------------------------------------------------------------------


async def test_one_person_alone_moves_nothing(world: World, counter: Counter) -> None:
    deposit = await deposit_in_review(world)
    decision = await counter.propose(deposit, Outcome.PAID)
    with pytest.raises(SecondOperatorNeeded):
        await counter.approve(decision, counter.proposes)
    with pytest.raises(NotAllowed):
        await counter.approve(decision, counter.support)
    assert await wallet(world, deposit) == (0, 0)
    assert (await world.deposit(deposit)).state is DepositState.REVIEW


async def test_only_what_waits_can_be_decided_and_only_in_a_way_that_goes_with_it(
    world: World, counter: Counter
) -> None:
    plain = await world.open_deposit(await world.member())
    with pytest.raises(NotInReview):
        await counter.propose(plain, Outcome.PAID)
    deposit, payout = await deposit_in_review(world), await payout_in_review(world)
    for payment, outcome, amount in (
        (deposit, Outcome.BORNE, None), (deposit, Outcome.PAID, 0), (deposit, Outcome.PAID, -5),
        (deposit, Outcome.UNPAID, 4000), (payout, Outcome.PAID, 1500), (payout, Outcome.BORNE, None),
    ):  # fmt: skip
        with pytest.raises(OutcomeImpossible):
            await counter.propose(payment, outcome, amount)
    async with world.database.reading() as session:
        assert await open_decisions(session) == []
        with pytest.raises(PaymentNotFound):
            await payments.find_payment(session, "D-NOBODY")
        assert (await payments.find_payment(session, f" {deposit.reference.lower()} ")).id == deposit.id


# -- at the same time --------------------------------------------------------------------------------------------------


async def test_a_webhook_that_comes_first_leaves_the_approval_nothing_to_do(world: World, counter: Counter) -> None:
    deposit, payout = await deposit_in_review(world), await payout_in_review(world)
    decisions = [await counter.propose(deposit, Outcome.PAID), await counter.propose(payout, Outcome.UNPAID)]
    await world.knock(completed(deposit.reference))
    await world.knock(paid_out(payout.reference))
    for decision in decisions:
        with pytest.raises(PaymentMovedOn):
            await counter.approve(decision)
    assert (await wallet(world, deposit), await wallet(world, payout)) == ((5000, 0), (3000, 0))
    async with world.database.reading() as session:
        assert len(await open_decisions(session)) == 2


async def test_a_webhook_that_comes_after_the_approval_credits_no_second_time(world: World, counter: Counter) -> None:
    deposit, payout = await deposit_in_review(world), await payout_in_review(world)
    await counter.resolve(deposit, Outcome.PAID)
    await counter.resolve(payout, Outcome.PAID)
    for body in (completed(deposit.reference), completed(deposit.provider_id), paid_out(payout.reference)):
        assert (await world.knock(body)).outcome == "no_effect"
    assert (await wallet(world, deposit), await wallet(world, payout)) == ((5000, 0), (3000, 0))
    assert await world.books_are_right()


@pytest.mark.parametrize("outcome", [Outcome.PAID, Outcome.UNPAID])
async def test_approvals_and_webhooks_at_once_move_the_money_once(
    world: World, counter: Counter, outcome: Outcome
) -> None:
    for _ in range(2):
        deposit, payout = await deposit_in_review(world), await payout_in_review(world)
        decisions = [await counter.propose(payment, outcome) for payment in (deposit, payout)]
        said = await asyncio.gather(
            *(counter.approve(decision) for decision in decisions),
            *(world.knock(completed(name)) for name in (deposit.reference, deposit.provider_id)),
            *(world.knock(paid_out(name)) for name in (payout.reference, payout.provider_id)),
            *(counter.approve(decision) for decision in decisions),
            return_exceptions=True,
        )
        assert {type(each).__name__ for each in said} <= {
            "Decision", "WebhookAnswer", "AlreadyDecided", "PaymentMovedOn",
        }  # fmt: skip
        found, state = await world.deposit(deposit), (await world.payout(payout)).state
        assert await wallet(world, deposit) == ((found.received if found.state is DepositState.SETTLED else 0), 0)
        assert found.received in {None, 5000}
        assert await wallet(world, payout) == ((3000 if state is PayoutState.COMPLETED else 5000), 0)
    assert await world.books_are_right()


# -- everything known --------------------------------------------------------------------------------------------------


async def test_the_whole_story_of_a_payment_is_told_in_order(world: World, counter: Counter) -> None:
    payout = await incident(world, confirmed=True)
    await counter.resolve(payout, Outcome.BORNE)
    async with world.database.reading() as session:
        story = await payments.story_of(session, payout.reference)
    told = [(moment.kind.value, moment.what) for moment in story.moments]
    expected = [
        ("asked", "requested"), ("held", "hold"), ("step", "call"), ("step", "payout.submitted"),
        ("heard", "payout.failed"), ("step", "payout.failed"), ("held", "hold voided"), ("heard", "payout.completed"),
        ("step", "look_up"), ("moved", "paid_twice"), ("decided", "resolve_payment proposed"), ("moved", "borne"),
        ("step", "payout.cleared"), ("decided", "resolve_payment approved"),
    ]  # fmt: skip
    assert sorted(told) == sorted(expected)
    assert [moment.at for moment in story.moments] == sorted(moment.at for moment in story.moments)
    details = {moment.what: moment.detail for moment in story.moments}
    assert details["look_up"] == "succeeded, 2000 XOF"
    assert details["paid_twice"] == "2000 XOF from suspense of the house to provider of the house"
    assert WHY in details["resolve_payment proposed"]
    assert payout.phone not in str(story.moments)
    assert story.item.outcomes == ()


async def test_the_story_of_a_deposit_says_what_was_heard_and_seen(world: World) -> None:
    deposit = await deposit_in_review(world, claimed=9000)
    async with world.database.reading() as session:
        story = await payments.story_of(session, deposit.reference)
    told = {moment.what: moment.detail for moment in story.moments}
    assert told["call"] == f"accepted as {deposit.provider_id}"
    assert told["payment.completed"] == "applied, status success, amount 9000"
    assert told["look_up"] == "no answer: status 500"
    assert told["suspense"] == "9000 XOF from provider of the house to suspense of the house"
    assert story.item.suspended == Money(9000)
    settled = await world.open_deposit(await world.member())
    await world.pay(settled)
    async with world.database.reading() as session:
        story = await payments.story_of(session, settled.reference)
    assert "deposit.settled" in {moment.what for moment in story.moments}


async def test_the_story_tells_what_was_said_about_the_payment_and_each_change_of_it_once(world: World) -> None:
    deposit = await world.open_deposit(await world.member())
    here, there = Destination("telegram", "7"), Destination("whatsapp", "7")
    subject = f"deposit:{deposit.id}"
    async with world.database.transaction() as session:
        await outbox.say(session, here, {"text": "autre chose"}, subject="deposit:another")
        asked = await outbox.say(session, here, {"text": "Confirmer ?"})
        await outbox.say(session, here, {"text": "Je prépare votre lien…"}, edits=asked, subject=subject)
        await outbox.say(session, here, {"text": "✅"}, edits=asked)
        await outbox.say(session, there, {"text": "✅"}, subject=subject)
    async with world.database.reading() as session:
        story = await payments.story_of(session, deposit.reference)
    said = [(moment.what, moment.detail) for moment in story.moments if moment.kind.value == "said"]
    assert said == [
        ("message", "telegram queued"), ("edit", "telegram queued"), ("edit", "telegram queued"),
        ("message", "whatsapp queued"),
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_no_story_reads_every_message_there_is(world: World) -> None:
    deposit = await world.open_deposit(await world.member())
    with asked(world.database) as questions:
        async with world.database.reading() as session:
            await payments.story_of(session, deposit.reference)
    assert [each for each in questions if "FROM outbox_message" in each]
    assert await walks_through(world.database, questions, {"operator_act"}) == {}


async def member_of(world: World, payment: Deposit | Payout) -> Member:
    async with world.database.reading() as session:
        return await session.get_one(Member, payment.member_id)
