"""Dialect `v1` of GetMiPay's API: the one it publishes for production."""

from decimal import Decimal

from aiohttp import web

from sandbox.getmipay import tokens
from sandbox.getmipay.calls import Name, answered, looked_up, read_json
from sandbox.getmipay.orders import Kind, Method
from sandbox.getmipay.passages import Wish, find_passage, obey, send_off
from sandbox.getmipay.refusals import RefusalError
from sandbox.getmipay.room import Room
from sandbox.getmipay.services import Service, catalogue
from sandbox.getmipay.signatures import is_same
from sandbox.getmipay.transactions import Transaction, moment, passage_of

routes = web.RouteTableDef()

# The franc's two zones are at par, and both are fixed against the euro; the dollar is made up.
_FRANCS_TO = {"XAF": Decimal(1), "XOF": Decimal(1), "EUR": Decimal("655.957"), "USD": Decimal(600)}


@routes.post("/getmipay/api/v1/action/auth")
async def authenticate(request: web.Request) -> web.Response:
    async def act(room: Room, _: Name) -> web.Response:
        keys = read_json(await request.read())
        known = is_same(str(keys.get("public_apikey")), room.settings.api_key)
        if not (known and is_same(str(keys.get("private_secretkey")), room.settings.secret_key)):
            raise RefusalError(401, "invalid API keys")
        token, expires_at = tokens.issue(room)
        return _data(token=token, expires_at=moment(expires_at), token_type="bearer")  # noqa: S106 (a kind)

    return await answered(request, act)


@routes.post("/getmipay/api/v1/action/check-api-key")
async def check_api_key(request: web.Request) -> web.Response:
    """Without a token: whether a secret key is good."""

    async def act(room: Room, _: Name) -> web.Response:
        given = read_json(await request.read()).get("secret_apikey")
        if not is_same(str(given), room.settings.secret_key):
            raise RefusalError(401, "invalid API key")
        is_active = not room.knobs.merchant_disabled
        key = {"status": "active" if is_active else "disabled", "is_active": is_active}
        return _data(api_key=key, merchant={"id": 1, "business_name": room.knobs.merchant_name})

    return await answered(request, act)


@routes.post("/getmipay/api/v1/payins")
async def pay_in(request: web.Request) -> web.Response:
    return await _pass(request, Kind.DEPOSIT)


@routes.post("/getmipay/api/v1/payouts")
async def pay_out(request: web.Request) -> web.Response:
    return await _pass(request, Kind.PAYOUT)


@routes.post("/getmipay/api/v1/transaction-check")
async def check_transaction(request: web.Request) -> web.Response:
    async def act(room: Room, name_call: Name) -> web.Response:
        tokens.check(room, request)
        asked = read_json(await request.read())
        name_call(str(asked.get("order_id")))
        return await looked_up(request, room, lambda: _checked(room, asked))

    return await answered(request, act)


@routes.get("/getmipay/api/v1/balance")
async def show_balance(request: web.Request) -> web.Response:
    async def act(room: Room, _: Name) -> web.Response:
        tokens.check(room, request)
        return _data(balance=room.balance, currency="XOF", merchant_name=room.knobs.merchant_name)

    return await answered(request, act)


@routes.get("/getmipay/api/v1/services")
async def list_services(request: web.Request) -> web.Response:
    async def act(room: Room, _: Name) -> web.Response:
        tokens.check(room, request)
        # The real one lists what is active; what a merchant may not use is not there.
        active = [service for service in catalogue(room.knobs.services).values() if service.is_active]
        countries = sorted({service.country_code for service in active})
        return _data(
            all_services=_shown(active),
            services_by_country={
                code: _shown([each for each in active if each.country_code == code]) for code in countries
            },
            payin_services=_shown([service for service in active if service.depositable]),
            payout_services=_shown([service for service in active if service.withdrawable]),
        )

    return await answered(request, act)


@routes.get("/getmipay/api/v1/convert-currency")
async def convert_currency(request: web.Request) -> web.Response:
    async def act(room: Room, _: Name) -> web.Response:
        tokens.check(room, request)
        amount, source, target = (request.query.get(name, "") for name in ("amount", "from", "to"))
        if not amount.isdecimal() or not {source, target} <= _FRANCS_TO.keys():
            raise RefusalError(422, "amount, from, to: a whole amount and two of XAF, XOF, USD, EUR")
        return _data(amount=int(Decimal(amount) * _FRANCS_TO[source] / _FRANCS_TO[target]), currency=target)

    return await answered(request, act)


async def _pass(request: web.Request, kind: Kind) -> web.Response:
    async def act(room: Room, name_call: Name) -> web.Response:
        tokens.check(room, request)
        made = await obey(request, room, kind, Wish, name_call)
        if isinstance(made, web.Response):
            return made
        promise = {"success": True, "data": _promise(request, room, made)}
        return await send_off(request, room, made, promise, 200)

    return await answered(request, act)


def _promise(request: web.Request, room: Room, transaction: Transaction) -> dict[str, object]:
    passage = passage_of(room.store, transaction.id)
    assert passage is not None  # noqa: S101 - written with the transaction
    service = catalogue(room.knobs.services)[passage.service]
    both: dict[str, object] = {
        "transaction_reference": transaction.id,
        "soleaspay_reference": passage.pay_id,
        "amount": transaction.amount,
        "currency": transaction.currency,
        "status": "pending",
    }
    if transaction.kind is Kind.PAYOUT:
        return both
    fee = transaction.amount * room.knobs.fee_basis_points // 10_000
    address = transaction.callback_url or room.settings.webhook_url
    return both | {
        "fee_amount": fee,
        "net_amount": transaction.amount - fee,
        "service_used": service.id,
        "service_name": service.name,
        "otp_required": service.asks_otp,
        "payment_url": _page(request, service, transaction),
        "webhook_urls": {"success": address, "failure": address},
    }


def _page(request: web.Request, service: Service, transaction: Transaction) -> str | None:
    """Wave is paid on a page; the others ask on the telephone."""
    if service.method is not Method.WAVE:
        return None
    return str(request.url.origin().with_path(f"/getmipay/pay/{transaction.id}"))


def _checked(room: Room, asked: dict[str, object]) -> web.Response:
    transaction, passage = find_passage(room, asked.get("order_id"), asked.get("pay_id"))
    return _data(
        order_id=transaction.id,
        pay_id=passage.pay_id,
        status=transaction.status.value,
        amount=transaction.received,
        currency=transaction.currency,
        created_at=moment(transaction.created_at),
    )


def _shown(services: list[Service]) -> list[dict[str, object]]:
    return [service.model_dump(mode="json") for service in services]


def _data(**fields: object) -> web.Response:
    return web.json_response({"success": True, "data": fields})
