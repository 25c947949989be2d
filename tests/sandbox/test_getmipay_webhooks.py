"""Webhooks are signed, stored before they are sent, and sent again until a 200, even by a sandbox that was killed."""

import pytest

from tests.sandbox.getmipay_world import World, opened_world


@pytest.fixture
async def world(tmp_path):
    async with opened_world(tmp_path) as world:
        yield world


async def attempts_of(world: World, name: str) -> list[tuple[int | None, str | None]]:
    (webhook,) = (await world.known(name))["webhooks"]
    return [(attempt["status"], attempt["error"]) for attempt in webhook["attempts"]]


async def test_a_paid_deposit_is_told_with_the_fields_of_the_guide(world: World):
    deposit = await world.deposit(reference="é-1")

    (webhook,) = world.received
    assert webhook.fields == {
        "event": "payment.completed",
        "transaction_id": deposit["id"],
        "reference": "é-1",
        "status": "success",
        "amount": 5000,
    }
    assert '"reference": "\\u00e9-1"' in webhook.raw
    assert webhook.is_signed_with("demo-webhook-secret")


async def test_a_completed_payout_is_told(world: World):
    await world.payout(reference="ours")

    (webhook,) = world.received
    assert (webhook.fields["event"], webhook.fields["status"]) == ("payout.completed", "success")
    assert webhook.fields["reference"] == "ours"


@pytest.mark.parametrize("not_ok", [201, 204, 302, 401, 500])
async def test_anything_but_a_200_is_sent_again(world: World, not_ok: int):
    world.answers = [not_ok, 200]
    deposit = await world.deposit()

    await world.flush(hurry=True)
    await world.flush(hurry=True)

    assert world.events == ["payment.completed"] * 2
    assert await attempts_of(world, deposit["id"]) == [(not_ok, None), (200, None)]


async def test_a_webhook_is_sent_again_on_its_own_after_its_delays(world: World):
    await world.turn(retry_delays_s=[0.01, 0.02])
    world.answers = [500, 500, 500, 200]

    deposit = await world.deposit()
    while not (await world.known(deposit["id"]))["webhooks"][0]["delivered_at"]:
        pass

    assert len(world.received) == 4


async def test_an_unreachable_merchant_is_noted_and_tried_again(world: World):
    deposit = await world.deposit(callback_url="http://127.0.0.1:1/closed")

    await world.flush(hurry=True)

    assert await attempts_of(world, deposit["id"]) == [(None, "ClientConnectorError")] * 2


async def test_the_registered_url_comes_before_the_requests_own(tmp_path):
    async with opened_world(tmp_path) as other, opened_world(tmp_path / "second", webhook_url=other.door) as world:
        await world.deposit()

        assert other.events == ["payment.completed"]
        assert world.events == []


async def test_a_restart_keeps_every_state_and_sends_what_was_pending(world: World):
    world.answers = [503]
    paid = await world.deposit(reference="paid")
    await world.ask("payments", reference="open")
    await world.ask("payouts", reference="out")
    await world.turn(merchant_name="Tontine")

    await world.stop()
    await world.start()
    await world.flush(hurry=True)

    assert world.events == ["payment.completed", "payment.completed", "payout.completed"]
    assert await attempts_of(world, paid["id"]) == [(503, None), (200, None)]
    assert (await world.known("open"))["status"] == "pending"
    assert (await world.client.get(f"{world.base}/api/knobs")).json()["merchant_name"] == "Tontine"


async def test_a_cancelled_and_an_expired_deposit_are_told_with_their_reason(world: World):
    for ending in ("cancel", "expire"):
        deposit = (await world.ask("payments")).json()["transaction_id"]
        await world.post(f"transactions/{deposit}/{ending}")
    await world.flush()

    assert sorted(str(webhook.fields["error"]) for webhook in world.received) == ["CANCELLED", "EXPIRED"]
    assert world.events == ["payment.failed"] * 2


async def test_a_link_expires_on_its_own(world: World):
    await world.turn(link_ttl_s=0)

    deposit = (await world.ask("payments")).json()["transaction_id"]
    await world.flush()

    assert (await world.known(deposit))["error"] == "EXPIRED"
    assert world.events == ["payment.failed"]


async def test_an_expired_link_can_be_paid_all_the_same_by_decision(world: World):
    deposit = (await world.ask("payments")).json()["transaction_id"]
    await world.post(f"transactions/{deposit}/expire")
    await world.flush()

    await world.post(f"transactions/{deposit}/decide", status="success")
    await world.flush()

    assert world.events == ["payment.failed", "payment.completed"]
    assert await world.balance() == 5000


async def test_an_event_can_be_sent_again_as_it_was(world: World):
    deposit = await world.deposit()

    await world.post(f"transactions/{deposit['id']}/webhook")
    await world.flush()

    first, second = world.received
    assert first == second


async def test_any_event_can_be_sent_signed_or_with_a_signature_of_ones_own(world: World):
    path = f"transactions/{(await world.deposit())['id']}/webhook"
    world.received.clear()

    await world.post(path, event="payment.reversed", fields={"amount": 1, "status": None, "transaction_id": "TXN?"})
    await world.flush()
    await world.post(path, signature="sha256=1")
    await world.flush()

    arbitrary, unsigned = world.received
    assert arbitrary.fields["event"] == "payment.reversed"
    assert arbitrary.fields["amount"] == 1
    assert arbitrary.fields["transaction_id"] == "TXN?"
    assert "status" not in arbitrary.fields
    assert arbitrary.is_signed_with("demo-webhook-secret")
    assert unsigned.signature == "sha256=1"


async def test_a_signature_that_no_request_can_carry_is_noted_like_any_failed_attempt(world: World):
    deposit = await world.deposit(amount=5895)

    await world.post(f"transactions/{deposit['id']}/webhook", signature="two\r\nlines")
    await world.flush()

    assert await attempts_of(world, deposit["id"]) == [(None, "ValueError")]
