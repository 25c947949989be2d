"""Dialect C: what GetMiPay's two SDKs send. Each is at home at another base, and both are served at both.

The Python SDK signs its calls, the JavaScript one does not: a signature is asked for where there is a time stamp.
"""

import hashlib
import hmac
import time

from aiohttp import web

from sandbox.getmipay.calls import Name, answered, looked_up, read_json
from sandbox.getmipay.orders import Kind
from sandbox.getmipay.passages import OPERATIONS, SdkWish, find_passage, obey, send_off
from sandbox.getmipay.refusals import RefusalError
from sandbox.getmipay.room import Room
from sandbox.getmipay.signatures import is_same
from sandbox.getmipay.transactions import Transaction, find, moment, passage_of

routes = web.RouteTableDef()

# The Python SDK's sandbox, and everybody else's home.
BASES = ("/getmipay/v1", "/getmipay/api/v1")
_CLOCKS_APART_S = 300


def is_sdk(request: web.Request) -> bool:
    """Whether an SDK asks: it has a header of its own for the key."""
    return "X-API-KEY" in request.headers


@routes.post("/getmipay/v1/payments/payin")
@routes.post("/getmipay/api/v1/payments/payin")
async def pay_in(request: web.Request) -> web.Response:
    async def act(room: Room, name_call: Name) -> web.Response:
        await _check_key(request, room)
        made = await obey(request, room, Kind.DEPOSIT, SdkWish, name_call)
        if isinstance(made, web.Response):
            return made
        return await send_off(request, room, made, _told(room, made), 201)

    return await answered(request, act)


@routes.post("/getmipay/v1/payments/direct-status")
@routes.post("/getmipay/api/v1/payments/direct-status")
async def direct_status(request: web.Request) -> web.Response:
    async def act(room: Room, name_call: Name) -> web.Response:
        await _check_key(request, room)
        asked = read_json(await request.read())
        name_call(str(asked.get("order_id")))
        if asked.get("operation") != OPERATIONS[Kind.DEPOSIT]:
            raise RefusalError(422, "operation: must be 2")
        return await looked_up(
            request, room, lambda: _seen(room, find_passage(room, asked.get("order_id"), asked.get("pay_id"))[0])
        )

    return await answered(request, act)


@routes.get("/getmipay/api/v1/payments/{name}/status")
async def payment_status(request: web.Request) -> web.Response:
    name = request.match_info["name"]

    async def act(room: Room, name_call: Name) -> web.Response:
        await _check_key(request, room)
        name_call(name)
        return await looked_up(request, room, lambda: _seen(room, find(room.store, name)))

    return await answered(request, act)


async def _check_key(request: web.Request, room: Room) -> None:
    if not is_same(request.headers.get("X-API-KEY", ""), room.settings.api_key):
        raise RefusalError(401, "invalid API key")
    if not request.headers.get("x-sdk-version") or not request.headers.get("x-sdk-language"):
        raise RefusalError(400, "x-sdk-version and x-sdk-language are missing")
    stamp = request.headers.get("x-timestamp")
    if stamp is not None:
        _check_signature(request, stamp, (await request.read()).decode(errors="replace"), room.settings.api_key)


def _check_signature(request: web.Request, stamp: str, body: str, key: str) -> None:
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > _CLOCKS_APART_S:
        raise RefusalError(401, "x-timestamp is not of now")
    # They sign the path as they see it, without the base before it.
    path = next(request.path.removeprefix(base) for base in BASES if request.path.startswith(f"{base}/"))
    text = f"{request.method}\n{path}\n{stamp}\n{body}"
    expected = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    if not is_same(request.headers.get("x-signature", ""), expected):
        raise RefusalError(401, "invalid x-signature")


def _seen(room: Room, transaction: Transaction | None) -> web.Response:
    if transaction is None or transaction.kind is Kind.PAYOUT or passage_of(room.store, transaction.id) is None:
        raise RefusalError(404, "payment not found")
    return web.json_response(_told(room, transaction))


def _told(room: Room, transaction: Transaction) -> dict[str, object]:
    passage = passage_of(room.store, transaction.id)
    return {
        "reference": transaction.id,
        "status": transaction.status.value,
        "amount": transaction.received,
        "currency": transaction.currency,
        "created_at": moment(transaction.created_at),
        # No paper of theirs says where the second id of direct-status comes from: here, besides what is known.
        "pay_id": passage.pay_id if passage else None,
    }
