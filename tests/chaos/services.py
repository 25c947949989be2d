"""Chaos at the services' doors: thousands of stories while processes and the database are killed, then the judge."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import text

import tontines
from core.db import Database
from core.schema import migrate
from tests.chaos.judge import judge, read_books
from tests.chaos.killing import Killer, plan
from tests.chaos.living import Household, audit, turn_knobs
from tests.chaos.report import Report
from tests.chaos.servers import database_of, running_postgres, running_sandbox
from tests.chaos.stories import Circle, Members, Payer, random_orders
from tests.chaos.teller import TOLD
from tests.kills.house import Mortal
from tests.stories.town import free_port
from tests.tontines.kit import Village
from tontines import Period

KNOBS = {
    "payout_delay_s": 0.2, "slow_s": 0.5, "hang_s": 0.3, "late_s": 1.5, "order_gap_s": 0.4, "payout_status": True,
    "retry_delays_s": [0.2, 0.5, 1, 2, 5, 15, 60],
}  # fmt: skip
_CIRCLE = 8
# Rounds of three days are open by then.
_AHEAD = timedelta(days=4)


@dataclass(frozen=True)
class Plan:
    """One run: the same seed asks for the same, and kills the same after as many stories."""

    engine: str
    seed: int
    stories: int
    kills: int
    minutes: float = 10
    """No new story begins after that."""
    at_once: int = 32
    afterwards: tuple[int, ...] = (3, 40, 26 * 60)
    """How many minutes later the house is looked at: soon after, when links have expired, after the last look-up."""
    people: int = 16
    """Who talks, where it is by chat."""

    @property
    def circles(self) -> int:
        """How many tontines there are; everybody is in one."""
        return min(12, max(1, self.stories // 100))


async def run(wanted: Plan, folder: Path) -> Report:
    """Tell the stories, kill, let a day pass, judge."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(running_postgres()) if wanted.engine == "postgresql" else None
        url = await database_of(server, folder)
        database = Database(url)
        stack.push_async_callback(database.close)
        circles = await _prepare(database, wanted)
        sandbox = await stack.enter_async_context(running_sandbox(folder))
        await turn_knobs(sandbox, "getmipay", **KNOBS)
        house, doors = await stack.enter_async_context(_house(url, sandbox, folder, is_one=server is None))
        chance = Random(wanted.seed)  # noqa: S311 - no secret of anybody's
        orders = random_orders(chance, wanted.stories, circles)
        payer = Payer(sandbox, folder / "sandbox.sqlite3", Random(wanted.seed))  # noqa: S311
        members = Members(doors, payer, Random(wanted.seed))  # noqa: S311
        kills = house.kills(server, chance)
        killer = Killer(plan(chance, wanted.stories, wanted.kills, list(kills)), kills, lambda: members.told)
        began = time.monotonic()
        paying, killing = asyncio.create_task(payer.pay()), asyncio.create_task(killer.work())
        await members.tell(orders, wanted.at_once, 60 * wanted.minutes)
        await killer.ends(killing)
        lasted = time.monotonic() - began
        await house.live_on(database, sandbox, wanted.afterwards)
        paying.cancel()
        verdict = judge(await read_books(database), folder / "sandbox.sqlite3", members.stories)
        await audit(url, verdict, folder)
        house.complain(verdict)
    return Report(
        "services", wanted.engine, wanted.seed, members.told, lasted, killer.killed, verdict, members.turned_away
    )


@asynccontextmanager
async def _house(url: str, sandbox: str, folder: Path, *, is_one: bool) -> AsyncIterator[tuple[Household, list[str]]]:
    """One process on SQLite; on PostgreSQL two with doors and one that works. Gives their doors as well."""
    parts = [("app", "both")] if is_one else [("app-1", "doors"), ("app-2", "doors"), ("worker", "worker")]
    ports = {name: free_port() for name, part in parts if part != "worker"}
    processes = []
    for name, part in parts:
        port = ports.get(name, 0)
        environment = {
            "DATABASE_URL": url, "SANDBOX": sandbox, "PORT": str(port),
            "CALLBACK_PORT": str(port or next(iter(ports.values()))),
        }  # fmt: skip
        processes.append(Mortal(name, ["tests.chaos.teller", part], environment, folder))
    async with AsyncExitStack() as stack:
        for each in processes:
            stack.push_async_callback(each.close)
        house = Household(processes, _AHEAD)
        await house.open()
        yield house, [f"http://127.0.0.1:{port}" for port in ports.values()]


async def _prepare(database: Database, wanted: Plan) -> list[Circle]:
    """Tables, members without a franc, and tontines of theirs that have begun."""
    await migrate(database)
    async with database.transaction() as session:
        await session.execute(text(TOLD))
    village, circles = Village(database), []
    contribution = max(500, wanted.stories // wanted.circles // _CIRCLE // 4 * 100)
    for number in range(wanted.circles):
        names = [f"{number}.{each}" for each in range(_CIRCLE)]
        await village.people_of(*names, francs=0)
        group = await village.tontine(*names, contribution=contribution, period=Period.DAILY, days_to_pay=1)
        await village.do(tontines.start_cycle, group.id, by=village.id(names[0]))
        circles.append(Circle(str(group.id), [str(village.id(name)) for name in names]))
    return circles
