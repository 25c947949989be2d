"""Fifty members tap « Payer » within a second: each pays once, the card is right, the group gets no flood.

What was measured is logged: `pytest tests/stories/test_tontine_crowd.py -n 0 --log-cli-level=INFO`.
"""

import asyncio
import json
import logging
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.stories.tontine import Circle, circle
from tests.stories.town import Town, plain, until

log = logging.getLogger(__name__)

MEMBERS = 50
A_MINUTE_AT_MOST = 20


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_fifty_taps_within_a_second_pay_fifty_times(town: Town) -> None:
    # Fifty people who join and start at once take a busy machine longer than a story's few.
    town.patience_s = 90
    names = [f"Awa{number}" for number in range(MEMBERS)]
    ring = await circle(town, *names, francs=20_000)
    async with ring.clock:
        await ring.start(*names)
        await ring.opens(1)
        await ring.card_says("▫️ 50 pas encore")
        button = await _pay_button(ring)
        # As Telegram itself has it: 20 messages a minute in a group, edits too.
        await town.knobs("telegram", rate_limits=True)
        async with _watching(town) as seen:
            began = asyncio.get_running_loop().time()
            taps = await asyncio.gather(*(_tap(ring, name, button) for name in names))
            took = asyncio.get_running_loop().time() - began
            await ring.card_says("✅ 50 ont payé", "250 000 F CFA sur 250 000 F CFA")
            await asyncio.wait_for(_all_answered(seen, taps), town.patience_s)

        answers = {each["callback_query_id"]: each for each in seen if each["kind"] == "callback_answer"}
        said = [plain(answers[each]["text"]) for each in taps]
        assert all("5 000 F CFA pour Les Amies, tour 1" in text for text in said), said
        assert [await ring.wallet(name) for name in names] == [15_000] * MEMBERS
        assert (await ring.in_account(f"round:{(await ring.round(1)).id}")).amount == 5_000 * MEMBERS

        told = [each for each in seen if each["chat_id"] == ring.chat and each["kind"] in {"message", "edit"}]
        assert len(told) <= A_MINUTE_AT_MOST
        assert len(await ring.card()) <= 4096
        await ring.audit()
        _report(seen, taps, ring.chat, took)


async def _tap(ring: Circle, name: str, button: dict[str, int]) -> str:
    answer = await ring.town.sandbox.post(f"/chat/api/{ring[name]._chat}/tap", json=button)
    assert answer.is_success, answer.text
    return str(answer.json()["callback_query_id"])


async def _pay_button(ring: Circle) -> dict[str, int]:
    for message in reversed(await ring["Awa0"].messages()):
        for row, buttons in enumerate(message.get("inline_keyboard") or []):
            if "Payer ma cotisation" in buttons[0]["text"]:
                return {"message_id": message["message_id"], "row": row, "column": 0}
    raise AssertionError("no card")


@asynccontextmanager
async def _watching(town: Town) -> AsyncIterator[list[dict[str, Any]]]:
    """Everything that changes on anybody's screen meanwhile."""
    seen: list[dict[str, Any]] = []
    latest = (await town.sandbox.get("/chat/api/people")).json()["change"]

    async def read() -> None:
        async with town.sandbox.stream("GET", "/chat/api/events", params={"after": latest}) as stream:
            async for line in stream.aiter_lines():
                _note(seen, line)

    reading = asyncio.create_task(read())
    try:
        yield seen
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def _note(seen: list[dict[str, Any]], line: str) -> None:
    if line.startswith("data: "):
        seen.append(json.loads(line.removeprefix("data: ")))


async def _all_answered(seen: list[dict[str, Any]], taps: list[str]) -> None:
    async def answered() -> bool:
        return set(taps) <= {each.get("callback_query_id") for each in seen if each["kind"] == "callback_answer"}

    await until(answered)


def _report(seen: list[dict[str, Any]], taps: list[str], chat: int, took: float) -> None:
    answered = sorted(each["at"] for each in seen if each.get("callback_query_id") in taps)
    first_tap = answered[0]
    edits = [each["at"] for each in seen if each["chat_id"] == chat and each["kind"] == "edit"]
    log.info(
        "%d taps sent in %.2f s; after the first answer the middle one came %.2f s, the last %.2f s later; "
        "the card was edited %d times, first %.2f s and last %.2f s after the first answer",
        len(taps), took, statistics.median(answered) - first_tap, answered[-1] - first_tap,
        len(edits), min(edits) - first_tap, max(edits) - first_tap,
    )  # fmt: skip
