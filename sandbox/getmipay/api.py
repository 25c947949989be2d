"""Dialect A of GetMiPay's API, as its guide describes it."""

import sqlite3

from aiohttp import web

from sandbox.getmipay import sdk
from sandbox.getmipay.answers import INSTEAD
from sandbox.getmipay.calls import Name, answered, bent, looked_up, read_json
from sandbox.getmipay.courier import COURIER
from sandbox.getmipay.decisions import Step, plan, settle
from sandbox.getmipay.faults import Fault
from sandbox.getmipay.orders import Kind, Order, read_order
from sandbox.getmipay.refusals import RefusalError
from sandbox.getmipay.room import Room
from sandbox.getmipay.signatures import is_same, is_signed
from sandbox.getmipay.transactions import Status, Transaction, find, insert, moment

routes = web.RouteTableDef()


@routes.post("/getmipay/v1/payments/initiate")
async def initiate_payment(request: web.Request) -> web.Response:
    return await _initiate(request, Kind.DEPOSIT)


@routes.post("/getmipay/v1/payouts/initiate")
async def initiate_payout(request: web.Request) -> web.Response:
    return await _initiate(request, Kind.PAYOUT)


@routes.get("/getmipay/v1/payments/{name}/status")
async def payment_status(request: web.Request) -> web.StreamResponse:
    """By our id or by the merchant's reference; payouts only with the knob, for nobody knows what the real API does.

    The Python SDK asks at the same address, with a header of its own.
    """
    if sdk.is_sdk(request):
        return await sdk.payment_status(request)
    name = request.match_info["name"]

    async def act(room: Room, name_call: Name) -> web.Response:
        _check_bearer(request, room)
        name_call(name)
        return await looked_up(request, room, lambda: _seen(room, name))

    return await answered(request, act)


async def _initiate(request: web.Request, kind: Kind) -> web.Response:
    async def act(room: Room, name_call: Name) -> web.Response:
        _check_bearer(request, room)
        order = read_order(kind, _signed_fields(await request.read(), room))
        fault = room.choose_fault(order)
        name_call(order.reference)
        return await _obey(request, room, order, fault)

    return await answered(request, act)


async def _obey(request: web.Request, room: Room, order: Order, fault: Fault | None) -> web.Response:
    knobs = room.knobs
    if instead := INSTEAD.get(fault):
        return await instead(request, knobs, knobs.refusal_code(order.kind))
    transaction = _accept(room, order, fault)
    if fault is Fault.WEBHOOK_BEFORE_ANSWER:
        settle(room, transaction, Status.SUCCESS)
        await request.app[COURIER].flush(transaction.id)
    answer = web.json_response({"success": True, **_promise(request, room, transaction)}, status=201)
    return await bent(request, room, fault, answer)


def _seen(room: Room, name: str) -> web.Response:
    transaction = find(room.store, name)
    if transaction is None or (transaction.kind is Kind.PAYOUT and not room.knobs.payout_status):
        raise RefusalError(404, "payment not found")
    return web.json_response(
        {
            "reference": transaction.reference,
            "status": transaction.status,
            "amount": transaction.received,
            "currency": transaction.currency,
            "created_at": moment(transaction.created_at),
        }
    )


def _check_bearer(request: web.Request, room: Room) -> None:
    if not is_same(request.headers.get("Authorization", ""), f"Bearer {room.settings.api_key}"):
        raise RefusalError(401, "invalid API key")


def _signed_fields(raw: bytes, room: Room) -> dict[str, object]:
    fields = read_json(raw)
    if not is_signed(fields, room.settings.secret_key):
        raise RefusalError(400, "invalid signature")
    if fields.get("api_key") != room.settings.api_key:
        raise RefusalError(401, "invalid api_key")
    if room.knobs.merchant_disabled:
        raise RefusalError(403, "merchant account disabled")
    return fields


def _accept(room: Room, order: Order, fault: Fault | None) -> Transaction:
    is_payout, knobs = order.kind is Kind.PAYOUT, room.knobs
    if is_payout and knobs.check_balance and order.amount > room.balance:
        raise RefusalError(400, code="INSUFFICIENT_MERCHANT_BALANCE")
    transaction = Transaction.from_order(order, fault, knobs.link_ttl_s)
    try:
        with room.store.transaction():
            insert(room.store, transaction)
            if is_payout:
                plan(room, transaction, Step(knobs.payout_delay_s, Status.SUCCESS))
    except sqlite3.IntegrityError as error:
        # The real API does not say what it does here. Refusing keeps clients from leaning on an idempotency
        # that may not exist.
        raise RefusalError(400, "duplicate reference") from error
    room.bell.set()
    return transaction


def _promise(request: web.Request, room: Room, transaction: Transaction) -> dict[str, str]:
    if transaction.kind is Kind.PAYOUT:
        return {room.knobs.payout_id_field: transaction.id}
    page = request.url.origin().with_path(f"/getmipay/pay/{transaction.id}")
    return {"transaction_id": transaction.id, "payment_url": str(page)}
