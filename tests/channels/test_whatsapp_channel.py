"""What the channel says on WhatsApp, over real HTTP, and what Meta's refusals become."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels import NotAccepted, OutsideWindow, TryAgainIn, Unreachable
from bot.channels.whatsapp import WhatsAppChannel
from bot.channels.whatsapp_errors import MetaError
from bot.channels.whatsapp_templates import READ, approvals
from bot.views import Button, Saying, View, in_columns
from core import clock, i18n
from core.ids import new_id
from core.money import Money
from core.outbox import OutboxFile
from tests.sandbox.test_whatsapp_messages import PNG
from tests.sandbox.whatsapp_town import AWA, AWA_USER_ID, DEMO, Town, opened_town

MENU = ((Button("🏠 Menu", "go:start"),),)
REMINDER: dict[str, Any] = {
    "tontine": "Tontine *du* marché", "number": 3, "beneficiary": "Moussa", "owed": Money(10_000), "until": "30 nov.",
}  # fmt: skip


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with opened_town(tmp_path) as town:
        yield town


@pytest.fixture
async def whatsapp(town: Town) -> AsyncIterator[WhatsAppChannel]:
    channel = speaking(town)
    yield channel
    await channel.close()


def speaking(town: Town, token: str = DEMO.whatsapp_token, phone_id: str = DEMO.whatsapp_phone_id) -> WhatsAppChannel:
    place = f"{town.base}/whatsapp"
    return WhatsAppChannel(phone_id, token, place, number=DEMO.whatsapp_number, business_id=DEMO.whatsapp_business_id)


async def approve_everything(town: Town, whatsapp: WhatsAppChannel) -> None:
    for approval in approvals():
        await whatsapp.client.create_template(approval.as_template())


def notice(key: str, *rows: tuple[Button, ...], **params: object) -> View:
    said = Saying("fr", key, i18n.blanks(**params))
    return View(i18n.text("fr", key, **params), rows, said=said)


async def test_a_text_is_said_with_our_marks_and_without_other_peoples(town: Town, whatsapp: WhatsAppChannel):
    sent = await whatsapp.send(AWA, View("<b>Bonjour</b> *Awa*"), None)
    shown = await town.last()
    assert (shown["wamid"], shown["html"]) == (sent, "<b>Bonjour</b> ∗Awa∗")


@pytest.mark.parametrize("chat", [AWA, AWA_USER_ID])
async def test_a_person_is_reached_by_their_number_and_by_their_user_id(
    town: Town, whatsapp: WhatsAppChannel, chat: str
):
    assert await whatsapp.send(chat, View("Bonjour"), None) == (await town.last())["wamid"]


async def test_buttons_lists_and_links_can_be_tapped(town: Town, whatsapp: WhatsAppChannel):
    await whatsapp.send(AWA, View("Quoi ?", MENU), None)
    assert (await town.last())["inline_keyboard"] == [[{"text": "🏠 Menu", "callback_data": "go:start"}]]

    many = in_columns([Button(f"Un choix bien long, numéro {number}", f"r:1:{number}") for number in range(12)], 2)
    await whatsapp.send(AWA, View("Lequel ?", many), None)
    await town.act("awa", "tap", label="Suite ›")
    await town.door.until(lambda door: len(door.messages) == 2)
    assert town.door.messages[-1]["interactive"]["list_reply"]["id"] == "page:1"

    await whatsapp.send(AWA, View("Payez.", ((Button("💳 Payer", url="https://pay.example.org/x"),),)), None)
    assert (await town.last())["inline_keyboard"] == [[{"text": "💳 Payer", "url": "https://pay.example.org/x"}]]


@pytest.mark.parametrize(
    ("name", "content", "shown_as"),
    [("tableau.png", PNG, "photo"), ("releve.pdf", b"%PDF-1.7", "document"), ("releve.csv", b"a;b", "document")],
    ids=["picture", "pdf", "csv"],
)
async def test_a_file_is_said_with_its_caption_and_its_buttons(
    town: Town, whatsapp: WhatsAppChannel, name: str, content: bytes, shown_as: str
):
    file = OutboxFile(id=new_id(), name=name, content=content, created_at=clock.now())
    view = View("Voici.", MENU, **{"picture" if shown_as == "photo" else "document": file.id})  # type: ignore[arg-type]
    sent = await whatsapp.send(AWA, view, None, file)
    shown = await town.last()
    assert (shown["wamid"], shown["text"], len(shown["inline_keyboard"])) == (sent, "Voici.", 1)
    assert shown[shown_as]


async def test_an_edit_is_a_new_message_unless_it_only_tidies_up(town: Town, whatsapp: WhatsAppChannel):
    first = await whatsapp.send(AWA, View("⏳ Je prépare…"), None)
    assert await whatsapp.send(AWA, View("⏳ Je prépare…", tidies=True), first) == first
    assert (await town.last())["wamid"] == first
    second = await whatsapp.send(AWA, View("✅ Recharge reçue"), first)
    assert (await town.last())["wamid"] == second != first


async def test_outside_the_window_an_approved_sentence_is_said_and_its_buttons_work(
    town: Town, whatsapp: WhatsAppChannel
):
    await approve_everything(town, whatsapp)
    await town.do("window", person="awa", open=False)
    pay = Button(i18n.text("fr", "button.contribute"), data="go:contribute:token")
    sent = await whatsapp.send(AWA, notice("round.reminder", (pay,), **REMINDER), None, is_open=False)
    shown = await town.last()
    assert shown["wamid"] == sent
    assert "Tontine ∗du∗ marché" in shown["text"]
    assert "10\u00a0000\u00a0F\u00a0CFA" in shown["text"]
    await town.act("awa", "tap", label="Cotiser")
    await town.door.until(lambda door: len(door.messages) == 2)
    assert town.door.messages[-1]["button"]["payload"] == "go:contribute:token"


async def test_outside_the_window_a_sentence_without_a_template_waits(town: Town, whatsapp: WhatsAppChannel):
    await approve_everything(town, whatsapp)
    views = [
        View("N’importe quoi"),
        notice("dialogue.nothing_open"),
        # What is mostly not there has no room in a template: it is not left out, it waits.
        notice(
            "send.received",
            name="Awa",
            amount=Money(5),
            at="hier",
            reference="S-1",
            parked="\n\n🔒 4",
            balance=Money(1),
        ),
    ]
    before = await town.last()
    for view in views:
        with pytest.raises(OutsideWindow):
            await whatsapp.send(AWA, view, None, is_open=False)
    assert await town.last() == before


async def test_a_template_that_is_not_approved_makes_its_sentence_wait(town: Town, whatsapp: WhatsAppChannel):
    with pytest.raises(OutsideWindow):
        await whatsapp.send(AWA, notice("round.reminder", **REMINDER), None, is_open=False)


async def test_a_nudge_asks_to_answer_and_its_button_only_says_that_it_was_read(town: Town, whatsapp: WhatsAppChannel):
    await approve_everything(town, whatsapp)
    await town.do("window", person="awa", open=False)
    await whatsapp.nudge(AWA, "fr")
    assert (await town.last())["text"] == i18n.text("fr", "dialogue.nudge")
    await town.act("awa", "tap", label="Lire le message")
    await town.door.until(lambda door: len(door.messages) == 2)
    assert town.door.messages[-1]["button"]["payload"] == READ


async def test_a_nudge_that_is_not_approved_is_no_reason_to_fail(town: Town, whatsapp: WhatsAppChannel):
    before = await town.last()
    await whatsapp.nudge(AWA, "fr")
    assert await town.last() == before


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        ({"kind": "pair_limit"}, timedelta(seconds=6)),
        ({"kind": "throughput"}, timedelta(seconds=5)),
        ({"kind": "too_many_requests"}, timedelta(minutes=5)),
        ({"kind": "refused", "code": 131048}, timedelta(minutes=30)),
    ],
)
async def test_too_fast_is_said_again_after_a_wait(
    town: Town, whatsapp: WhatsAppChannel, fault: dict[str, Any], wait: timedelta
):
    await town.break_next(**fault)
    with pytest.raises(TryAgainIn) as refused:
        await whatsapp.send(AWA, View("Bonjour"), None)
    assert refused.value.wait == wait


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (131026, Unreachable),
        (131021, Unreachable),
        (131047, OutsideWindow),
        (132015, OutsideWindow),
        (131009, NotAccepted),
        (100, NotAccepted),
        (131051, NotAccepted),
        # Nothing is wrong with the message, or nobody knows: it is said again.
        (190, MetaError),
        (131031, MetaError),
        (200, MetaError),
        (131000, MetaError),
    ],
)
async def test_what_a_refusal_means_goes_by_its_code(
    town: Town, whatsapp: WhatsAppChannel, code: int, error: type[Exception]
):
    await town.break_next("refused", code=code)
    with pytest.raises(error):
        await whatsapp.send(AWA, View("Bonjour"), None)


@pytest.mark.parametrize("wrong", [{"token": "expired"}, {"phone_id": "999"}])
async def test_a_dead_token_or_an_unknown_number_of_ours_fails_no_message(town: Town, wrong: dict[str, str]):
    channel = speaking(town, **wrong)
    with pytest.raises(MetaError):
        await channel.send(AWA, View("Bonjour"), None)
    await channel.close()


@pytest.mark.parametrize("kind", ["server_error", "unavailable", "cut_before", "cut_after"])
async def test_when_nobody_knows_whether_it_arrived_it_is_neither_refused_nor_lost(
    town: Town, whatsapp: WhatsAppChannel, kind: str
):
    await town.break_next(kind)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one it is, is pywa's and httpx's own affair
        await whatsapp.send(AWA, View("Bonjour"), None)
    assert not isinstance(raised.value, (NotAccepted, Unreachable, OutsideWindow, TryAgainIn))


async def test_a_message_is_marked_as_read_and_a_failure_of_that_is_no_matter(town: Town, whatsapp: WhatsAppChannel):
    said = town.door.messages[-1]["id"]
    await town.break_next("server_error", call="read")
    whatsapp.acknowledge(said)
    whatsapp.acknowledge("wamid.of-nobody")
    while (await town.last())["status"] != "read":
        whatsapp.acknowledge(said)
        await asyncio.sleep(0.02)


def test_mere_text_is_said_together_with_what_comes_next():
    def fit(first: View, second: View) -> bool:
        return channel.fits_together(first, second)

    channel = WhatsAppChannel("1", "token", "https://graph.example.org", number="22625000001")
    text, asks, picture = View("un"), View("deux", MENU), View("trois", picture=new_id())
    assert fit(text, asks)
    assert fit(text, text)
    assert not fit(asks, text)
    assert not fit(picture, text)
    assert not fit(text, picture)
    assert not fit(View("un", tidies=True), asks)
    assert not fit(View("m" * 1_020), asks)
    assert fit(View("m" * 1_020), text)
    assert channel.pace_in(AWA) is None


def test_a_deep_link_opens_the_chat_with_the_payload_ready():
    channel = WhatsAppChannel("1", "token", "https://graph.example.org", number="22625000001")
    assert channel.deep_link("t-A_b") == "https://wa.me/22625000001?text=Cauri%20t-A_b"
