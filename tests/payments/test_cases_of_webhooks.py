"""Cases 1 to 13 of the table in docs/payments.md: what comes in at the door."""

import json
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text, update
from sqlalchemy.exc import ProgrammingError

from core import clock
from core.db import Database
from payments import Deposit, DepositState, WebhookDoor, WebhookSecrets
from payments.provider import Accepted
from tests.payments.kit import PREVIOUS, SECRET, Answering, World, completed, signature_of, work_with

MINUTE = timedelta(minutes=1)
# Nothing listens there: whoever touches this database is answered 503.
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def door() -> WebhookDoor:
    return WebhookDoor(WebhookSecrets(SECRET, PREVIOUS))


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("cauri_webhooks_total", {"outcome": outcome}) or 0


@pytest.mark.parametrize(
    "signature",
    [None, "", "abc", "é" * 64, "g" * 64, "0" * 63, "0" * 65, "sha256=", "\ud800", "0" * 64],
)
async def test_case_01_a_missing_or_malformed_signature_is_401(door: WebhookDoor, signature: str | None) -> None:
    database = Database(NOWHERE)
    body = json.dumps({"event": "something.else"})
    given = f"sha256={signature_of(body)}" if signature == "sha256=" else signature
    answer = await door.receive(database, body.encode(), given)
    assert (answer.status, answer.outcome) == (401, "bad_signature")


async def test_case_01_a_signature_in_capitals_and_spaces_is_normalised(world: World) -> None:
    body = json.dumps(completed("D-NOBODY"), sort_keys=True)
    answer = await world.door.receive(world.database, body.encode(), f" {signature_of(body).upper()} \r\n")
    assert answer.status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"a": "' + b"x" * 65_536 + b'"}', 413),
        (b'{"a": ' + b"[" * 33 + b"]" * 33 + b"}", 401),
        (b"[" * 65_000, 401),
        (b'{"a": NaN}', 401),
        (b'{"a": Infinity}', 401),
        (b'{"a": -Infinity}', 401),
        (b'{"a": 1e400}', 401),
        (b'{"a": 12345678901234567890}', 401),
        (b'{"a": "\xff"}', 401),
        ('{"a": 1}'.encode("utf-16"), 401),
        (b'\xef\xbb\xbf{"a": 1}', 401),
        (b"", 401),
    ],
)
async def test_case_02_a_monstrous_body_is_refused_before_the_database_is_touched(
    door: WebhookDoor, body: bytes, status: int
) -> None:
    answer = await door.receive(Database(NOWHERE), body, signature_of(body.decode("latin-1")))
    assert answer.status == status


async def test_case_03_duplicate_keys_are_refused_and_counted(door: WebhookDoor) -> None:
    before = counted("unreadable")
    body = b'{"amount": 1, "amount": 5000}'
    answer = await door.receive(Database(NOWHERE), body, signature_of(json.dumps({"amount": 5000})))
    assert (answer.status, answer.outcome) == (401, "unreadable")
    assert counted("unreadable") == before + 1


@pytest.mark.parametrize("body", ["[]", "null", '"payment.completed"', "5000", "true"])
async def test_case_04_a_body_that_is_no_object_is_refused(door: WebhookDoor, body: str) -> None:
    answer = await door.receive(Database(NOWHERE), body.encode(), signature_of(body))
    assert (answer.status, answer.outcome) == (401, "unreadable")


async def test_case_05_a_body_rewritten_on_the_way_is_401_and_the_look_up_settles(world: World) -> None:
    await world.turn(deposit_fault="body_rewritten")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    await world.work()
    assert [answer.status for answer in world.answers] == [401]
    assert world.alerts == ["bad_signature"]
    assert await world.wallet(awa) == (0, 0)

    await world.work(2 * MINUTE)
    assert await world.wallet(awa) == (5000, 0)
    assert world.events.count("deposit.settled") == 1


async def test_case_05_strangers_who_knock_alert_once_an_hour(world: World) -> None:
    for _ in range(3):
        await world.knock(completed("D-NOBODY"), secret="a stranger's")
    await WebhookDoor(WebhookSecrets(SECRET)).receive(world.database, b'{"event": "payment.failed"}', "0" * 64)
    await world.work()
    assert world.alerts == ["bad_signature"]


async def test_case_06_the_previous_secret_is_accepted_until_it_is_removed(world: World) -> None:
    await world.turn(deposit_fault="previous_secret")
    awa = await world.member()
    world.door = WebhookDoor(WebhookSecrets(SECRET))
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    assert [answer.status for answer in world.answers] == [401]

    world.door = WebhookDoor(WebhookSecrets(SECRET, PREVIOUS))
    await world.flush(hurry=True)
    assert [answer.status for answer in world.answers] == [401, 200]
    assert await world.wallet(awa) == (5000, 0)


async def test_an_empty_secret_closes_the_door(world: World) -> None:
    world.door = WebhookDoor(WebhookSecrets("", PREVIOUS))
    answer = await world.knock(completed("D-NOBODY"), secret="")
    assert (answer.status, answer.outcome) == (503, "closed")


@pytest.mark.parametrize("fault", ["webhook_duplicated", "webhook_concurrent"])
async def test_case_07_the_same_webhook_twice_is_one_event_one_effect_and_200_to_both(world: World, fault: str) -> None:
    await world.turn(deposit_fault=fault)
    awa = await world.member()
    await world.pay(await world.open_deposit(awa))
    await world.flush(hurry=True)
    await world.work()
    assert len(world.answers) >= 2
    assert {answer.status for answer in world.answers} == {200}
    assert await world.set_aside() == [("applied", None)]
    assert await world.wallet(awa) == (5000, 0)
    assert world.events.count("deposit.settled") == 1
    assert await world.books_are_right()


async def test_case_08_a_webhook_replayed_months_later_has_no_effect(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.knock(completed(deposit.reference))
    with clock.ahead(timedelta(days=200)):
        answer = await world.knock(completed(deposit.reference))
    assert (answer.status, answer.outcome) == (200, "duplicate")
    assert await world.wallet(awa) == (5000, 0)


async def test_case_09_the_same_event_with_other_content_is_set_aside(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.knock(completed(deposit.reference))
    for _ in range(2):
        assert (await world.knock(completed(deposit.reference, 9000))).status == 200
    await world.work()
    assert await world.set_aside() == [("applied", None), ("set_aside", "other_content")]
    assert world.alerts == ["other_content"]
    assert await world.wallet(awa) == (5000, 0)


async def test_case_11_without_its_database_the_door_acknowledges_nothing(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    here, world.database = world.database, Database(NOWHERE)
    await world.pay(deposit)
    assert [answer.status for answer in world.answers] == [503]
    assert world.answers[0].retry_after_s is not None

    world.database = here
    await world.flush(hurry=True)
    assert [answer.status for answer in world.answers] == [503, 200]
    assert await world.wallet(awa) == (5000, 0)


async def test_a_fault_of_ours_at_the_door_acknowledges_nothing_either(world: World) -> None:
    async with world.database.transaction() as session:
        await session.execute(text("DROP TABLE provider_event"))
    if world.database.is_sqlite:
        # SQLite calls a missing table an operational error, as it does a missing disk.
        assert (await world.knock(completed("D-NOBODY"))).status == 503
    else:
        with pytest.raises(ProgrammingError):
            await world.knock(completed("D-NOBODY"))


async def test_case_12_a_webhook_faster_than_the_answer_to_our_call_credits_once(world: World) -> None:
    await world.turn(deposit_fault="webhook_before_answer")
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.flush(hurry=True)
    await world.work()
    assert deposit.state is DepositState.SETTLED
    assert deposit.payment_url
    assert await world.wallet(awa) == (5000, 0)
    assert world.events == ["deposit.settled"]


async def test_case_12_an_early_webhook_that_names_only_their_id_is_matched_when_we_learn_it(world: World) -> None:
    awa = await world.member()
    deposit = await world.ask_deposit(awa)
    early = await world.knock(completed("TXN-EARLY"))
    assert (early.status, early.outcome) == (200, "unmatched")

    await work_with(world, Answering([Accepted("TXN-EARLY", "https://getmipay.com/payment/TXN-EARLY")]))
    await world.work(MINUTE)
    assert (await world.deposit(deposit)).state is DepositState.SETTLED
    assert await world.wallet(awa) == (5000, 0)
    assert await world.set_aside() == [("applied", None)]
    assert world.alerts == []


async def test_case_12_an_early_webhook_is_matched_when_another_one_tells_their_id(world: World) -> None:
    awa = await world.member()
    deposit = await world.ask_deposit(awa)
    await world.knock(completed("TXN-EARLY"))
    await world.knock({"event": "payment.failed", "transaction_id": "TXN-EARLY", "reference": deposit.reference})
    await work_with(world, Answering([]))
    # The failure came first as far as we could tell, so the success is looked up before it is believed.
    found = await world.deposit(deposit)
    assert found.provider_id == "TXN-EARLY"
    assert (found.state, found.doubt) == (DepositState.UNKNOWN, "completed_after_failed")


async def test_case_12_two_transactions_that_did_not_see_each_other_are_brought_together(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.knock(completed("TXN-UNSEEN"))
    async with world.database.transaction() as session:
        await session.execute(update(Deposit).where(Deposit.id == deposit.id).values(provider_id="TXN-UNSEEN"))
    await world.work(MINUTE)
    assert await world.wallet(awa) == (5000, 0)
    assert world.alerts == []


async def test_case_13_an_unknown_reference_is_kept_and_an_operator_told(world: World) -> None:
    awa = await world.member()
    await world.open_deposit(awa)
    answer = await world.knock(completed("D-NOBODY"))
    assert (answer.status, answer.outcome) == (200, "unmatched")
    await world.work(MINUTE)
    assert world.alerts == ["unmatched"]
    assert await world.wallet(awa) == (0, 0)


async def test_case_13_an_unknown_event_is_kept_and_an_operator_told(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    events = ["payment.refunded", None, 5, "é", "x" * 500, "\u0000", "\ud800"]
    for number, event in enumerate(events):
        body = completed(deposit.reference) | {"event": event, "note": f"\u0000\ud800 {number}"}
        answer = await world.knock(body)
        assert (answer.status, answer.outcome) == (200, "set_aside")
    await world.work()
    # Those whose event has no readable name are told apart by their content.
    assert world.alerts == ["unknown_event", "unknown_event"] + ["other_content"] * 5
    assert await world.wallet(awa) == (0, 0)


async def test_a_webhook_that_names_two_payments_is_set_aside(world: World) -> None:
    awa = await world.member()
    one, other = await world.open_deposit(awa), await world.open_deposit(awa)
    assert one.provider_id
    await world.knock(completed(one.provider_id, reference=other.reference))
    assert await world.set_aside() == [("set_aside", "names_two_payments")]
    assert await world.wallet(awa) == (0, 0)


async def test_a_webhook_of_another_transaction_under_our_reference_is_set_aside(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.knock(completed("TXN-OTHER", reference=deposit.reference))
    assert await world.set_aside() == [("set_aside", "other_transaction")]
    assert await world.wallet(awa) == (0, 0)


@pytest.mark.parametrize(
    ("event", "status"), [("payment.completed", "failed"), ("payment.failed", "SUCCESS"), ("payment.completed", 5)]
)
async def test_a_webhook_whose_status_contradicts_its_event_is_set_aside(
    world: World, event: str, status: object
) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.knock(completed(deposit.reference, event=event, status=status))
    assert await world.set_aside() == [("set_aside", "status_contradicts_event")]
    assert await world.wallet(awa) == (0, 0)


async def test_every_shape_of_an_honest_webhook_credits(world: World) -> None:
    awa = await world.member()
    shapes = [
        "amount_as_float", "amount_as_text", "fields_nested", "status_missing", "reference_missing",
        "reference_as_id", "body_reformatted",
    ]  # fmt: skip
    for shape in shapes:
        await world.turn(deposit_fault=shape)
        await world.pay(await world.open_deposit(awa))
    assert [answer.outcome for answer in world.answers] == ["applied"] * len(shapes)
    assert await world.wallet(awa) == (5000 * len(shapes), 0)


async def test_a_payout_event_never_touches_a_deposit(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    answer = await world.knock(completed(deposit.reference, event="payout.completed"))
    assert answer.outcome == "unmatched"
    assert await world.wallet(awa) == (0, 0)


async def test_a_wrong_pin_fails_the_deposit_with_a_reason_to_tell(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit, pin="1111")
    await world.work()
    found = await world.deposit(deposit)
    assert (found.state, found.failure) == (DepositState.FAILED, "pin")
    assert world.events == ["deposit.link_ready", "deposit.failed"]
    assert await world.wallet(awa) == (0, 0)
