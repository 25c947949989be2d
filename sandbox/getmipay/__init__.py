"""GetMiPay as a merchant and a payer see it."""

from aiohttp import web


def add_routes(app: web.Application) -> None:
    """Serve everything under `/getmipay`."""
    app.add_routes([])
