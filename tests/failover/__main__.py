"""A failover: the primary is killed while webhooks come in, the standby is promoted, and every franc is counted.

    make failover

Needs Debian's PostgreSQL (`apt install postgresql`). Webhooks are signed by the sandbox's GetMiPay and posted over HTTP
to `cauri serve`, with a `cauri work` beside it; whatever is not answered 200 is sent again. Ends with 1 unless every
one that was ever answered 200 is there, all others came through in the end, and the audit is clean.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import asyncpg

import ledger
from bench.contenders import AMOUNT, Cauri, Store
from core.db import Database
from sandbox.getmipay.signatures import canonical, sign
from tests.failover.servers import Pair, running_pair
from tests.processes.crew import gathered
from tests.stories.town import house_settings, running_sandbox, until

SECRET = "demo-webhook-secret"
_COMES_AGAIN_S = 0.2
# So long nobody notices that the primary is gone: what watches over real servers needs longer.
_NOTICED_AFTER_S = 2.0


@dataclass
class Load:
    """Webhooks on their way: each is sent until it is answered 200, and never again."""

    url: str
    waiting: deque[str]
    answered: dict[str, float] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    came_again: set[str] = field(default_factory=set)

    async def caller(self, http: aiohttp.ClientSession) -> None:
        while self.waiting:
            name = self.waiting.popleft()
            status = await self._send(http, name)
            self.statuses[status] += 1
            if status == "200":
                self.answered[name] = time.monotonic()
            else:
                self.came_again.add(name)
                self.waiting.append(name)
                await asyncio.sleep(_COMES_AGAIN_S)

    async def _send(self, http: aiohttp.ClientSession, name: str) -> str:
        body = canonical(
            {
                "event": "payment.completed", "transaction_id": name, "reference": f"D-{name[4:]}", "status": "success",
                "amount": AMOUNT, "currency": "XOF", "method": "wave",
            }
        )  # fmt: skip
        try:
            async with http.post(self.url, data=body, headers={"X-Signature": sign(body, SECRET)}) as answer:
                await answer.read()
                return str(answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__


async def main(webhooks: int, callers: int) -> bool:
    with running_pair() as pair, tempfile.TemporaryDirectory() as folder:
        _say(f"Debian's PostgreSQL {pair.version}, synchronous standby; {webhooks} webhooks, {callers} at a time")
        names = await asyncio.to_thread(_prepared, pair, webhooks)
        async with (
            running_sandbox(Path(folder)) as sandbox,
            gathered(house_settings(pair.either_url, sandbox), Path(folder)) as crew,
        ):
            door, _ = [await crew.joins(command) for command in ("serve", "work")]
            load = Load(f"{door.url}/webhook/getmipay/", deque(names))
            killed, promoted = await _bring_down(load, pair, callers)
        return await _judge(load, pair, names, killed, promoted)


async def _bring_down(load: Load, pair: Pair, callers: int) -> tuple[float, float]:
    """Kill the primary in mid-load, promote the standby; when that was. Returns once everything is answered 200."""
    half = len(load.waiting) // 2
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as http:
        calling = [asyncio.create_task(load.caller(http)) for _ in range(callers)]
        await until(lambda: _has_answered(load, half))
        killed = time.monotonic()
        await asyncio.to_thread(pair.dies)
        await asyncio.sleep(_NOTICED_AFTER_S)
        await asyncio.to_thread(pair.promote)
        promoted = time.monotonic()
        await asyncio.gather(*calling)
    return killed, promoted


async def _has_answered(load: Load, count: int) -> bool:
    return len(load.answered) >= count


async def _judge(load: Load, pair: Pair, names: list[str], killed: float, promoted: float) -> bool:
    before = {name for name, moment in load.answered.items() if moment <= killed}
    moments = sorted(load.answered.values())
    last, first = max(m for m in moments if m <= killed), min(m for m in moments if m > promoted)
    _say(f"answered 200 before the kill: {len(before)}; all answers: {dict(load.statuses)}")
    _say(f"sent again until answered 200: {len(load.came_again)}")
    _say(
        f"unavailable for {first - last:.1f} s: {_NOTICED_AFTER_S:.1f} s until it was noticed, "
        f"{promoted - killed - _NOTICED_AFTER_S:.1f} s to promote, {first - promoted:.1f} s to the first 200 after that"
    )
    connection = await asyncpg.connect(pair.standby_url)
    rows = await connection.fetch("SELECT provider_id FROM deposit WHERE state = 'settled'")
    await connection.close()
    settled = {row["provider_id"] for row in rows}
    credited = await asyncio.to_thread(Cauri("cauri", "", [], Store(pair.standby_url)).credited)
    database = Database(pair.standby_url)
    async with database.reading() as session:
        found = await ledger.audit(session)
    await database.close()
    verdicts = {
        "every webhook answered 200 before the kill is there": before <= settled,
        "every other one came through when it was sent again": settled == set(names) == set(load.answered),
        "each deposit was credited once": credited == len(names) * AMOUNT,
        "the audit is clean": found.is_clean,
        "some did have to come again": bool(load.came_again),
    }
    for verdict, holds in verdicts.items():
        _say(f"{'✅' if holds else '❌'} {verdict}")
    return all(verdicts.values())


def _prepared(pair: Pair, webhooks: int) -> list[str]:
    """The tables, members, and an open deposit for each webhook."""
    house = Cauri("cauri", "", [], Store(pair.primary_url))
    house.prepare()
    return house.seed(webhooks)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make failover", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--webhooks", type=int, default=6_000)
    parser.add_argument("--callers", type=int, default=32)
    options = parser.parse_args()
    sys.exit(0 if asyncio.run(main(options.webhooks, options.callers)) else 1)
