"""Each fault does what the document says, whether asked for by an amount, by a number or by a knob."""

import inspect
import sys

import httpx
import pytest

from sandbox.getmipay.faults import MAGIC_CODES, Fault
from tests.sandbox.getmipay_world import World, opened_world

CODES = {fault: code for code, fault in MAGIC_CODES.items()}
KINDS = pytest.mark.parametrize("kind", ["payments", "payouts"])


@pytest.fixture
async def world(tmp_path):
    async with opened_world(tmp_path) as world:
        yield world


def asking_for(fault: Fault) -> int:
    return 5000 + CODES[fault]


def test_every_fault_has_a_magic_code_and_a_test():
    tests = inspect.getsource(sys.modules[__name__])

    assert set(CODES) == set(Fault)
    assert [fault.name for fault in Fault if f"Fault.{fault.name}" not in tests] == []


def test_every_magic_code_is_a_multiple_of_five_so_that_payouts_can_carry_it():
    assert [code for code in MAGIC_CODES if code % 5] == []


# --- the answer to the call


@KINDS
async def test_a_slow_answer_comes_after_the_client_gave_up_and_the_order_was_obeyed(world: World, kind: str):
    await world.turn(slow_s=600)

    with pytest.raises(httpx.ReadTimeout):
        await world.ask(kind, impatient=True, amount=asking_for(Fault.SLOW_ANSWER), reference="ours")

    assert await world.knows("ours")
    listed = (await world.client.get(f"{world.base}/api/requests")).json()["requests"]
    assert [(call["reference"], call["status"]) for call in listed] == [("ours", None)]


async def test_a_slow_answer_is_a_good_one(world: World):
    await world.turn(slow_s=0.05)

    assert (await world.ask("payments", amount=asking_for(Fault.SLOW_ANSWER))).status_code == 201


@KINDS
@pytest.mark.parametrize(
    ("fault", "obeyed"), [(Fault.TIMEOUT_AFTER_ACTING, True), (Fault.TIMEOUT_BEFORE_ACTING, False)]
)
async def test_a_time_out_never_answers_whether_it_acted_or_not(world: World, kind: str, fault: Fault, *, obeyed: bool):
    with pytest.raises(httpx.TransportError):
        await world.ask(kind, amount=asking_for(fault), reference="ours")

    assert await world.knows("ours") is obeyed


@KINDS
@pytest.mark.parametrize(("fault", "obeyed"), [(Fault.ERROR_AFTER_ACTING, True), (Fault.SERVER_ERROR, False)])
async def test_a_500_tells_nothing_of_what_was_done(world: World, kind: str, fault: Fault, *, obeyed: bool):
    answer = await world.ask(kind, amount=asking_for(fault), reference="ours")

    assert answer.status_code == 500
    assert await world.knows("ours") is obeyed


@pytest.mark.parametrize(("fault", "status"), [(Fault.REFUSED, 400), (Fault.REFUSED_WITH_200, 200)])
async def test_a_refusal_carries_the_chosen_code(world: World, fault: Fault, status: int):
    await world.turn(payout_refusal="RECIPIENT_LIMIT_REACHED")

    deposit = await world.ask("payments", amount=asking_for(fault), reference="in")
    payout = await world.ask("payouts", amount=asking_for(fault), reference="out")

    assert deposit.json() == {"success": False, "error": "PAYER_LIMIT_REACHED"}
    assert payout.json() == {"success": False, "error": "RECIPIENT_LIMIT_REACHED"}
    assert [deposit.status_code, payout.status_code] == [status, status]
    assert not await world.knows("in")
    assert not await world.knows("out")


@KINDS
async def test_an_unreadable_answer_is_a_2xx_that_is_not_json_after_acting(world: World, kind: str):
    answer = await world.ask(kind, amount=asking_for(Fault.UNREADABLE_ANSWER), reference="ours")

    assert answer.is_success
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()
    assert await world.knows("ours")


@KINDS
async def test_too_many_requests_says_when_to_come_back_and_lets_the_same_reference_in_then(world: World, kind: str):
    await world.turn(retry_after_s=7)
    body = {"amount": asking_for(Fault.TOO_MANY_REQUESTS), "reference": "ours"}

    first = await world.ask(kind, **body)
    second = await world.ask(kind, **body)

    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert second.status_code == 201


@KINDS
@pytest.mark.parametrize(("fault", "status"), [(Fault.FORBIDDEN, 403), (Fault.UNAUTHORIZED, 401)])
async def test_forbidden_and_unauthorized_say_so_and_nothing_is_done(
    world: World, kind: str, fault: Fault, status: int
):
    answer = await world.ask(kind, amount=asking_for(fault), reference="ours")

    assert answer.status_code == status
    assert not await world.knows("ours")


# --- what becomes of the money


async def test_a_deposit_that_fails_does_so_despite_the_right_pin(world: World):
    deposit = await world.deposit(amount=asking_for(Fault.FAILS))

    assert (deposit["status"], deposit["error"]) == ("failed", "PAYER_LIMIT_REACHED")
    assert [(webhook.fields["event"], webhook.fields["error"]) for webhook in world.received] == [
        ("payment.failed", "PAYER_LIMIT_REACHED")
    ]


async def test_a_payout_that_fails_says_why(world: World):
    await world.payout(amount=asking_for(Fault.FAILS))

    (webhook,) = world.received
    assert webhook.fields["event"] == "payout.failed"
    assert webhook.fields["status"] == "failed"
    assert webhook.fields["error"] == "RECIPIENT_NOT_FOUND"


async def test_what_is_stuck_stays_pending_until_somebody_decides(world: World):
    payout = await world.payout(amount=asking_for(Fault.STUCK))
    deposit = await world.deposit(amount=asking_for(Fault.STUCK))
    assert [payout["status"], deposit["status"], world.events] == ["pending", "pending", []]

    await world.post(f"transactions/{payout['id']}/decide", status="success")
    await world.flush()

    assert world.events == ["payout.completed"]


@pytest.mark.parametrize(
    ("fault", "first", "then"),
    [
        (Fault.FAILED_THEN_COMPLETED, "failed", "completed"),
        (Fault.COMPLETED_THEN_FAILED, "completed", "failed"),
    ],
)
async def test_events_out_of_order_come_one_after_the_other(world: World, fault: Fault, first: str, then: str):
    deposit = await world.deposit(amount=asking_for(fault))
    assert world.events == [f"payment.{first}"]

    await world.flush(hurry=True)

    assert world.events == [f"payment.{first}", f"payment.{then}"]
    final = (await world.status(deposit["id"])).json()["status"]
    assert final == {"completed": "success", "failed": "failed"}[then]


@pytest.mark.parametrize(("fault", "received"), [(Fault.AMOUNT_UNDER, 2940), (Fault.AMOUNT_OVER, 11770)])
async def test_another_amount_than_asked_arrives_and_the_status_confirms_it(world: World, fault: Fault, received: int):
    deposit = await world.deposit(amount=asking_for(fault))

    assert world.received[0].fields["amount"] == received
    assert (await world.status(deposit["id"])).json()["amount"] == received
    assert await world.balance() == received


async def test_another_currency_arrives_and_the_status_confirms_it(world: World):
    deposit = await world.deposit(amount=asking_for(Fault.OTHER_CURRENCY))

    assert world.received[0].fields["currency"] == "XAF"
    assert (await world.status(deposit["id"])).json()["currency"] == "XAF"


# --- the webhook


async def test_silence_sends_nothing_and_only_the_status_tells(world: World):
    deposit = await world.deposit(amount=asking_for(Fault.SILENT))
    await world.flush(hurry=True)

    assert world.received == []
    assert (await world.status(deposit["id"])).json()["status"] == "success"


async def test_a_duplicated_webhook_comes_twice_word_for_word(world: World):
    await world.deposit(amount=asking_for(Fault.WEBHOOK_DUPLICATED))
    await world.flush(hurry=True)

    first, second = world.received
    assert first == second


async def test_a_concurrent_webhook_comes_five_times_side_by_side(world: World):
    await world.payout(amount=asking_for(Fault.WEBHOOK_CONCURRENT))

    assert len(world.received) == 5
    assert len({webhook.raw for webhook in world.received}) == 1


async def test_a_late_webhook_waits(world: World):
    await world.deposit(amount=asking_for(Fault.WEBHOOK_LATE))
    assert world.received == []

    await world.flush(hurry=True)

    assert world.events == ["payment.completed"]


@pytest.mark.parametrize(("kind", "event"), [("payments", "payment.completed"), ("payouts", "payout.completed")])
async def test_a_webhook_can_be_faster_than_the_answer(world: World, kind: str, event: str):
    answer = await world.ask(kind, amount=asking_for(Fault.WEBHOOK_BEFORE_ANSWER))

    assert answer.status_code == 201
    assert world.events == [event]


@pytest.mark.parametrize(
    ("fault", "written"), [(Fault.AMOUNT_AS_FLOAT, '"amount": 5925.0'), (Fault.AMOUNT_AS_TEXT, '"amount": "5930"')]
)
async def test_an_amount_can_be_written_otherwise_and_is_signed_as_written(world: World, fault: Fault, written: str):
    await world.deposit(amount=asking_for(fault))

    (webhook,) = world.received
    assert written in webhook.raw
    assert webhook.is_signed_with("demo-webhook-secret")


async def test_nested_fields_leave_only_the_event_outside(world: World):
    deposit = await world.deposit(amount=asking_for(Fault.FIELDS_NESTED))

    (webhook,) = world.received
    assert set(webhook.fields) == {"event", "data"}
    assert webhook.fields["data"]["transaction_id"] == deposit["id"]
    assert webhook.is_signed_with("demo-webhook-secret")


@pytest.mark.parametrize(
    ("fault", "missing"), [(Fault.STATUS_MISSING, "status"), (Fault.REFERENCE_MISSING, "reference")]
)
async def test_a_field_can_be_missing(world: World, fault: Fault, missing: str):
    await world.deposit(amount=asking_for(fault))

    (webhook,) = world.received
    assert missing not in webhook.fields
    assert webhook.is_signed_with("demo-webhook-secret")


async def test_the_transaction_id_can_be_the_merchants_reference(world: World):
    await world.deposit(amount=asking_for(Fault.REFERENCE_AS_ID), reference="ours")

    (webhook,) = world.received
    assert webhook.fields["transaction_id"] == "ours"
    assert "reference" not in webhook.fields


async def test_a_bad_signature_is_no_secrets_signature(world: World):
    await world.deposit(amount=asking_for(Fault.BAD_SIGNATURE))

    (webhook,) = world.received
    assert len(webhook.signature) == 64
    assert not webhook.is_signed_with("demo-webhook-secret")


async def test_the_previous_secret_still_signs(world: World):
    await world.deposit(amount=asking_for(Fault.PREVIOUS_SECRET))

    (webhook,) = world.received
    assert webhook.is_signed_with("demo-previous-webhook-secret")


async def test_a_reformatted_body_is_another_text_with_a_signature_that_holds(world: World):
    await world.deposit(amount=asking_for(Fault.BODY_REFORMATTED))

    (webhook,) = world.received
    assert '"transaction_id":"TXN' in webhook.raw
    assert webhook.is_signed_with("demo-webhook-secret")


async def test_a_rewritten_body_has_a_whole_amount_and_a_signature_that_no_longer_holds(world: World):
    await world.deposit(amount=asking_for(Fault.BODY_REWRITTEN))

    (webhook,) = world.received
    assert '"amount": 5975,' in webhook.raw
    assert not webhook.is_signed_with("demo-webhook-secret")


# --- how to ask for one


async def test_a_number_asks_for_a_fault_before_the_amount_does(world: World):
    answer = await world.ask(
        "payments", phone_number=f"+22670000{CODES[Fault.FORBIDDEN]}", amount=asking_for(Fault.SERVER_ERROR)
    )

    assert answer.status_code == 403


async def test_a_knob_asks_for_one_kind_only_and_a_given_number_of_times(world: World):
    await world.turn(payout_fault="server_error", fault_times=1)

    statuses = [(await world.ask(kind)).status_code for kind in ("payments", "payouts", "payouts")]

    assert statuses == [201, 500, 201]


async def test_a_knob_works_on_deposits_too(world: World):
    await world.turn(deposit_fault=Fault.TOO_MANY_REQUESTS)

    assert [(await world.ask("payments", reference="ours")).status_code for _ in range(2)] == [429, 429]


async def test_magic_can_be_turned_off(world: World):
    await world.turn(magic=False)

    answer = await world.ask("payments", amount=asking_for(Fault.SERVER_ERROR), phone_number="+22670000825")

    assert answer.status_code == 201
