"""Members and the house over WhatsApp, there and back: the sandbox, the door, the outbox, and the worker that sends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.channels.whatsapp_templates import approvals
from bot.views import Button, Saying, View, in_columns
from core import i18n, outbox
from core.db import Database
from core.money import Money
from core.outbox import Destination, OutboxMessage
from tests.channels.house import House, opened
from tests.core.kit import until
from tests.sandbox.whatsapp_town import AWA_USER_ID, Town, opened_town
from worker import Worker

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
MENU = ((Button("🏠 Menu", "go:start"),),)
RECEIVED: dict[str, Any] = {
    "name": "Moussa", "amount": Money(5_000), "at": "hier", "reference": "S-1", "parked": "", "balance": Money(6_000),
}  # fmt: skip


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with opened_town(tmp_path) as town:
        yield town


@pytest.fixture
async def house(town: Town, database: Database) -> AsyncIterator[House]:
    async with opened(database, api_url=f"{town.base}/whatsapp") as house, working(house):
        await town.do("webhook", url=str(house.http.base_url.join("/webhook/whatsapp")))
        await town.turn(rate_limits=False)
        yield house


@asynccontextmanager
async def working(house: House) -> AsyncIterator[None]:
    worker = asyncio.create_task(Worker(house.database, house.jobs, [house.whatsapp]).run())
    yield
    worker.cancel()
    await asyncio.wait([worker])


async def hears(town: Town, words: str, who: str = "awa") -> dict[str, Any]:
    """Wait until somebody's last message says this."""

    async def said() -> dict[str, Any] | None:
        last = await town.last(who)
        return last if words in last["text"] and last["from"]["is_bot"] else None

    found: dict[str, Any] = await until(said)
    return found


async def is_said(house: House, **state: str) -> OutboxMessage:
    async def found() -> OutboxMessage | None:
        said = await house.said(AWA_USER_ID)
        return said[-1] if said and all(getattr(said[-1], name) == value for name, value in state.items()) else None

    message: OutboxMessage = await until(found)
    return message


@ONE_ENGINE
async def test_what_is_asked_is_answered_and_its_receipts_are_written_down(town: Town, house: House):
    await town.say("awa", "/aide")
    await is_said(house, state="sent", receipt="delivered")
    await town.act("awa", "read")
    await is_said(house, receipt="read")


async def test_a_batch_is_answered_whole_and_a_webhook_delivered_twice_once(town: Town, house: House):
    await town.turn(hold=True)
    for _ in range(4):
        await town.say("awa", "/aide")
    await town.turn(duplicate_webhooks=1)
    await town.do("notices/release")
    await town.turn(hold=False)
    await until(lambda: _all_sent(house, 4))
    assert len(await house.said(AWA_USER_ID)) == 4


@ONE_ENGINE
async def test_a_text_and_what_is_asked_next_are_one_message(town: Town, house: House):
    await town.say("awa", "/aide")
    await is_said(house, state="sent")
    before = len(await town.messages())
    async with house.database.transaction() as session:
        for view in (View("Le premier"), View("Le second", MENU)):
            await outbox.say(session, Destination("whatsapp", AWA_USER_ID), view.dump())
    shown = await hears(town, "Le second")
    assert shown["text"] == "Le premier\n\nLe second"
    assert len(shown["inline_keyboard"]) == 1
    assert len(await town.messages()) == before + 1


@ONE_ENGINE
async def test_the_next_page_of_a_long_list_comes_when_it_is_tapped(town: Town, house: House):
    await town.say("awa", "/aide")
    await is_said(house, state="sent")
    rows = in_columns([Button(f"Choix {number}", f"r:1:{number}") for number in range(15)], 1)
    await house.says(AWA_USER_ID, View("Lequel ?", rows))
    await hears(town, "Lequel ?")
    first = await is_said(house, state="sent")
    await town.act("awa", "tap", label="Suite ›")

    async def is_next() -> bool:
        last = await town.last()
        return last["wamid"] != first.external_id and last["from"]["is_bot"]

    await until(is_next)
    assert [row[0]["text"] for row in (await town.last())["inline_keyboard"]] == [f"Choix {n}" for n in range(9, 15)]


@ONE_ENGINE
async def test_outside_the_window_money_is_told_by_template_and_the_rest_waits_for_the_nudge(town: Town, house: House):
    for approval in approvals():
        await house.whatsapp.client.create_template(approval.as_template())
    await town.say("awa", "/aide")
    await is_said(house, state="sent")
    # Meta counts the hours, whatever we believe: it takes the message, and tells later that it failed.
    await town.do("window", person="awa", open=False)
    said = Saying("fr", "send.received", i18n.blanks(**RECEIVED))
    await house.says(AWA_USER_ID, View(i18n.text("fr", "send.received", **RECEIVED), MENU, said=said))
    shown = await hears(town, "Moussa vous a envoyé 5\u00a0000\u00a0F\u00a0CFA")
    assert shown["inline_keyboard"][0][0]["text"] == "Menu"

    await house.says(AWA_USER_ID, View("Une surprise"))
    await hears(town, i18n.text("fr", "dialogue.nudge"))
    await town.act("awa", "tap", label="Lire le message")
    await hears(town, "Une surprise")
    await is_said(house, state="sent", receipt="delivered")


@ONE_ENGINE
async def test_a_message_that_meta_took_and_lost_comes_after_all(town: Town, house: House):
    await town.say("awa", "/aide")
    await is_said(house, state="sent")
    # 131056 is said again soonest, after six seconds.
    await town.turn(faults=[{"kind": "fails_later", "code": 131056}])
    await house.says(AWA_USER_ID, View("Une nouvelle", MENU))
    await is_said(house, state="queued")
    await hears(town, "Une nouvelle")
    await is_said(house, state="sent", receipt="delivered")


@ONE_ENGINE
async def test_too_fast_and_cut_calls_lose_nothing_and_keep_the_order(town: Town, house: House):
    await town.say("awa", "/aide")
    await is_said(house, state="sent")
    await town.turn(faults=[{"kind": "server_error"}, {"kind": "cut_before"}])
    for number in range(3):
        await house.says(AWA_USER_ID, View(f"Message {number}", MENU))
    await hears(town, "Message 2")
    heard = [each["text"] for each in await town.messages() if each["from"]["is_bot"]]
    assert heard[-3:] == ["Message 0", "Message 1", "Message 2"]


async def _all_sent(house: House, number: int) -> bool:
    said = await house.said(AWA_USER_ID)
    return len(said) >= number and all(message.state == "sent" for message in said)
