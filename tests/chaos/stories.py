"""Random stories at the services' doors: many members at once, who say it again until they are answered."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from sandbox.getmipay.faults import MAGIC_CODES
from tests.chaos.teller import DEPOSIT_METHODS

_HOW_OFTEN = {"deposit": 16, "send": 60, "contribute": 16, "payout": 7, "pot": 1}
_WITH_A_FAULT = 0.15
_ORDINARY_ENDINGS = [each for each in range(0, 1000, 5) if each not in MAGIC_CODES]
# How long a story waits until GetMiPay has been asked: a call that was about to be made by who was killed never is.
_ASKED_WITHIN_S = 60
_CALLS_LOOKED_THROUGH = 300
_RIGHT, _WRONG = "0000", "1234"


@dataclass(frozen=True)
class Circle:
    """A tontine and those in it; the first three hold its offices."""

    id: str
    members: list[str]


@dataclass
class Story:
    """What somebody asked for, and what they were told in the end."""

    order: dict[str, Any]
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        return bool(self.answer) and "refused" not in self.answer


def random_orders(chance: Random, how_many: int, circles: list[Circle]) -> list[dict[str, Any]]:
    """What is going to be asked for, by whom, in this order; the same for the same seed."""
    # Nobody has a franc at first.
    begin = ["deposit"] * min(how_many // 2, sum(len(circle.members) for circle in circles))
    kinds = begin + chance.choices(list(_HOW_OFTEN), list(_HOW_OFTEN.values()), k=how_many - len(begin))
    return [_order(chance, number, kind, circles) for number, kind in enumerate(kinds)]


def _order(chance: Random, number: int, kind: str, circles: list[Circle]) -> dict[str, Any]:
    circle = chance.choice(circles)
    by, to = chance.sample(circle.members, 2)
    order: dict[str, Any] = {"what": kind, "key": f"chaos:{number}", "by": by}
    if kind == "deposit":
        return order | {"amount": random_amount(chance, 5, 40), "method": chance.choice(DEPOSIT_METHODS)}
    if kind == "payout":
        return order | {"amount": random_amount(chance, 1, 4), "method": "wave"}
    if kind == "send":
        other = chance.choice(chance.choice(circles).members)
        return order | {"to": to if other == by else other, "amount": chance.randrange(100, 2000)}
    if kind == "contribute":
        return order | {
            "tontine": circle.id,
            "to": chance.choice([by, by, by, to]),
            "amount": chance.randrange(50, 600),
        }
    asker, approver = chance.sample(circle.members[:3], 2)
    return order | {"tontine": circle.id, "by": asker, "to": approver}


def random_amount(chance: Random, at_least: int, at_most: int) -> int:
    """Whole thousands and an ending, which may ask the sandbox for a fault."""
    magic = chance.random() < _WITH_A_FAULT
    return 1000 * chance.randint(at_least, at_most) + chance.choice(list(MAGIC_CODES) if magic else _ORDINARY_ENDINGS)


class Members:
    """Those who ask: `at_once` of them at a time, at any of the house's doors."""

    def __init__(self, doors: list[str], payer: "Payer", chance: Random) -> None:
        self._doors = doors
        self._payer = payer
        self._chance = chance
        self.stories: list[Story] = []
        self.told = 0
        self._until = 0.0
        self.turned_away: Counter[str] = Counter()
        """How often somebody had to say it again, by what they heard instead of an answer."""

    async def tell(self, orders: list[dict[str, Any]], at_once: int, within_s: float) -> None:
        """Tell these stories, as many as the time allows."""
        self._until = time.monotonic() + within_s
        waiting = iter([Story(order) for order in orders])
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as http,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(at_once):
                group.create_task(self._tell_in_turn(http, waiting))

    async def _tell_in_turn(self, http: aiohttp.ClientSession, waiting: Iterator[Story]) -> None:
        for story in waiting:
            if time.monotonic() > self._until:
                return
            self.stories.append(story)
            story.answer = await self._ask(http, story.order)
            if "reference" in story.answer and story.order["what"] in {"deposit", "payout"}:
                await self._payer.has_seen(story.answer["reference"])
            self.told += 1

    async def _ask(self, http: aiohttp.ClientSession, order: dict[str, Any]) -> dict[str, Any]:
        while True:
            door = self._chance.choice(self._doors)
            try:
                async with http.post(f"{door}/do", json=order) as answer:
                    if answer.status == 200:
                        found: dict[str, Any] = await answer.json()
                        return found
                    self.turned_away[str(answer.status)] += 1
            except (aiohttp.ClientError, ConnectionError) as error:
                self.turned_away[type(error).__name__] += 1
            await asyncio.sleep(self._chance.uniform(0.02, 0.2))


class Payer:
    """Whoever pays at GetMiPay's page: most with the right PIN, some with a wrong one, some never."""

    def __init__(self, sandbox: str, journal: Path, chance: Random) -> None:
        self._api = f"{sandbox}/getmipay/api"
        self._journal = journal
        self._chance = chance
        self._seen: dict[str, asyncio.Event] = {}
        self._last = 0

    async def has_seen(self, reference: str) -> None:
        """Wait until GetMiPay was asked for this payment, and paid; not for ever, for it may never be."""
        try:
            async with asyncio.timeout(_ASKED_WITHIN_S):
                await self._event(reference).wait()
        except TimeoutError:
            return

    async def pay(self) -> None:
        """Pay what GetMiPay is asked for, until cancelled."""
        async with aiohttp.ClientSession() as http:
            while True:
                await self.pay_what_waits(http)
                await asyncio.sleep(0.05)

    async def pay_what_waits(self, http: aiohttp.ClientSession) -> None:
        """Look once at what is new, and at who was refused and so has nothing to pay."""
        with closing(sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True)) as journal:
            rows = journal.execute(
                "SELECT rowid, id, reference, kind, status FROM getmipay_transaction WHERE rowid > ? ORDER BY rowid",
                (self._last,),
            ).fetchall()
            refused = journal.execute(
                "SELECT reference FROM getmipay_request WHERE id > (SELECT MAX(id) FROM getmipay_request) - ?"
                " AND reference NOT IN (SELECT reference FROM getmipay_transaction) AND status IS NOT NULL",
                (_CALLS_LOOKED_THROUGH,),
            ).fetchall()
        for (reference,) in refused:
            self._event(reference).set()
        for number, name, reference, kind, status in rows:
            self._last = number
            if kind == "deposit" and status == "pending":
                await self._pay(http, name)
            self._event(reference).set()

    async def _pay(self, http: aiohttp.ClientSession, name: str) -> None:
        luck = self._chance.random()
        act, body = ("cancel", {}) if luck < 0.02 else ("pay", {"pin": _WRONG if luck < 0.06 else _RIGHT})
        if luck < 0.97:
            # 409: it was paid already, before our call was answered.
            async with http.post(f"{self._api}/transactions/{name}/{act}", json=body) as answer:
                assert answer.status in {200, 409}, await answer.text()

    def _event(self, reference: str) -> asyncio.Event:
        return self._seen.setdefault(reference, asyncio.Event())
