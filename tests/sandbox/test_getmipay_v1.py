"""The sandbox's GetMiPay in the dialect of production: tokens, services, pay-ins, payouts, checks, callbacks."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.getmipay_world import World, opened_world

KEYS = {"public_apikey": "demo-api-key", "private_secretkey": "demo-secret-key"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as world:
        yield world


async def token(world: World) -> str:
    answer = await call(world, "action/auth", KEYS, bearer="none")
    assert answer.status_code == 200
    assert answer.json()["data"]["token_type"] == "bearer"
    return str(answer.json()["data"]["token"])


async def call(world: World, path: str, body: object = None, *, bearer: str | None = None, **headers: str):
    headers["Authorization"] = f"Bearer {await token(world) if bearer is None else bearer}"
    address = f"{world.base}/api/v1/{path}"
    if body is None:
        return await world.client.get(address, headers=headers)
    return await world.client.post(address, json=body, headers=headers)


def wish(world: World, **changes: object) -> dict[str, object]:
    body = {
        "amount": 5000, "currency": "XOF", "wallet": "22670123456", "description": "Cauri D-1",
        "customer_name": "Awa", "callback_url": world.door,
    } | changes  # fmt: skip
    return {name: value for name, value in body.items() if value is not None}


async def pay_in(world: World, service: str = "101", otp: str = "", **changes: object) -> httpx.Response:
    headers = {"operation": "2", "service": service} | ({"otp": otp} if otp else {})
    return await call(world, "payins", wish(world, **changes), **headers)


async def pay_out(world: World, service: str = "5", **changes: object) -> httpx.Response:
    changes = {"callback_url": None} | changes
    return await call(world, "payouts", wish(world, **changes), operation="4", service=service)


async def check(world: World, made: dict[str, str], **changes: str) -> httpx.Response:
    asked = {"order_id": made["transaction_reference"], "pay_id": made["soleaspay_reference"]} | changes
    return await call(world, "transaction-check", asked)


async def test_wrong_keys_get_no_token_and_no_token_gets_nothing(world: World) -> None:
    wrong = await call(world, "action/auth", {**KEYS, "private_secretkey": "no"}, bearer="none")
    assert (wrong.status_code, wrong.json()["success"]) == (401, False)
    for path, body in (
        ("payins", {}),
        ("payouts", {}),
        ("transaction-check", {}),
        ("balance", None),
        ("services", None),
    ):
        answer = await call(world, path, body, bearer="nobody's")
        assert (answer.status_code, answer.json()["success"]) == (401, False), path


async def test_a_token_serves_all_calls_until_it_ends(world: World) -> None:
    bearer = await token(world)
    assert (await call(world, "balance", bearer=bearer)).json()["data"]["balance"] == 0
    assert (await call(world, "services", bearer=bearer)).status_code == 200
    assert (await world.post("tokens/revoke")).json() == {"revoked": 1}
    assert (await call(world, "balance", bearer=bearer)).status_code == 401
    await world.turn(token_life_s=0.001)
    assert (await call(world, "balance")).status_code == 401


async def test_a_secret_key_is_checked_without_a_token(world: World) -> None:
    answer = await call(world, "action/check-api-key", {"secret_apikey": "demo-secret-key"}, bearer="none")
    assert answer.json()["data"]["api_key"] == {"status": "active", "is_active": True}
    assert (await call(world, "action/check-api-key", {"secret_apikey": "no"}, bearer="none")).status_code == 401


async def test_services_say_their_limits_and_follow_the_knob(world: World) -> None:
    listed = (await call(world, "services")).json()["data"]
    assert set(listed) == {"all_services", "services_by_country", "payin_services", "payout_services"}
    orange = next(each for each in listed["services_by_country"]["BF"] if each["id"] == "5")
    assert orange == {
        "id": "5", "name": "OM BF", "description": "ORANGE MONEY BF", "country_code": "BF",
        "country_name": "BURKINA FASO", "withdrawable": True, "depositable": True, "is_active": True,
        "currency": "XOF", "min_amount": 100, "max_amount": 2_000_000,
    }  # fmt: skip
    await world.turn(services={"5": {"max_amount": 3000}, "101": {"is_active": False}, "102": {"depositable": False}})
    listed = (await call(world, "services")).json()["data"]
    assert next(each for each in listed["all_services"] if each["id"] == "5")["max_amount"] == 3000
    assert "101" not in {each["id"] for each in listed["all_services"]}
    assert "102" not in {each["id"] for each in listed["payin_services"]}
    assert "102" in {each["id"] for each in listed["payout_services"]}
    assert (await pay_in(world, "5", "123456", amount=3001)).json() == {
        "success": False,
        "error": "AMOUNT_OUT_OF_BOUNDS",
    }
    assert (await pay_in(world, "101")).json()["error"] == "TEMPORARILY_UNAVAILABLE"


async def test_a_pay_in_is_promised_checked_paid_and_told_without_a_signature(world: World) -> None:
    answer = await pay_in(world)
    made = answer.json()["data"]
    assert made["transaction_reference"].startswith("MPAYIN_")
    assert made["soleaspay_reference"].startswith("MLS")
    facts = ("amount", "fee_amount", "net_amount", "currency", "status", "service_used", "otp_required", "payment_url")
    assert [made[fact] for fact in facts] == [5000, 150, 4850, "XOF", "pending", "101", False, None]
    assert (await check(world, made)).json()["data"]["status"] == "pending"

    await world.post(f"transactions/{made['transaction_reference']}/pay", pin="0000")
    await world.flush()
    seen = (await check(world, made)).json()["data"]
    assert {name: seen[name] for name in ("order_id", "pay_id", "status", "amount", "currency")} == {
        "order_id": made["transaction_reference"], "pay_id": made["soleaspay_reference"], "status": "success",
        "amount": 5000, "currency": "XOF",
    }  # fmt: skip
    (callback,) = world.received
    assert callback.signature == ""
    assert callback.fields == {
        "order_id": made["transaction_reference"], "soleaspay_reference": made["soleaspay_reference"],
        "status": "SUCCESS", "amount": 5000, "currency": "XOF",
    }  # fmt: skip
    assert (await call(world, "balance")).json()["data"]["balance"] == await world.balance() == 4850


async def test_both_ids_are_asked_for(world: World) -> None:
    made = (await pay_in(world)).json()["data"]
    other = (await pay_in(world)).json()["data"]
    assert (await check(world, made, pay_id=other["soleaspay_reference"])).status_code == 404
    assert (await check(world, made, order_id="MPAYIN_NOBODY")).status_code == 404


async def test_a_service_with_an_otp_wants_the_right_one_and_needs_no_page(world: World) -> None:
    assert (await pay_in(world, "5")).status_code == 422
    assert (await pay_in(world, "5", "123456789")).status_code == 422
    assert (await pay_in(world, "5", "000000")).json() == {"success": False, "error": "INVALID_OTP"}
    made = (await pay_in(world, "5", "123456")).json()["data"]
    assert made["otp_required"] is True
    await world.flush(hurry=True)
    assert (await check(world, made)).json()["data"]["status"] == "success"


async def test_a_payout_takes_from_the_balance_and_is_told_only_where_an_address_is_registered(world: World) -> None:
    await world.turn(opening_balance=10_000, check_balance=True)
    made = (await pay_out(world, amount=2000)).json()["data"]
    assert made["transaction_reference"].startswith("MPAYOUT_")
    await world.flush(hurry=True)
    assert (await check(world, made)).json()["data"]["status"] == "success"
    assert await world.balance() == 8000
    assert world.received == []
    assert (await pay_out(world, amount=9000)).json()["error"] == "INSUFFICIENT_MERCHANT_BALANCE"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"amount": 99}, 422), ({"amount": 5000.0}, 422), ({"amount": "5000"}, 422), ({"currency": "XAF"}, 422),
        ({"currency": "EUR"}, 422), ({"wallet": "+22670123456"}, 422), ({"wallet": "7012"}, 422),
        ({"callback_url": "ftp://x"}, 422), ({"wallet": None}, 422),
    ],
)  # fmt: skip
async def test_a_field_that_is_wrong_is_named(world: World, changes: dict[str, object], status: int) -> None:
    answer = await pay_in(world, **changes)
    assert (answer.status_code, answer.json()["success"]) == (status, False)


async def test_the_headers_are_held_to(world: World) -> None:
    body = wish(world)
    assert (await call(world, "payins", body, operation="4", service="101")).status_code == 422
    assert (await call(world, "payins", body, operation="2")).status_code == 404
    assert (await call(world, "payins", body, operation="2", service="999")).status_code == 404


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [("unauthorized", 401, 0), ("server_error", 500, 0), ("error_after_acting", 500, 1),
     ("refused", 400, 0), ("refused_with_200", 200, 0), ("too_many_requests", 429, 0),
     ("forbidden", 403, 0)],
)  # fmt: skip
async def test_the_faults_are_those_of_the_other_dialect(world: World, fault: str, status: int, done: int) -> None:
    await world.turn(payout_fault=fault)
    assert (await pay_out(world)).status_code == status
    listed = (await world.client.get(f"{world.base}/api/transactions")).json()["transactions"]
    assert len(listed) == done


async def test_a_time_out_after_acting_leaves_a_transaction_nobody_was_told_of(world: World) -> None:
    await world.turn(deposit_fault="timeout_after_acting")
    with pytest.raises(httpx.HTTPError):
        await pay_in(world)
    (made,) = (await world.client.get(f"{world.base}/api/transactions")).json()["transactions"]
    assert made["description"] == "Cauri D-1"


@pytest.mark.parametrize(
    ("fault", "fields"),
    [
        ("amount_as_text", {"amount": "5000"}),
        ("status_missing", {"status": None}),
        ("reference_missing", {"soleaspay_reference": None}),
        ("reference_as_id", {"order_id": None}),
    ],
)
async def test_callbacks_are_bent_too(world: World, fault: str, fields: dict[str, object]) -> None:
    await world.turn(deposit_fault=fault)
    made = (await pay_in(world)).json()["data"]
    await world.post(f"transactions/{made['transaction_reference']}/pay", pin="0000")
    await world.flush()
    (callback,) = world.received
    assert {name: callback.fields.get(name) for name in fields} == fields


async def test_nested_callbacks_hold_everything_inside(world: World) -> None:
    await world.turn(deposit_fault="fields_nested")
    made = (await pay_in(world)).json()["data"]
    await world.post(f"transactions/{made['transaction_reference']}/pay", pin="0000")
    await world.flush()
    assert json.loads(world.received[0].raw)["data"]["order_id"] == made["transaction_reference"]


async def test_money_is_converted_between_the_zones(world: World) -> None:
    assert (await call(world, "convert-currency?amount=1000&from=XAF&to=XOF")).json()["data"]["amount"] == 1000
    assert (await call(world, "convert-currency?amount=10&from=EUR&to=XOF")).json()["data"]["amount"] == 6559
    assert (await call(world, "convert-currency?amount=x&from=EUR&to=XOF")).status_code == 422
