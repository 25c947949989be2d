"""What we make of GetMiPay's answers, whole and broken, over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from core.money import Money
from payments import Access, Direction, GetMiPay, sign
from payments.failures import FailureCode
from payments.provider import Accepted, Declined, NoAnswer, NotKnown, NotSent, Order, Progress, Seen, Unclear
from tests.payments.kit import PHONE

DEPOSIT = Order(Direction.DEPOSIT, "D-1", Money(5000), PHONE, "wave")
PAYOUT = Order(Direction.PAYOUT, "R-1", Money(2000), PHONE, "orange_money")


class Stub:
    """A server that gives the answer it was told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.base = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.raw_path, dict(request.headers), await request.read()))
        if not self.answers:
            await asyncio.sleep(5)
        return self.answers.pop(0)

    def will_say(self, body: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers.append(web.Response(text=text, status=status, headers=headers))


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    stub = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stub.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield stub
    await runner.cleanup()


@pytest.fixture
async def getmipay(stub: Stub) -> AsyncIterator[GetMiPay]:
    async with GetMiPay(access(f"{stub.base}/sub/"), whole_call_s=1) as getmipay:
        yield getmipay


def access(url: str) -> Access:
    return Access(
        url, "the key", "the secret", "https://cauri.example/webhook/getmipay/", "https://cauri.example/retour"
    )


async def test_a_deposit_is_asked_as_the_guide_says_and_signed(stub: Stub, getmipay: GetMiPay) -> None:
    stub.will_say({"success": True, "transaction_id": "TXN1", "payment_url": "https://getmipay.com/payment/TXN1"}, 201)
    assert await getmipay.initiate(DEPOSIT) == Accepted("TXN1", "https://getmipay.com/payment/TXN1")
    ((path, headers, body),) = stub.asked
    fields = json.loads(body)
    signature = fields.pop("signature")
    assert path == "/sub/v1/payments/initiate"
    assert headers["Authorization"] == "Bearer the key"
    assert headers["Content-Type"] == "application/json"
    assert signature == sign(fields, "the secret")
    assert fields == {
        "api_key": "the key", "amount": 5000, "currency": "XOF", "phone_number": "+22670123456", "method": "wave",
        "reference": "D-1", "callback_url": "https://cauri.example/webhook/getmipay/?reference=D-1",
        "return_url": "https://cauri.example/retour?reference=D-1", "description": "Cauri D-1",
    }  # fmt: skip


async def test_a_payout_is_asked_without_a_page_to_return_to(stub: Stub, getmipay: GetMiPay) -> None:
    for name in ("payout_id", "transaction_id"):
        stub.will_say({"success": True, name: "PAYOUT1"})
        assert await getmipay.initiate(PAYOUT) == Accepted("PAYOUT1", None)
    path, _, body = stub.asked[0]
    assert path == "/sub/v1/payouts/initiate"
    assert "return_url" not in json.loads(body)


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        ({"success": False, "error": "PAYEE_NOT_FOUND"}, 200, Declined(FailureCode.NO_ACCOUNT, "PAYEE_NOT_FOUND")),
        ({"message": "Solde insuffisant"}, 400, Declined(FailureCode.PAYER_FUNDS, "Solde insuffisant")),
        ({"error": "amount: invalid"}, 400, Declined(FailureCode.REFUSED, "amount: invalid")),
        ({"success": False}, 422, Declined(FailureCode.REFUSED, "")),
        ({"success": False, "message": "lune"}, 200, Declined(FailureCode.UNKNOWN, "lune")),
        ({"message": "bad key"}, 401, Declined(FailureCode.OPERATOR_DOWN, "401 bad key")),
        ({"message": "not allowed"}, 403, Declined(FailureCode.OPERATOR_DOWN, "403 not allowed")),
        ({"success": False, "message": "duplicate reference"}, 400, Unclear("duplicate reference")),
        ({"success": True}, 200, Unclear("accepted without an id")),
        ({"success": True, "transaction_id": "é"}, 200, Unclear("accepted without an id")),
        ({"success": "true", "transaction_id": "TXN"}, 200, Unclear("status 200 without a decision")),
        ({}, 400, Unclear("status 400 without a decision")),
        ("<html>Forbidden</html>", 403, Unclear("status 403, not JSON in UTF-8")),
        ("[]", 200, Unclear("status 200, not an object")),
        ('{"success": true, "success": false}', 200, Unclear("status 200, duplicate keys")),
        ({"success": False, "error": "PAYEE_NOT_FOUND"}, 500, Unclear("status 500")),
        ({"success": False, "error": "PAYEE_NOT_FOUND"}, 409, Unclear("status 409")),
        ({"success": False}, 408, Unclear("status 408")),
        ("", 302, Unclear("status 302")),
        ({"success": False, "error": 5, "message": "OTP"}, 400, Declined(FailureCode.OTP, "OTP")),
    ],
)  # fmt: skip
async def test_every_answer_is_a_yes_a_no_or_unclear(
    stub: Stub, getmipay: GetMiPay, body, status: int, outcome
) -> None:
    stub.will_say(body, status, {"Location": f"{stub.base}/elsewhere"} if status == 302 else None)
    assert await getmipay.initiate(PAYOUT) == outcome
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    ("asked", "granted"),
    [("7", 7), ("0", 0), ("99999", 300), ("9" * 30, 300), ("Wed, 21 Oct 2026 07:28:00 GMT", None), (None, None)],
)  # fmt: skip
async def test_too_many_requests_is_unsent_and_waits_a_capped_time(
    stub: Stub, getmipay: GetMiPay, asked: str | None, granted: int | None
) -> None:
    stub.will_say({"message": "slow down"}, 429, {"Retry-After": asked} if asked else None)
    wait = None if granted is None else timedelta(seconds=granted)
    assert await getmipay.initiate(DEPOSIT) == NotSent("too many requests", wait)


async def test_a_connection_that_cannot_be_opened_is_surely_unsent() -> None:
    for url in ("http://127.0.0.1:1", "https://no-such-host.invalid"):
        async with GetMiPay(access(url)) as getmipay:
            assert await getmipay.initiate(PAYOUT) == NotSent("ConnectError")
            assert isinstance(await getmipay.look_up(Direction.PAYOUT, "R-1", None), NoAnswer)


async def test_silence_and_a_dropped_connection_are_unclear(stub: Stub, getmipay: GetMiPay) -> None:
    assert isinstance(await getmipay.initiate(PAYOUT), Unclear)

    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    stub.answer = hang_up
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hang_up)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with GetMiPay(access(f"http://127.0.0.1:{runner.addresses[0][1]}")) as other:
        assert isinstance(await other.initiate(PAYOUT), Unclear)
        assert isinstance(await other.look_up(Direction.DEPOSIT, "D-1", "TXN"), NoAnswer)
    await runner.cleanup()


@pytest.mark.parametrize(
    ("body", "status", "sighting"),
    [
        ({"reference": "D-1", "status": "success", "amount": 5000, "currency": "XOF"}, 200,
         Seen(Progress.SUCCEEDED, Money(5000))),
        ({"reference": "TXN", "status": "SUCCESS", "amount": "5000", "currency": "XAF"}, 200,
         Seen(Progress.SUCCEEDED, Money(5000, "XAF"))),
        ({"reference": "D-1", "status": "pending"}, 200, Seen(Progress.PENDING, None)),
        ({"reference": "D-1", "status": "failed", "amount": 5000}, 200, Seen(Progress.FAILED, None)),
        ({"reference": "D-2", "status": "failed", "amount": 5000}, 200, NoAnswer("an answer about something else")),
        ({"status": "failed"}, 200, NoAnswer("an answer about something else")),
        ({"reference": "D-1", "status": "lost"}, 200, NoAnswer("an answer about something else")),
        ("[", 200, NoAnswer("not JSON in UTF-8")),
        ({}, 500, NoAnswer("status 500")),
        ({}, 401, NoAnswer("status 401")),
    ],
)  # fmt: skip
async def test_a_look_up_is_believed_only_when_it_is_about_this_payment(
    stub: Stub, getmipay: GetMiPay, body, status: int, sighting
) -> None:
    stub.will_say(body, status)
    assert await getmipay.look_up(Direction.DEPOSIT, "D-1", "TXN") == sighting
    assert stub.asked[0][0] == "/sub/v1/payments/TXN/status"


async def test_a_look_up_asks_by_their_id_and_then_by_our_reference(stub: Stub, getmipay: GetMiPay) -> None:
    stub.will_say({}, 404)
    stub.will_say({"reference": "D-1", "status": "pending"})
    assert await getmipay.look_up(Direction.DEPOSIT, "D-1", "TXN/1") == Seen(Progress.PENDING, None)
    assert [path for path, _, _ in stub.asked] == ["/sub/v1/payments/TXN%2F1/status", "/sub/v1/payments/D-1/status"]
    stub.will_say({}, 404)
    assert await getmipay.look_up(Direction.DEPOSIT, "D-1", None) == NotKnown()


def test_keys_never_travel_in_the_clear() -> None:
    for url in ("http://api.getmipay.com", "ftp://api.getmipay.com", "api.getmipay.com"):
        with pytest.raises(ValueError, match="https"):
            access(url)
    assert repr(access("https://api.getmipay.com")) == "Access(https://api.getmipay.com)"
