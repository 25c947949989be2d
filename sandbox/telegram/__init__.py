"""The sandbox's Telegram: the Bot API at `/telegram`, its knobs at `/telegram/api`."""

from aiohttp import web

from sandbox.keys import SETTINGS, STORE
from sandbox.telegram.endpoints import POLLS, routes, run_webhook
from sandbox.telegram.methods.receiving import Polls
from sandbox.telegram.world import WORLD, World


def add_routes(app: web.Application) -> None:
    """Open Telegram; needs the settings and the store in the application."""
    app[WORLD] = World(app[STORE], app[SETTINGS].bot_token)
    app[POLLS] = Polls()
    app.cleanup_ctx.append(run_webhook)
    app.add_routes(routes())
