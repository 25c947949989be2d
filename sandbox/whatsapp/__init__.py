"""A small WhatsApp over real HTTP: the Graph API of one business, its webhooks, and people who answer."""

from aiohttp import web

from sandbox.chat.answers import answering
from sandbox.chat.feeds import open_feed
from sandbox.keys import SETTINGS, STORE
from sandbox.telegram.world import WORLD
from sandbox.whatsapp import control, graph, people_api
from sandbox.whatsapp.courier import employ_courier
from sandbox.whatsapp.world import WHATSAPP, World


def add_routes(app: web.Application) -> None:
    """Furnish this room; Telegram's world must already be in the application, for the people live there."""
    app[WHATSAPP] = World(app[STORE], app[SETTINGS], app[WORLD].people)
    open_feed(app, "whatsapp", people_api.feed(app[WHATSAPP]))
    for route in (*control.routes(), *people_api.routes()):
        app.router.add_route(route.method, route.path, answering(route.handler))
    app.router.add_routes(graph.routes())
    app.cleanup_ctx.append(employ_courier)
