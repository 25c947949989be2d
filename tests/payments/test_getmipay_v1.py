"""What we make of GetMiPay's answers in its dialect of production, whole and broken, over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from core import clock
from core.money import Money
from core.phones import Phone
from payments import Direction, GetMiPayV1, ServiceOffer
from payments.callback_token import callback_token, is_callback_token
from payments.failures import FailureCode
from payments.provider import Accepted, Declined, NoAnswer, NotKnown, NotSent, Order, Progress, Seen, Unclear
from payments.sealing import Seal
from payments.services import read_services
from tests.payments.kit import PHONE
from tests.payments.test_getmipay import access

DEPOSIT = Order(Direction.DEPOSIT, "D-1", Money(5000), PHONE, "orange_money", "5", "123456")
PAYOUT = Order(Direction.PAYOUT, "R-1", Money(2000), Phone("+22507123456"), "wave", "102")
TAKEN = {
    "transaction_reference": "MPAYIN_1", "soleaspay_reference": "MLS1", "amount": 5000, "fee_amount": 150,
    "net_amount": 4850, "currency": "XOF", "status": "pending", "payment_url": None,
}  # fmt: skip


class Stub:
    """A server with a token for whoever asks, which gives the answers it was told to."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.tokens = 0
        self.auth: list[web.Response] = []
        self.ended: set[str] = set()
        self.base = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/action/auth"):
            self.tokens += 1
            await asyncio.sleep(0.05)
            return self.auth.pop(0) if self.auth else says(token=f"T{self.tokens}", expires_at=None)
        self.asked.append((request.raw_path, dict(request.headers), await request.read()))
        return refuses(401) if request.headers["Authorization"] in self.ended else self.answers.pop(0)

    def bearers(self) -> list[str]:
        return [headers["Authorization"] for _, headers, _ in self.asked]


def says(**data: object) -> web.Response:
    return web.json_response({"success": True, "data": data})


def refuses(status: int, message: str = "no") -> web.Response:
    return web.json_response({"success": False, "message": message}, status=status)


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
async def getmipay(stub: Stub) -> AsyncIterator[GetMiPayV1]:
    async with GetMiPayV1(access(f"{stub.base}/api/v1"), whole_call_s=20) as getmipay:
        yield getmipay


async def test_a_deposit_is_asked_as_the_reference_says(stub: Stub, getmipay: GetMiPayV1) -> None:
    stub.answers = [says(**TAKEN)]
    assert await getmipay.initiate(DEPOSIT) == Accepted("MPAYIN_1", None, "MLS1", 150)
    ((path, headers, body),) = stub.asked
    assert path == "/api/v1/payins"
    assert {name: headers[name] for name in ("Authorization", "operation", "service", "otp")} == {
        "Authorization": "Bearer T1", "operation": "2", "service": "5", "otp": "123456",
    }  # fmt: skip
    token = callback_token("the secret", "D-1")
    assert json.loads(body) == {
        "amount": 5000, "currency": "XOF", "wallet": "22670123456", "description": "Cauri D-1",
        "customer_name": "Client Cauri",
        "callback_url": f"https://cauri.example/webhook/getmipay/?reference=D-1&token={token}",
    }  # fmt: skip
    assert is_callback_token("the secret", "D-1", token)
    assert not is_callback_token("the secret", "D-2", token)
    assert "123456" not in repr(DEPOSIT)


async def test_a_payout_is_asked_without_an_address_or_a_code(stub: Stub, getmipay: GetMiPayV1) -> None:
    stub.answers = [says(transaction_reference="MPAYOUT_1", payment_url="javascript:alert(1)")]
    assert await getmipay.initiate(PAYOUT) == Accepted("MPAYOUT_1", None)
    ((path, headers, body),) = stub.asked
    assert (path, headers["operation"], "otp" in headers) == ("/api/v1/payouts", "4", False)
    assert "callback_url" not in json.loads(body)


async def test_a_method_no_service_serves_is_declined_without_a_call(stub: Stub, getmipay: GetMiPayV1) -> None:
    outcome = await getmipay.initiate(replace(PAYOUT, service=None))
    assert isinstance(outcome, Declined)
    assert outcome.code is FailureCode.OPERATOR_DOWN
    assert (stub.asked, stub.tokens) == ([], 0)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda: refuses(422, "AMOUNT_OUT_OF_BOUNDS"), Declined(FailureCode.AMOUNT, "AMOUNT_OUT_OF_BOUNDS")),
        (lambda: refuses(403), Declined(FailureCode.OPERATOR_DOWN, "403 no")),
        (lambda: refuses(200, "lune"), Declined(FailureCode.UNKNOWN, "lune")),
        (lambda: refuses(500), Unclear("status 500")),
        (says, Unclear("accepted without an id")),
        (lambda: web.json_response({"success": True, "data": []}), Unclear("accepted without an id")),
        (lambda: web.Response(status=401, text="<html>"), Unclear("status 401, not JSON in UTF-8")),
        (lambda: web.json_response({}, status=429, headers={"Retry-After": "7"}),
         NotSent("too many requests", timedelta(seconds=7))),
    ],
)  # fmt: skip
async def test_every_answer_is_a_yes_a_no_or_unclear(stub: Stub, getmipay: GetMiPayV1, answer, outcome) -> None:
    stub.answers = [answer()]
    assert await getmipay.initiate(PAYOUT) == outcome
    assert len(stub.asked) == 1


@pytest.mark.parametrize("wrong", [{"net_amount": 4000}, {"fee_amount": None}, {"fee_amount": 150.5}])
async def test_a_fee_that_does_not_add_up_is_none(stub: Stub, getmipay: GetMiPayV1, wrong: dict[str, object]) -> None:
    stub.answers = [says(**{**TAKEN, **wrong})]
    outcome = await getmipay.initiate(DEPOSIT)
    assert isinstance(outcome, Accepted)
    assert outcome.fee == 0


async def test_one_token_serves_all_and_many_callers_wait_for_one(stub: Stub, getmipay: GetMiPayV1) -> None:
    stub.answers = [says(**TAKEN) for _ in range(20)]
    await asyncio.gather(*(getmipay.initiate(PAYOUT) for _ in range(20)))
    assert stub.tokens == 1
    stub.answers, stub.ended = [says(**TAKEN) for _ in range(20)], {"Bearer T1"}
    outcomes = await asyncio.gather(*(getmipay.initiate(PAYOUT) for _ in range(20)))
    assert stub.tokens == 2
    assert {type(outcome) for outcome in outcomes} == {Accepted}
    assert stub.bearers().count("Bearer T2") == 20


async def test_a_call_is_repeated_once_and_no_more(stub: Stub, getmipay: GetMiPayV1) -> None:
    stub.answers = [refuses(401), refuses(401)]
    assert await getmipay.initiate(PAYOUT) == Declined(FailureCode.OPERATOR_DOWN, "401 no")
    assert (len(stub.asked), stub.tokens) == (2, 2)


@pytest.mark.parametrize(
    ("told", "after"),
    [
        ("2100-01-01T00:00:00+00:00", None), ("2100-01-01T00:00:00Z", None), ("2100-01-01 00:00:00", None),
        (4_102_444_800, None), (4_102_444_800_000, None), ("soon", 12), (None, 12), (10**18, 12),
    ],
)  # fmt: skip
async def test_a_token_is_renewed_before_its_end_however_that_is_told(
    stub: Stub, getmipay: GetMiPayV1, told: object, after: int | None
) -> None:
    stub.auth = [says(token="T1", expires_at=told)]
    stub.answers = [says(**TAKEN) for _ in range(3)]
    await getmipay.initiate(PAYOUT)
    with clock.ahead(timedelta(hours=11)):
        await getmipay.initiate(PAYOUT)
    assert stub.tokens == 1
    with clock.ahead(timedelta(hours=12)):
        await getmipay.initiate(PAYOUT)
    assert stub.tokens == (2 if after else 1)


@pytest.mark.parametrize(
    ("auth", "outcome"),
    [
        (lambda: refuses(500), NotSent("no token: status 500")),
        (says, NotSent("no token: status 200")),
        (lambda: web.json_response({"data": []}), NotSent("no token: status 200")),
        (lambda: web.Response(text="["), NotSent("no token: status 200, not JSON in UTF-8")),
        (lambda: says(token="é", expires_at=None), NotSent("no token: status 200")),
        (lambda: refuses(403), Declined(FailureCode.OPERATOR_DOWN, "403 no token: our keys are not accepted")),
    ],
)
async def test_without_a_token_nothing_was_asked_for(stub: Stub, getmipay: GetMiPayV1, auth, outcome) -> None:
    stub.auth = [auth(), auth(), auth()]
    assert await getmipay.initiate(PAYOUT) == outcome
    assert stub.asked == []
    assert isinstance(await getmipay.look_up(Direction.PAYOUT, "R-1", "MPAYOUT_1", "MLS1"), NoAnswer)
    assert await getmipay.services() is None


async def test_what_cannot_be_reached_was_surely_not_asked_for() -> None:
    async with GetMiPayV1(access("http://127.0.0.1:1")) as getmipay:
        assert await getmipay.initiate(PAYOUT) == NotSent("no token: ConnectError")
        assert isinstance(await getmipay.look_up(Direction.PAYOUT, "R-1", "MPAYOUT_1"), NoAnswer)


@pytest.mark.parametrize(
    ("answer", "sighting"),
    [
        (lambda: says(order_id="M", pay_id="MLS1", status="success", amount=5000, currency="XOF"),
         Seen(Progress.SUCCEEDED, Money(5000))),
        (lambda: says(order_id="M", status="PROCESSING", amount=5000, currency="XOF"),
         Seen(Progress.PENDING, Money(5000))),
        (lambda: says(order_id="M", status="failed", amount=None), Seen(Progress.FAILED, None)),
        (lambda: says(order_id="other", status="success", amount=5000), NoAnswer("an answer about something else")),
        (lambda: says(order_id="M", status="lost"), NoAnswer("an answer about something else")),
        (lambda: refuses(404), NotKnown()),
        (lambda: refuses(200), NoAnswer("status 200")),
        (lambda: refuses(500), NoAnswer("status 500")),
        (lambda: web.Response(text="["), NoAnswer("status 200")),
    ],
)  # fmt: skip
async def test_a_look_up_is_believed_only_when_it_is_about_this_payment(
    stub: Stub, getmipay: GetMiPayV1, answer, sighting
) -> None:
    stub.answers = [answer()]
    assert await getmipay.look_up(Direction.DEPOSIT, "D-1", "M", "MLS1") == sighting
    assert json.loads(stub.asked[0][2]) == {"order_id": "M", "pay_id": "MLS1", "operation": "2"}


async def test_without_an_id_there_is_nothing_to_ask_by(stub: Stub, getmipay: GetMiPayV1) -> None:
    assert isinstance(await getmipay.look_up(Direction.DEPOSIT, "D-1", None), NoAnswer)
    assert (stub.asked, stub.tokens) == ([], 0)


async def test_services_are_read_one_by_one(stub: Stub, getmipay: GetMiPayV1) -> None:
    orange = {
        "id": 5, "name": "OM BF", "description": "ORANGE MONEY BF", "country_code": "BF", "withdrawable": True,
        "depositable": True, "is_active": True, "currency": "XOF", "min_amount": 100, "max_amount": 1_000_000,
    }  # fmt: skip
    stub.answers = [
        says(all_services=[
            orange, {**orange, "id": "6", "is_active": False}, {**orange, "id": "7", "name": "X", "description": ""},
            {**orange, "id": "1", "currency": "XAF", "country_code": "CM"}, {**orange, "min_amount": "many"}, "no",
            {**orange, "id": "x" * 30}, {**orange, "id": "8", "country_code": "Burkina"}, {**orange, "id": True},
            {**orange, "id": "9", "currency": None},
        ])
    ]  # fmt: skip
    offers = await getmipay.services()
    assert offers is not None
    assert [(offer.id, offer.method, offer.depositable) for offer in offers] == [
        ("5", "orange_money", True), ("6", "orange_money", False), ("7", None, True), ("1", None, True),
    ]  # fmt: skip
    assert offers[0] == ServiceOffer("5", "OM BF", "orange_money", "BF", "XOF", True, True, 100, 1_000_000)
    assert read_services(None) is None


def test_a_sealed_code_is_opened_with_its_key_and_for_ten_minutes() -> None:
    sealed = Seal("the secret").close("123456")
    assert "123456" not in sealed
    assert Seal("the secret").open(sealed) == "123456"
    assert Seal("another").open(sealed) is None
    assert Seal("the secret").open("nonsense") is None
    with clock.ahead(timedelta(minutes=9)):
        assert Seal("the secret").open(sealed) == "123456"
    with clock.ahead(timedelta(minutes=11)):
        assert Seal("the secret").open(sealed) is None
