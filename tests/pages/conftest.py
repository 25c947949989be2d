"""A village whose tontines are shown by the real pages, over real HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest
from aiohttp import web

from core.db import Database
from core.tls import trusted
from pages import tontine_routes
from tests.tontines.conftest import village

__all__ = ["village"]


@pytest.fixture
async def address(database: Database) -> AsyncIterator[str]:
    """Where the pages are served."""
    app = web.Application()
    app.add_routes(tontine_routes(database))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def reader(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who reads French."""
    headers = {"Accept-Language": "fr-BF,fr;q=0.9"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30, verify=trusted()) as http:
        yield http
