"""Dialect A, word for word: what is accepted, what is refused, and with which status."""

import httpx
import pytest

from tests.sandbox.getmipay_world import World, opened_world, signed


@pytest.fixture
async def world(tmp_path):
    async with opened_world(tmp_path) as world:
        yield world


async def test_a_deposit_is_answered_with_an_id_and_an_absolute_payment_link(world: World):
    answer = await world.ask("payments")

    body = answer.json()
    assert answer.status_code == 201
    assert body["success"] is True
    assert body["transaction_id"].startswith("TXN")
    assert body["payment_url"] == f"{world.base}/pay/{body['transaction_id']}"


async def test_a_payout_is_answered_with_a_payout_id(world: World):
    body = (await world.ask("payouts", return_url=None)).json()

    assert body["success"] is True
    assert body["payout_id"].startswith("PAYOUT")
    assert "payment_url" not in body


async def test_a_payout_id_may_be_called_transaction_id(world: World):
    await world.turn(payout_id_field="transaction_id")

    body = (await world.ask("payouts")).json()

    assert set(body) == {"success", "transaction_id"}


@pytest.mark.parametrize("bearer", [b"", b"Bearer wrong", b"demo-api-key", "Bearer clé".encode(), b"Bearer \xff"])
@pytest.mark.parametrize("kind", ["payments", "payouts"])
async def test_a_wrong_bearer_is_401(world: World, kind: str, bearer: bytes):
    answer = await world.send(kind, signed(world.order()), {"Authorization": bearer})

    assert answer.status_code == 401
    assert answer.json() == {"success": False, "message": "invalid API key"}


async def test_a_wrong_api_key_in_the_body_is_401(world: World):
    assert (await world.ask("payments", api_key="another")).status_code == 401


@pytest.mark.parametrize("signature", [None, "", "0" * 64, 12, "é", "\ud800", {"a": 1}], ids=ascii)
async def test_a_wrong_signature_is_400(world: World, signature: object):
    answer = await world.send("payments", world.order() | {"signature": signature})

    assert answer.status_code == 400
    assert answer.json()["message"] == "invalid signature"


async def test_a_body_changed_after_signing_is_400(world: World):
    body = signed(world.order())

    answer = await world.send("payouts", body | {"amount": 500_000})

    assert answer.status_code == 400
    assert not await world.knows(body["reference"])


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 0},
        {"amount": -5},
        {"amount": 5000.5},
        {"amount": 5000.0},
        {"amount": "5000"},
        {"amount": True},
        {"amount": None},
        {"amount": 10**40},
        {"currency": "XAF"},
        {"currency": None},
        {"phone_number": "70123456"},
        {"phone_number": "+226 70 12 34 56"},
        {"phone_number": None},
        {"method": "cash"},
        {"reference": ""},
        {"reference": "\ud800"},
        {"description": "\ud800"},
        {"reference": None},
        {"callback_url": "not a link"},
        {"callback_url": None},
        {"return_url": "javascript:alert(1)"},
    ],
    ids=ascii,
)
async def test_a_wrong_field_is_400_and_named(world: World, changes: dict[str, object]):
    answer = await world.ask("payments", **changes)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(next(iter(changes)))


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_not_a_json_object_is_400(world: World, raw: bytes):
    answer = await world.client.post(
        f"{world.base}/v1/payments/initiate", content=raw, headers={"Authorization": "Bearer demo-api-key"}
    )

    assert answer.status_code == 400


async def test_a_card_pays_in_but_receives_nothing(world: World):
    assert (await world.ask("payments", method="visa")).status_code == 201

    refused = await world.ask("payouts", method="visa")

    assert refused.status_code == 400
    assert refused.json()["message"] == "method visa has no payout"


@pytest.mark.parametrize("kind", ["payments", "payouts"])
async def test_a_reference_used_twice_is_refused_and_the_first_stands(world: World, kind: str):
    body = signed(world.order())
    first = await world.send(kind, body)

    second = await world.send(kind, body)

    assert first.status_code == 201
    assert (second.status_code, second.json()["message"]) == (400, "duplicate reference")
    assert (await world.known(body["reference"]))["status"] == "pending"


async def test_a_disabled_merchant_is_403(world: World):
    await world.turn(merchant_disabled=True)

    assert (await world.ask("payments")).status_code == 403


async def test_a_payout_above_the_merchant_balance_is_refused_when_balances_are_checked(world: World):
    await world.turn(check_balance=True, opening_balance=1000)

    refused = await world.ask("payouts", amount=1001)
    accepted = await world.ask("payouts", amount=1000)

    assert refused.json() == {"success": False, "error": "INSUFFICIENT_MERCHANT_BALANCE"}
    assert accepted.json()["success"] is True
    assert await world.balance() == 0


async def test_the_merchant_balance_follows_the_money(world: World):
    await world.deposit(amount=5000)
    await world.payout(amount=2000)
    assert await world.balance() == 3000

    failed = await world.payout(amount=500, phone_number="+22670000860")

    assert failed["status"] == "failed"
    assert await world.balance() == 3000


async def test_the_status_is_asked_by_their_id_or_by_ours(world: World):
    deposit = (await world.ask("payments", reference="ours")).json()["transaction_id"]

    for name in (deposit, "ours"):
        answer = (await world.status(name)).json()
        assert answer.pop("created_at").endswith("+00:00")
        assert answer == {"reference": "ours", "status": "pending", "amount": 5000, "currency": "XOF"}
    await world.post(f"transactions/{deposit}/pay", pin="0000")
    assert (await world.status("ours")).json()["status"] == "success"


async def test_the_status_of_the_unknown_is_404_and_without_a_bearer_401(world: World):
    assert [(await world.status(name)).status_code for name in ("nobody", "%FF", "%00")] == [404, 404, 404]
    assert (await world.client.get(f"{world.base}/v1/payments/nobody/status")).status_code == 401


async def test_the_status_of_a_payout_is_404_unless_the_knob_says_otherwise(world: World):
    payout = await world.payout()
    assert (await world.status(payout["id"])).status_code == 404

    await world.turn(payout_status=True)

    assert (await world.status(payout["id"])).json()["status"] == "success"


async def test_the_status_look_up_can_break_down_a_given_number_of_times(world: World):
    await world.ask("payments", reference="ours")
    await world.turn(status_fault="server_error", fault_times=2)

    statuses = [(await world.status("ours")).status_code for _ in range(3)]

    assert statuses == [500, 500, 200]


async def test_an_unknown_knob_or_position_is_refused_and_changes_nothing(world: World):
    before = (await world.client.get(f"{world.base}/api/knobs")).json()

    assert (await world.post("knobs", magick=False)).status_code == 400
    assert (await world.post("knobs", payout_fault="tired")).status_code == 400
    assert (await world.client.get(f"{world.base}/api/knobs")).json() == before


async def test_calls_are_listed_with_their_outcome_and_without_secrets(world: World):
    await world.ask("payments", reference="ours")
    await world.ask("payouts", amount=0)

    answer = await world.client.get(f"{world.base}/api/requests")

    newest, oldest = answer.json()["requests"]
    assert (newest["path"], newest["status"]) == ("/getmipay/v1/payouts/initiate", 400)
    assert (oldest["reference"], oldest["status"]) == ("ours", 201)
    assert "demo-" not in answer.text


async def test_the_control_api_answers_mistakes_with_a_sentence(world: World):
    payout = (await world.ask("payouts")).json()["payout_id"]
    deposit = (await world.deposit())["id"]

    answers: list[httpx.Response] = [
        await world.post("transactions/nobody/pay", pin="0000"),
        await world.post(f"transactions/{payout}/pay", pin="0000"),
        await world.post(f"transactions/{deposit}/cancel"),
        await world.post(f"transactions/{deposit}/decide", status="perhaps"),
    ]

    assert [answer.status_code for answer in answers] == [404, 409, 409, 400]
    assert all(answer.json()["error"] for answer in answers)
