"""GetMiPay as a merchant and a payer see it: dialect A of its API, its payment page, its webhooks, its faults."""

from aiohttp import web

from sandbox.getmipay import api, control, courier, decisions, journal, knobs, pages, transactions, webhooks
from sandbox.getmipay.room import ROOM, Room
from sandbox.keys import SETTINGS, STORE


def add_routes(app: web.Application) -> None:
    """Serve everything under `/getmipay`."""
    app[STORE].create_tables(knobs.TABLES + transactions.TABLES + journal.TABLES + decisions.TABLES + webhooks.TABLES)
    app[ROOM] = Room(app[STORE], app[SETTINGS])
    app.cleanup_ctx.append(courier.employ_courier)
    app.add_routes([*api.routes, *control.routes, *pages.routes])
