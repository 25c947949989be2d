"""What a payer sees on a phone, and a small dashboard for whoever tries the sandbox out."""

from datetime import UTC, datetime
from typing import Final, NamedTuple

import jinja2
from aiohttp import web

from sandbox.getmipay.decisions import pay, settle
from sandbox.getmipay.orders import Kind, Method
from sandbox.getmipay.room import ROOM, Room
from sandbox.getmipay.transactions import Status, Transaction, find, latest

routes = web.RouteTableDef()


class Brand(NamedTuple):
    """A payment method as payers know it: its name, its colour, the ink that reads on it, its initial."""

    name: str
    colour: str
    ink: str
    initial: str


BRANDS: Final = {
    Method.WAVE: Brand("Wave", "#1dc4ff", "#06263a", "W"),
    Method.ORANGE_MONEY: Brand("Orange Money", "#ff7900", "#1b0d00", "O"),
    Method.MOOV_MONEY: Brand("Moov Money", "#0060af", "#ffffff", "M"),
    Method.MTN_MONEY: Brand("MTN Money", "#ffcb05", "#12232e", "M"),
    Method.VISA: Brand("Visa", "#1a1f71", "#ffffff", "V"),
}
SENTENCES: Final = {
    "PIN incorrect": "Le code saisi est incorrect.",
    "CANCELLED": "Vous avez annulé ce paiement.",
    "EXPIRED": "Ce lien de paiement a expiré.",
    "INSUFFICIENT_BALANCE": "Le solde de votre compte est insuffisant.",
    "PAYER_LIMIT_REACHED": "Le plafond de votre compte est atteint.",
    "REVERSED": "Ce paiement a été remboursé.",
}
# The page comes with its own style and runs no script.
POLICY: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


@routes.get("/getmipay/pay/{id}")
async def show_payment(request: web.Request) -> web.Response:
    return _payment_page(request.app[ROOM], _deposit(request), just_done="fini" in request.query)


@routes.post("/getmipay/pay/{id}")
async def decide_payment(request: web.Request) -> web.Response:
    """« Payer » or « Annuler »; a decided payment is only shown again."""
    room, transaction = request.app[ROOM], _deposit(request)
    form = await request.post()
    if transaction.status is not Status.PENDING:
        raise web.HTTPSeeOther(request.path)
    if form.get("action") == "cancel":
        settle(room, transaction, Status.FAILED, "CANCELLED")
    else:
        pay(room, transaction, str(form.get("pin", "")).strip())
    # Redirected, so that reloading the page does not pay again.
    raise web.HTTPSeeOther(f"{request.path}?fini")


@routes.get("/getmipay")
@routes.get("/getmipay/")
async def show_dashboard(request: web.Request) -> web.Response:
    room = request.app[ROOM]
    return _render("dashboard.html", transactions=latest(room.store), balance=room.balance)


def _deposit(request: web.Request) -> Transaction:
    transaction = find(request.app[ROOM].store, request.match_info["id"])
    if transaction is None or transaction.kind is not Kind.DEPOSIT:
        page = _render("unknown.html")
        raise web.HTTPNotFound(text=page.text, content_type="text/html", headers=POLICY)
    return transaction


def _payment_page(room: Room, transaction: Transaction, *, just_done: bool) -> web.Response:
    is_open = transaction.status is Status.PENDING and not just_done
    return _render(
        "pay.html" if is_open else "result.html",
        payment=transaction,
        brand=BRANDS[transaction.method],
        merchant=room.knobs.merchant_name,
        just_done=just_done,
        sentence=SENTENCES.get(transaction.error or "", "L’opérateur a refusé ce paiement."),
    )


def _render(template: str, **facts: object) -> web.Response:
    text = _TEMPLATES.get_template(template).render(facts)
    return web.Response(text=text, content_type="text/html", headers=POLICY)


def _amount(francs: int) -> str:
    """Whole francs as people read them: narrow no-break spaces between thousands."""
    return f"{francs:,}".replace(",", "\u202f") + "\u00a0F\u00a0CFA"


def _masked(phone: str) -> str:
    return f"{phone[:4]}\u00a0••\u00a0••\u00a0••\u00a0{phone[-2:]}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d/%m/%Y à %H:%M")


_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("sandbox.getmipay"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)
_TEMPLATES.filters |= {"amount": _amount, "masked": _masked, "moment": _moment}
_TEMPLATES.globals["brands"] = BRANDS
