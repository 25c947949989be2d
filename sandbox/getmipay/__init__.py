"""GetMiPay as a merchant and a payer see it: its API in three dialects, its payment page, its webhooks, its faults."""

from aiohttp import web

from sandbox.getmipay import (
    api,
    control,
    courier,
    decisions,
    journal,
    knobs,
    pages,
    sdk,
    tokens,
    transactions,
    v1,
    webhooks,
)
from sandbox.getmipay.room import ROOM, Room
from sandbox.keys import SETTINGS, STORE

_TABLES = "\n".join(room.TABLES for room in (knobs, tokens, transactions, journal, decisions, webhooks))


def add_routes(app: web.Application) -> None:
    """Serve everything under `/getmipay`."""
    app[STORE].create_tables(_TABLES)
    app[ROOM] = Room(app[STORE], app[SETTINGS])
    app.cleanup_ctx.append(courier.employ_courier)
    app.add_routes([*api.routes, *v1.routes, *sdk.routes, *control.routes, *pages.routes])
