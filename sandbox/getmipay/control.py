"""The sandbox's own JSON API: whatever the pages show or do, for tests and for anybody."""

import json
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from sandbox.getmipay import journal, tokens
from sandbox.getmipay.courier import COURIER
from sandbox.getmipay.decisions import force, hurry, pay, settle
from sandbox.getmipay.knobs import turn_knobs
from sandbox.getmipay.orders import Kind
from sandbox.getmipay.room import ROOM
from sandbox.getmipay.signatures import canonical, sign
from sandbox.getmipay.statements import statement
from sandbox.getmipay.transactions import Status, Transaction, find, latest, passage_of
from sandbox.getmipay.webhooks import fields_of, store_webhook, webhooks_of

routes = web.RouteTableDef()


class Changes(RootModel[dict[str, object]]):
    """The knobs to turn."""


class Pin(BaseModel):
    pin: str


class Decision(BaseModel):
    status: Status
    error: str | None = None


class Letter(BaseModel):
    """One webhook: the transaction's own event, changed by `event` and `fields` (null leaves a field out)."""

    model_config = ConfigDict(extra="forbid")

    event: str | None = None
    fields: dict[str, object] = {}
    signature: str | None = None


class Flush(BaseModel):
    hurry: bool = False


@routes.get("/getmipay/api/knobs")
async def show_knobs(request: web.Request) -> web.Response:
    return web.json_response(request.app[ROOM].knobs.model_dump(mode="json"))


@routes.post("/getmipay/api/knobs")
async def change_knobs(request: web.Request) -> web.Response:
    changes = await _read(request, Changes)
    try:
        knobs = turn_knobs(request.app[ROOM].store, changes.root)
    except ValidationError as error:
        raise _bad_request(error) from error
    return web.json_response(knobs.model_dump(mode="json"))


@routes.get("/getmipay/api/balance")
async def show_balance(request: web.Request) -> web.Response:
    return web.json_response({"balance": request.app[ROOM].balance, "currency": "XOF"})


@routes.get("/getmipay/api/statement")
async def show_statement(request: web.Request) -> web.Response:
    room = request.app[ROOM]
    return web.Response(text=statement(room.store, room.knobs.statement_fault), content_type="text/csv")


@routes.get("/getmipay/api/requests")
async def list_requests(request: web.Request) -> web.Response:
    return web.json_response({"requests": journal.recent(request.app[ROOM].store)})


@routes.get("/getmipay/api/transactions")
async def list_transactions(request: web.Request) -> web.Response:
    found = latest(request.app[ROOM].store, request.query.get("reference"))
    return web.json_response({"transactions": [transaction.model_dump(mode="json") for transaction in found]})


@routes.get("/getmipay/api/transactions/{id}")
async def show_transaction(request: web.Request) -> web.Response:
    return _shown(request, _named(request))


@routes.post("/getmipay/api/transactions/{id}/pay")
async def pay_transaction(request: web.Request) -> web.Response:
    pay(request.app[ROOM], _payable(request), (await _read(request, Pin)).pin)
    return _shown(request, _named(request))


@routes.post("/getmipay/api/transactions/{id}/cancel")
async def cancel_transaction(request: web.Request) -> web.Response:
    settle(request.app[ROOM], _payable(request), Status.FAILED, "CANCELLED")
    return _shown(request, _named(request))


@routes.post("/getmipay/api/transactions/{id}/expire")
async def expire_transaction(request: web.Request) -> web.Response:
    settle(request.app[ROOM], _payable(request), Status.FAILED, "EXPIRED")
    return _shown(request, _named(request))


@routes.post("/getmipay/api/transactions/{id}/decide")
async def decide_transaction(request: web.Request) -> web.Response:
    """Whatever its state: frees what is stuck, pays an expired link, reverses a payment."""
    decision = await _read(request, Decision)
    force(request.app[ROOM], _named(request), decision.status, decision.error)
    return _shown(request, _named(request))


@routes.post("/getmipay/api/transactions/{id}/webhook")
async def send_webhook(request: web.Request) -> web.Response:
    room, transaction, letter = request.app[ROOM], _named(request), await _read(request, Letter)
    changed = fields_of(room, transaction) | ({"event": letter.event} if letter.event else {}) | letter.fields
    body = canonical({name: value for name, value in changed.items() if value is not None})
    honest = "" if passage_of(room.store, transaction.id) else sign(body, room.settings.webhook_secret)
    signature = letter.signature if letter.signature is not None else honest
    webhook_id = store_webhook(room, transaction, body, signature)
    room.bell.set()
    return web.json_response({"webhook_id": webhook_id, "body": body, "signature": signature}, status=202)


@routes.post("/getmipay/api/tokens/revoke")
async def revoke_tokens(request: web.Request) -> web.Response:
    """Every bearer token of dialect `v1` ends now."""
    return web.json_response({"revoked": tokens.revoke_all(request.app[ROOM])})


@routes.post("/getmipay/api/webhooks/flush")
async def flush_webhooks(request: web.Request) -> web.Response:
    """Answer once every due webhook has had one attempt; `hurry` first makes everything planned due."""
    if (await _read(request, Flush)).hurry:
        hurry(request.app[ROOM])
    return web.json_response({"attempted": await request.app[COURIER].flush()})


_Body = TypeVar("_Body", bound=BaseModel)


async def _read(request: web.Request, model: type[_Body]) -> _Body:
    """The body as `model`; none at all counts as `{}`."""
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise _bad_request(error) from error


def _named(request: web.Request) -> Transaction:
    transaction = find(request.app[ROOM].store, request.match_info["id"])
    if transaction is None:
        raise _problem(web.HTTPNotFound, "no such transaction")
    return transaction


def _payable(request: web.Request) -> Transaction:
    transaction = _named(request)
    if transaction.kind is Kind.PAYOUT:
        raise _problem(web.HTTPConflict, "nobody pays a payout: use decide")
    if transaction.status is not Status.PENDING:
        raise _problem(web.HTTPConflict, f"already {transaction.status}")
    return transaction


def _shown(request: web.Request, transaction: Transaction) -> web.Response:
    webhooks = webhooks_of(request.app[ROOM], transaction)
    return web.json_response({**transaction.model_dump(mode="json"), "webhooks": webhooks})


def _bad_request(error: ValidationError) -> web.HTTPError:
    first = error.errors()[0]
    return _problem(web.HTTPBadRequest, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}")


def _problem(kind: type[web.HTTPError], message: str) -> web.HTTPError:
    return kind(text=json.dumps({"error": message}), content_type="application/json")
