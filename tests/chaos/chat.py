"""Chaos by chat: people who talk with `cauri run` over the sandbox's Telegram while it is killed, then the judge."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

from core.db import Database
from core.schema import migrate
from tests.chaos.judge import judge_chats, read_books
from tests.chaos.killing import Killer, plan
from tests.chaos.living import Household, audit, turn_knobs
from tests.chaos.report import Report
from tests.chaos.servers import database_of, running_postgres, running_sandbox
from tests.chaos.services import KNOBS, Plan
from tests.chaos.stories import Payer
from tests.chaos.talks import Talks, bad_weather
from tests.kills.house import Mortal, as_environment
from tests.stories.town import Person, Town, callers, free_port, house_settings

# A killed sender's chat waits 20 seconds on PostgreSQL, and may be killed again.
_PATIENCE_S = 120


async def run(wanted: Plan, folder: Path) -> Report:
    """Tell the stories, kill, let a day pass, judge."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(running_postgres()) if wanted.engine == "postgresql" else None
        url = await database_of(server, folder)
        database = Database(url)
        stack.push_async_callback(database.close)
        await migrate(database)
        sandbox = await stack.enter_async_context(running_sandbox(folder))
        await turn_knobs(sandbox, "getmipay", **KNOBS)
        await turn_knobs(sandbox, "telegram", rate_limits=False)
        settings = house_settings(url, sandbox)
        http = await stack.enter_async_context(callers(sandbox))
        town = Town(http, database, f"http://127.0.0.1:{settings.port}", settings, patience_s=_PATIENCE_S)
        chance = Random(wanted.seed)  # noqa: S311 - no secret of anybody's
        house = await stack.enter_async_context(_house(town, folder, has_helper=server is not None))
        people = [await _newcomer(town, number) for number in range(wanted.people)]
        talks = Talks(town, people, chance)
        kills = house.kills(server, chance)
        planned = plan(chance, wanted.stories, wanted.kills, list(kills))
        killer = Killer(planned, kills, talks.told.total)
        payer = Payer(sandbox, folder / "sandbox.sqlite3", Random(wanted.seed))  # noqa: S311
        began = time.monotonic()
        paying, killing = asyncio.create_task(payer.pay()), asyncio.create_task(killer.work())
        async with bad_weather(town, chance):
            await talks.tell(wanted.stories, 60 * wanted.minutes)
            await killer.ends(killing)
        lasted = time.monotonic() - began
        await house.live_on(database, sandbox, wanted.afterwards)
        paying.cancel()
        verdict = judge_chats(await read_books(database), folder / "sandbox.sqlite3")
        verdict.counts.update(talks.told)
        for each in talks.unheard:
            verdict.refuse("no answer", story=each)
        await audit(url, verdict, folder)
        house.complain(verdict)
    return Report("chat", wanted.engine, wanted.seed, talks.told.total(), lasted, killer.killed, verdict, talks.again)


@asynccontextmanager
async def _house(town: Town, folder: Path, *, has_helper: bool) -> AsyncIterator[Household]:
    """`cauri run`; on PostgreSQL a `cauri work` beside it."""
    environment = as_environment(town.settings)
    processes = [Mortal("app", ["cli", "run"], environment, folder)]
    if has_helper:
        # GetMiPay calls the one that has doors.
        apart = {"PORT": str(free_port()), "PUBLIC_URL": town.app_url}
        processes.append(Mortal("worker", ["cli", "work"], environment | apart, folder))
    async with AsyncExitStack() as stack:
        for each in processes:
            stack.push_async_callback(each.close)
        house = Household(processes)
        await house.open()
        yield house


async def _newcomer(town: Town, number: int) -> Person:
    return await town.newcomer(f"Personne {number}", f"+22676{number:06}")
