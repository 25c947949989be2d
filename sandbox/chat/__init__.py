"""The chat page at `/`, and the JSON API at `/chat/api` that does what the page does."""

from pathlib import Path
from typing import Final

from aiohttp import web

from sandbox.chat import api, events, group_api
from sandbox.chat.answers import answering
from sandbox.chat.feeds import open_feed
from sandbox.telegram.world import WORLD

STATIC: Final = Path(__file__).parent / "static"

# Nothing on the page comes from elsewhere but the Mini Apps of this machine, and no message can bring a script along.
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; frame-src http://127.0.0.1:* http://localhost:*;"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
}


def add_routes(app: web.Application) -> None:
    """Open the page; Telegram's world must already be in the application."""
    open_feed(app, "telegram", events.feed(app[WORLD]))
    for route in (*api.routes(), *group_api.routes(), *events.routes()):
        app.router.add_route(route.method, route.path, answering(route.handler))
    app.router.add_get("/", _page)
    app.router.add_get(r"/chat/static/{name:[a-z]+\.(?:js|css|svg)}", _asset)


async def _page(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / "index.html", headers=_HEADERS)


async def _asset(request: web.Request) -> web.StreamResponse:
    """One file of the page; the browser asks each time, so that an update never mixes old scripts with new ones."""
    path = STATIC / request.match_info["name"]
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})
