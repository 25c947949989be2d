"""A room of the sandbox that is still empty."""

from aiohttp import web


def add_routes(app: web.Application) -> None:
    """Nothing is served here yet."""
    app.add_routes([])
