"""The console, served over real HTTP, and operators who sit at it with a browser of their own."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape

import httpx
from aiohttp import web

from console import House, console_routes, make_link, way_in
from core.db import Database
from core.tls import trusted
from operators import Decisions, Operator, Role, add_operator
from payments import Methods
from tests.identity.kit import SAFE

FRENCH = {"Accept-Language": "fr-BF,fr;q=0.9"}


@dataclass
class Counter:
    """Where the console is served, and what stands behind it."""

    database: Database
    address: str
    decisions: Decisions

    async def operator(self, name: str, role: Role = Role.ADMIN, telegram: str | None = None) -> Operator:
        """Somebody who works here."""

        async def take_on(session):
            channel = "telegram" if telegram else None
            return await add_operator(session, name, role, channel=channel, external_id=telegram)

        return await self.database.run(take_on)

    async def link_for(self, operator: Operator) -> str:
        """The one-time link that the chat would give them."""
        return way_in(self.address, await self.database.run(lambda session: make_link(session, operator)))

    @asynccontextmanager
    async def seated(self, name: str, role: Role = Role.ADMIN) -> AsyncIterator["Seat"]:
        """A new operator who has come in."""
        operator = await self.operator(name, role)
        async with self.browser() as http:
            seat = Seat(http, operator)
            await seat.comes_in(await self.link_for(operator))
            yield seat

    def browser(self) -> httpx.AsyncClient:
        """A browser that has never been here."""
        return httpx.AsyncClient(base_url=self.address, headers=FRENCH, timeout=30, verify=trusted())


@dataclass
class Seat:
    """An operator in front of a browser."""

    http: httpx.AsyncClient
    operator: Operator

    async def comes_in(self, link: str) -> httpx.Response:
        """Follow the link and touch the button."""
        token = httpx.URL(link).params["token"]
        shown = await self.http.get(f"/console/login?token={token}")
        assert shown.status_code == 200
        return await self.http.post("/console/login", data={"token": token})

    async def opens(self, path: str, **query: str) -> httpx.Response:
        """Look at a page, led on where it leads."""
        return await self.http.get(f"/console{path}", params=query, follow_redirects=True)

    async def sends(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as its page has it, with the page's hidden word."""
        word = form_word_of((await self.opens("")).text)
        return await self.http.post(f"/console{path}", data={"form_word": word, **fields}, follow_redirects=True)


def form_word_of(page: str) -> str:
    """The hidden word that the forms of this page carry."""
    found = re.search(r'name="form_word" value="([0-9a-f]+)"', page)
    assert found, page[:500]
    return found[1]


def words_of(page: str) -> str:
    """What an eye reads on the page: no tags, spaces of every width as one kind."""
    body = re.sub(r"<title>.*?</title>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


@asynccontextmanager
async def counter(database: Database, public: str | None = None) -> AsyncIterator[Counter]:
    """The console, served; `public` is where it believes to be found."""
    decisions = Decisions()
    app = web.Application()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    app.add_routes(console_routes(House(database, decisions, Methods({}), public or "http://127.0.0.1", SAFE)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Counter(database, f"http://127.0.0.1:{runner.addresses[0][1]}", decisions)
    finally:
        await runner.cleanup()
