"""Dialect C as GetMiPay's own SDKs write it, byte for byte: the Python one signs, the JavaScript one does not."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.getmipay_world import World, opened_world

PYTHON = ("/v1", "/api/v1")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as world:
        yield world


def wish(world: World) -> dict[str, object]:
    return {
        "amount": 1000, "currency": "XAF", "wallet": "690000000", "customer_name": "John Doe",
        "customer_email": "john@example.com", "description": "Commande n° 123 é", "callback_url": world.door,
    }  # fmt: skip


def signed(method: str, path: str, body: str, key: str = "demo-api-key", at: int | None = None) -> dict[str, str]:
    """The headers of the Python SDK; it signs the path as it sees it."""
    stamp = str(int(time.time()) if at is None else at)
    signature = hmac.new(key.encode(), f"{method}\n{path}\n{stamp}\n{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "X-API-KEY": "demo-api-key", "x-timestamp": stamp, "x-signature": signature,
        "Content-Type": "application/json", "x-sdk-version": "1.0.0", "x-sdk-language": "python",
    }  # fmt: skip


async def python_call(world: World, base: str, path: str, body: dict[str, object], **headers: str) -> httpx.Response:
    text = json.dumps(body)
    return await world.client.post(
        f"{world.base}{base}{path}", content=text, headers=signed("POST", path, text) | headers
    )


@pytest.mark.parametrize("base", PYTHON)
async def test_the_python_sdk_pays_in_and_asks(world: World, base: str) -> None:
    made = await python_call(world, base, "/payments/payin", wish(world), operation="2", service="1")
    assert made.status_code == 201
    reference = made.json()["reference"]
    assert {name: made.json()[name] for name in ("status", "amount", "currency")} == {
        "status": "pending", "amount": 1000, "currency": "XAF",
    }  # fmt: skip
    await world.post(f"transactions/{reference}/pay", pin="0000")
    path = f"/payments/{reference}/status"
    seen = await world.client.get(f"{world.base}{base}{path}", headers=signed("GET", path, ""))
    assert (seen.json()["status"], seen.json()["reference"]) == ("success", reference)
    asked = {"order_id": reference, "pay_id": made.json()["pay_id"], "operation": "2", "service": "1"}
    assert (await python_call(world, base, "/payments/direct-status", asked)).json()["status"] == "success"


async def test_the_javascript_sdk_sends_no_signature(world: World) -> None:
    headers = {"X-API-KEY": "demo-api-key", "x-sdk-version": "1.0.0", "x-sdk-language": "javascript"}
    body = wish(world) | {"wallet": "+2250700000000"}
    made = await world.client.post(
        f"{world.base}/api/v1/payments/payin", json=body, headers=headers | {"operation": "2", "service": "2"}
    )
    assert made.status_code == 201
    asked = {"order_id": made.json()["reference"], "pay_id": made.json()["pay_id"], "operation": "2", "service": "2"}
    seen = await world.client.post(f"{world.base}/api/v1/payments/direct-status", json=asked, headers=headers)
    assert seen.json()["status"] == "pending"


async def test_a_wrong_key_signature_or_time_is_refused(world: World) -> None:
    address, text = f"{world.base}/v1/payments/payin", json.dumps(wish(world))
    path = "/payments/payin"
    headers = {"operation": "2", "service": "1"}
    for wrong in (
        signed("POST", path, text) | {"X-API-KEY": "no"},
        signed("POST", path, text, key="no"),
        signed("POST", path, text + " "),
        signed("POST", "/v1/payments/payin", text),
        signed("POST", path, text, at=1),
    ):
        assert (await world.client.post(address, content=text, headers=wrong | headers)).status_code == 401
    unnamed = signed("POST", path, text) | headers
    del unnamed["x-sdk-language"]
    assert (await world.client.post(address, content=text, headers=unnamed)).status_code == 400


async def test_an_sdk_does_not_see_what_the_guides_dialect_made(world: World) -> None:
    deposit = await world.deposit()
    path = f"/payments/{deposit['id']}/status"
    seen = await world.client.get(f"{world.base}/v1{path}", headers=signed("GET", path, ""))
    assert seen.status_code == 404
