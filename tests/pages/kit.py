"""A tontine that drew lots and closed a round, and its statement's file."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from html import unescape
from uuid import UUID

from aiohttp import web

import tontines
from core import clock
from core.db import Database
from pages import tontine_routes
from tests.tontines.kit import Group, Village
from tontines import Order
from tontines.statement_file import write_file

MEMBERS = ("Awa", "Binta", "Chantal")
CONTRIBUTION = 5000


async def committed(village: Village, *names: str) -> tuple[Group, UUID]:
    """A tontine whose draw is announced and not yet revealed; gives it and its cycle."""
    group = await village.tontine(*(names or MEMBERS), order=Order.DRAW)
    reveal_at = clock.now() + timedelta(hours=1)
    await village.do(tontines.start_cycle, group.id, by=village.id((names or MEMBERS)[0]), reveal_at=reveal_at)
    return group, (await group.cycle()).id


async def revealed(village: Village, *names: str, words: dict[str, str] | None = None) -> tuple[Group, UUID]:
    """The same after the reveal; `words` are what members added."""
    group, cycle_id = await committed(village, *names)
    for name, text in (words or {}).items():
        await village.do(tontines.add_words, cycle_id, village.id(name), text)
    await village.until(clock.now() + timedelta(hours=2))
    return group, cycle_id


async def with_a_round(village: Village) -> Group:
    """A tontine whose first round is closed, so that its statement is sealed."""
    group = await village.running(*MEMBERS)
    await group.everybody_pays(*MEMBERS, amount=CONTRIBUTION)
    await group.pay_pot(1)
    return group


async def file_of(village: Village, group: Group) -> bytes:
    """The statement as the assistant gives it."""
    return write_file(await village.do(tontines.statement, group.id))


def words_of(page: str) -> str:
    """What an eye reads on the page: no tags, no style, spaces of every width as one kind."""
    body = re.sub(r"<style>.*?</style>|<title>.*?</title>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


@asynccontextmanager
async def served(database: Database) -> AsyncIterator[str]:
    """The pages, served over real HTTP; gives their address."""
    app = web.Application()
    app.add_routes(tontine_routes(database))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
