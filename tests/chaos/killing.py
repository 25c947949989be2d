"""Who is killed when: planned beforehand by the seed, and carried out while stories are told."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

Kill = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Planned:
    """Somebody is killed so many seconds after so many stories have been told."""

    after: int
    delay_s: float
    victim: str


def plan(chance: Random, stories: int, kills: int, victims: list[str]) -> list[Planned]:
    """The kills of one run, spread over its stories."""
    moments = sorted(chance.randrange(max(1, stories * 95 // 100)) for _ in range(kills))
    names = chance.choices(victims, k=kills)
    return [Planned(moment, chance.uniform(0, 0.2), name) for moment, name in zip(moments, names, strict=True)]


class Killer:
    """Carries out a plan."""

    def __init__(self, planned: list[Planned], kills: dict[str, Kill], told: Callable[[], int]) -> None:
        self._planned = planned
        self._kills = kills
        self._told = told
        self.killed: Counter[str] = Counter()
        self._is_killing = False

    async def work(self) -> None:
        """Kill everybody who is due, one after the other."""
        for each in self._planned:
            self._is_killing = False
            while self._told() < each.after:  # noqa: ASYNC110 - looked at often enough, and nobody has to ring
                await asyncio.sleep(0.02)
            self._is_killing = True
            await asyncio.sleep(each.delay_s)
            await self._kills[each.victim]()
            self.killed[each.victim] += 1
        self._is_killing = False

    async def ends(self, work: asyncio.Task[None]) -> None:
        """End the work once whoever was killed last lives again; what did not come to pass is left out."""
        while self._is_killing and not work.done():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        work.cancel()
        await asyncio.wait([work])
        if not work.cancelled():
            work.result()
