"""Gathering: whatever comes while a group is being committed forms the next group, and shares one commit.

There is no timer: what comes alone starts at once. Each caller gets an answer of its own, after the commit.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

AT_MOST = 256
# A second group side by side with the first takes its share of the callers: below this, one larger group is cheaper.
WORTH_A_LANE = 64


class Gathering(Generic[Item, Answer]):
    """Callers that wait for one group's commit or another's; `lanes` at most are under way side by side, in a crowd."""

    def __init__(
        self,
        commit: Callable[[list[Item]], Awaitable[list[Answer]]],
        *,
        lanes: int,
        says_nothing_of_the_items: Callable[[Exception], bool],
    ) -> None:
        self._commit = commit
        self._lanes = lanes
        self._says_nothing_of_the_items = says_nothing_of_the_items
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()

    async def join(self, item: Item) -> Answer:
        """Take part in the next group. Raises what `commit` raised for this item: then nothing of it was committed.

        A caller that is cancelled before its group begins takes no part; later on, the group goes on without it.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if not self._under_way or (len(self._under_way) < self._lanes and len(self._waiting) >= WORTH_A_LANE):
            self._under_way.add(asyncio.create_task(self._go_on()))
        return await answer

    async def _go_on(self) -> None:
        try:
            while group := self._next_group():
                await self._serve(group)
                if len(self._under_way) > 1 and len(self._waiting) < WORTH_A_LANE:
                    return  # the other lane takes them along
        finally:
            # In the same step as the last look at who waits: whoever comes after it finds this lane free.
            lane = asyncio.current_task()
            assert lane is not None  # noqa: S101 - this runs in a task
            self._under_way.discard(lane)

    def _next_group(self) -> list[tuple[Item, asyncio.Future[Answer]]]:
        group: list[tuple[Item, asyncio.Future[Answer]]] = []
        while self._waiting and len(group) < AT_MOST:
            item, answer = self._waiting.popleft()
            if not answer.done():
                group.append((item, answer))
        return group

    async def _serve(self, group: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        """Commit a group. Where one item spoils it, nobody else suffers: each is tried again by itself."""
        try:
            answers = await self._commit([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers raise it
            if len(group) == 1 or self._says_nothing_of_the_items(error):
                _tell(group, error)
                return
            for alone in group:
                await self._serve([alone])
        except BaseException:
            for _, answer in group:
                answer.cancel()
            raise
        else:
            for (_, answer), value in zip(group, answers, strict=True):
                if not answer.done():
                    answer.set_result(value)


def _tell(group: list[tuple[Item, asyncio.Future[Answer]]], error: Exception) -> None:
    for _, answer in group:
        if not answer.done():
            answer.set_exception(error)
