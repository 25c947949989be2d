"""What the bot hears: by long poll and by webhook, in a group, and when Telegram misbehaves."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from aiohttp import web
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Conflict
from telegram.ext import Application, CommandHandler

from core.tls import trusted
from tests.sandbox.telegram_town import AWA, FATOU, GROUP, MOUSSA, TOKEN, Town, complaining, opened_town

Seen = TypeVar("Seen")
YES = InlineKeyboardMarkup([[InlineKeyboardButton("Oui", callback_data="yes")]])


@pytest.fixture
async def town(tmp_path):
    async with opened_town(tmp_path) as town:
        yield town


@dataclass
class Door:
    """The app's webhook: keeps what comes; `answers` are the statuses it gives next."""

    url: str = ""
    received: list[dict] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        self.received.append(await request.json())
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        self.news.set()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def until(self, count: int) -> list[dict]:
        while len(self.received) < count:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 20)
        return self.received


@asynccontextmanager
async def opened_door() -> AsyncIterator[Door]:
    door = Door()
    app = web.Application()
    app.router.add_post("/webhook", door.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    door.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    yield door
    await runner.cleanup()


@pytest.fixture
async def door():
    async with opened_door() as door:
        yield door


def texts(updates: list[Update]) -> list[str]:
    return [update.message.text for update in updates]


async def eventually(look: Callable[[], Awaitable[Seen]], is_so: Callable[[Seen], bool]) -> Seen:
    """Look again and again until it is so; the test's own time-out ends a wait in vain."""
    while not is_so(seen := await look()):  # noqa: ASYNC110 (there is no event to wait for across HTTP)
        await asyncio.sleep(0.02)
    return seen


async def delivered(town: Town, message_id: int) -> bool:
    return next(m["delivered"] for m in await town.messages() if m["message_id"] == message_id)


async def test_start_arrives_with_its_payload_and_its_command(town: Town):
    await town.begin("awa", "inv_7-x")

    (update,) = await town.heard()

    assert update.message.text == "/start inv_7-x"
    assert update.message.parse_entities(["bot_command"]).popitem()[1] == "/start"
    assert (update.message.from_user.id, update.message.from_user.language_code) == (AWA, "fr")
    assert (update.message.chat.id, update.message.chat.type) == (AWA, "private")


async def test_an_update_comes_until_it_is_confirmed(town: Town):
    said = await town.begin()

    first = await town.bot.get_updates()
    again = await town.bot.get_updates()
    assert not await delivered(town, said["message_id"])
    confirmed = await town.bot.get_updates(offset=first[0].update_id + 1)

    assert first == again
    assert not confirmed
    assert await delivered(town, said["message_id"])


async def test_a_poll_waits_for_what_is_about_to_happen(town: Town):
    waiting = asyncio.create_task(town.heard(timeout=20))
    await asyncio.sleep(0.1)
    await town.begin()

    assert texts(await waiting) == ["/start"]


async def test_a_limit_leaves_the_rest_for_later(town: Town):
    await town.begin()
    for text in ("un", "deux", "trois"):
        await town.say("awa", text)

    assert texts(await town.heard(limit=3)) == ["/start", "un", "deux"]
    assert texts(await town.heard(limit=3)) == ["trois"]


async def test_a_negative_offset_forgets_what_is_older(town: Town):
    await town.begin()
    await town.say("awa", "un")

    assert texts(list(await town.bot.get_updates(offset=-1))) == ["un"]
    assert texts(await town.heard()) == ["un"]


async def test_only_what_is_allowed_arrives(town: Town):
    await town.bot.get_updates(allowed_updates=["callback_query"])
    await town.begin()
    await town.bot.send_message(AWA, "?", reply_markup=YES)
    await town.act("awa", "tap", label="Oui")

    (update,) = await town.bot.get_updates()

    assert update.callback_query.data == "yes"


async def test_a_newer_poll_ends_the_older(town: Town):
    older = asyncio.create_task(town.bot.get_updates(timeout=20))
    await asyncio.sleep(0.1)

    await town.call("getUpdates")

    with complaining(Conflict, "terminated by other getUpdates request"):
        await older


async def test_a_tap_carries_its_message_and_is_answered(town: Town):
    await town.begin()
    await town.heard()
    sent = await town.bot.send_message(AWA, "Confirmez-vous ?", reply_markup=YES)
    before = (await town.get("people/awa/chats/private/messages"))["change"]

    tapped = await town.act("awa", "tap", message_id=sent.message_id, row=0, column=0)
    (update,) = await town.heard()
    await update.callback_query.answer("C’est noté", show_alert=True)

    assert update.callback_query.id == tapped["callback_query_id"]
    assert update.callback_query.message.text == "Confirmez-vous ?"
    assert update.callback_query.from_user.id == AWA
    assert update.callback_query.chat_instance
    news = await town.get("wait", person="awa", after=before)
    answer = next(change for change in news["changes"] if change["kind"] == "callback_answer")
    assert (answer["text"], answer["show_alert"], answer["person_id"]) == ("C’est noté", True, AWA)


async def test_a_tap_is_answered_once_and_in_time(town: Town):
    await town.begin()
    await town.bot.send_message(AWA, "?", reply_markup=YES)
    first = (await town.act("awa", "tap", label="Oui"))["callback_query_id"]
    await town.bot.answer_callback_query(first)

    with complaining(BadRequest, "query is too old and response timeout expired or query ID is invalid"):
        await town.bot.answer_callback_query(first)
    await town.turn(callback_lifetime_s=0)
    late = (await town.act("awa", "tap", label="Oui"))["callback_query_id"]
    with complaining(BadRequest, "query is too old"):
        await town.bot.answer_callback_query(late)


async def test_the_answer_to_a_tap_has_limits(town: Town):
    with complaining(BadRequest, "MESSAGE_TOO_LONG"):
        await town.bot.answer_callback_query("1", text="x" * 201)
    with complaining(BadRequest, "URL_INVALID"):
        await town.bot.answer_callback_query("1", url="https://example.org")


async def test_everything_a_person_sends_is_understood_by_python_telegram_bot(town: Town):
    await town.begin()
    said = await town.say("awa", "Voyez https://example.org @cauri_bot a@b.org #tontine")
    await town.act("awa", "contact")
    await town.act("awa", "contact", person=MOUSSA)
    await town.act("awa", "contact", phone="70 99 88 77", first_name="Tante Alice")
    await town.act("awa", "sticker", emoji="🐚")
    await town.act("awa", "voice")
    await town.act("awa", "photo", caption="Le marché")
    await town.act("awa", "say", text="Ceci", reply_to=said["message_id"])
    await town.act("awa", "forward", message_id=said["message_id"], to=AWA)
    await town.act("awa", "edit", message_id=said["message_id"], text="Corrigé")
    start, text, own, moussa, alice, sticker, voice, photo, reply, forward, edited = await town.heard()

    assert start.message.text == "/start"
    assert [entity.type for entity in text.message.entities] == ["url", "mention", "email", "hashtag"]
    assert (own.message.contact.user_id, own.message.contact.phone_number) == (AWA, "22670123456")
    assert moussa.message.contact.user_id == MOUSSA
    assert (alice.message.contact.user_id, alice.message.contact.phone_number) == (None, "70 99 88 77")
    assert sticker.message.sticker.emoji == "🐚"
    assert voice.message.voice.mime_type == "audio/ogg"
    assert (photo.message.caption, photo.message.photo[0].width) == ("Le marché", 320)
    assert reply.message.reply_to_message.text.startswith("Voyez")
    assert forward.message.forward_origin.sender_user.id == AWA
    assert edited.edited_message.text == "Corrigé"
    picture = await (await town.bot.get_file(photo.message.photo[0].file_id)).download_as_bytearray()
    assert bytes(picture).startswith(b"\x89PNG")


async def test_blocking_and_coming_back_are_told(town: Town):
    await town.begin()
    await town.post("people/awa/block")
    await town.post("people/awa/block")
    await town.begin()
    _, blocked, back, start = await town.heard()

    assert (blocked.my_chat_member.old_chat_member.status, blocked.my_chat_member.new_chat_member.status) == (
        "member",
        "kicked",
    )
    assert back.my_chat_member.new_chat_member.status == "member"
    assert start.message.text == "/start"


async def test_in_a_group_the_bot_hears_only_what_is_meant_for_it(town: Town):
    await town.say("awa", "Bonjour à toutes", chat="group")
    await town.say("awa", "/solde", chat="group")
    await town.say("moussa", "/solde@cauri_bot", chat="group")
    await town.say("moussa", "/solde@other_bot", chat="group")
    await town.say("moussa", "Et toi @cauri_bot ?", chat="group")
    (first, *_) = heard = await town.heard()
    answer = await first.message.reply_text("5 000 F", do_quote=True)
    await town.say("fatou", "Merci !", chat="group", reply_to=answer.message_id)
    await town.act("fatou", "sticker", chat="group")

    assert texts(heard) == ["/solde", "/solde@cauri_bot", "Et toi @cauri_bot ?"]
    assert texts(await town.heard()) == ["Merci !"]


async def test_an_administrator_bot_hears_everything(town: Town):
    await town.post(f"groups/{GROUP}/bot", by=AWA, status="administrator")
    await town.say("awa", "Bonjour", chat="group")
    promoted, message = await town.heard()

    assert promoted.my_chat_member.new_chat_member.status == "administrator"
    assert message.message.text == "Bonjour"


async def test_an_anonymous_administrator_writes_as_the_group(town: Town):
    await town.say("awa", "/solde", chat="group", anonymous=True)
    (update,) = await town.heard()

    assert update.message.from_user.username == "GroupAnonymousBot"
    assert update.message.sender_chat.id == GROUP
    refused = await town.post("people/moussa/chats/group/say", text="/solde", anonymous=True)
    assert refused.json() == {"error": "Seuls les administrateurs écrivent au nom du groupe."}


async def test_the_life_of_a_group_is_told(town: Town):
    created = (await town.post("groups", title="Marché", creator=FATOU, members=[AWA])).json()
    await town.post(f"groups/{created['id']}/members", by=FATOU, person=MOUSSA, status="member")
    await town.post(f"groups/{created['id']}/members", by=MOUSSA, person=MOUSSA, status="left")
    await town.post(f"groups/{created['id']}/bot", by=FATOU, status="kicked")
    await town.post(f"groups/{created['id']}/bot", by=FATOU, status="member")
    supergroup = (await town.post(f"groups/{created['id']}/migrate", by=FATOU)).json()
    heard = await town.heard()
    messages = [update.message for update in heard if update.message]
    standings = [u.my_chat_member.new_chat_member.status for u in heard if u.my_chat_member]

    assert messages[0].group_chat_created
    assert messages[1].new_chat_members[0].id == MOUSSA
    assert messages[2].left_chat_member.id == MOUSSA
    assert messages[3].new_chat_members[0].id == town.bot.id
    assert messages[4].migrate_to_chat_id == supergroup["id"]
    assert (messages[5].migrate_from_chat_id, messages[5].chat.id) == (created["id"], supergroup["id"])
    assert standings == ["member", "kicked", "member"]
    again = await town.post(f"groups/{supergroup['id']}/migrate", by=FATOU)
    assert again.json() == {"error": "Ce groupe est déjà un supergroupe."}


async def test_a_webhook_gets_the_updates_in_order_with_its_secret(town: Town, door: Door):
    await town.bot.set_webhook(door.url, secret_token="s3cret", allowed_updates=["message"])
    await town.begin()
    await town.say("awa", "un")
    await town.post("people/awa/block")
    await town.post("people/awa/unblock")
    await town.say("awa", "deux")
    received = await door.until(3)

    assert [update["message"]["text"] for update in received] == ["/start", "un", "deux"]
    assert set(door.secrets) == {"s3cret"}
    assert (await town.bot.get_webhook_info()).allowed_updates == ("message",)


async def test_a_webhook_that_fails_gets_the_same_update_again_first(town: Town, door: Door):
    door.answers = [500, 302, 404]
    await town.turn(webhook_delays_s=[0.02])
    await town.begin()
    await town.say("awa", "un")
    await town.bot.set_webhook(door.url)
    received = await door.until(5)

    assert [update["message"]["text"] for update in received] == ["/start"] * 4 + ["un"]
    info = await town.bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 404 Not Found"


async def test_a_webhook_nobody_answers_is_noted_and_keeps_its_updates(town: Town):
    await town.turn(webhook_delays_s=[0.02])
    await town.bot.set_webhook("http://127.0.0.1:9/webhook")
    await town.begin()
    info = await eventually(town.bot.get_webhook_info, lambda info: info.last_error_message is not None)

    assert info.last_error_message == "Connection refused"
    assert info.pending_update_count == 1


async def test_polling_and_a_webhook_exclude_each_other(town: Town, door: Door):
    await town.bot.set_webhook(door.url)
    with complaining(Conflict, "can't use getUpdates method while webhook is active"):
        await town.bot.get_updates()

    await town.bot.delete_webhook()
    await town.begin()

    assert texts(await town.heard()) == ["/start"]
    assert (await town.bot.get_webhook_info()).url == ""


async def test_pending_updates_can_be_dropped(town: Town, door: Door):
    await town.begin()
    await town.bot.delete_webhook(drop_pending_updates=True)
    assert not await town.heard()
    await town.say("awa", "perdu")
    await town.call("setWebhook", url="", drop_pending_updates=True)
    assert not await town.heard()
    await town.say("awa", "perdu aussi")
    await town.bot.set_webhook(door.url, drop_pending_updates=True)
    await town.say("awa", "gardé")

    assert [update["message"]["text"] for update in await door.until(1)] == ["gardé"]


@pytest.mark.parametrize(
    ("url", "secret", "complaint"),
    [
        ("http://example.org/x", None, "bad webhook: An HTTPS URL must be provided for webhook"),
        ("https://example.org/x", None, "bad webhook: the sandbox only calls this machine"),
        ("gopher://127.0.0.1/", None, "bad webhook: invalid webhook URL specified"),
        ("http://127.0.0.1:9/x", "é", "secret token contains unallowed characters"),
        ("http://127.0.0.1:9/x", "x" * 257, "secret token contains unallowed characters"),
    ],
)
async def test_webhooks_outside_the_rules_are_refused(town: Town, url: str, secret: str | None, complaint: str):
    with complaining(BadRequest, complaint):
        await town.bot.set_webhook(url, secret_token=secret)


async def test_a_duplicate_comes_again_after_it_was_confirmed(town: Town):
    await town.turn(duplicate_updates=1)
    await town.begin()
    await town.say("awa", "un")

    first = await town.heard(limit=1)
    second = await town.heard()
    third = await town.heard()

    assert texts(first) == ["/start"]
    assert texts(second) == ["/start", "un"]
    assert second[0].update_id == first[0].update_id
    assert not third


async def test_a_webhook_gets_a_duplicate_too(town: Town, door: Door):
    await town.turn(duplicate_updates=1)
    await town.bot.set_webhook(door.url)
    await town.begin()
    first, second = await door.until(2)

    assert first == second


async def test_reordered_updates_change_places(town: Town, door: Door):
    await town.bot.set_webhook(door.url)
    await town.turn(reorder_updates=1)
    await town.begin()
    await town.say("awa", "un")
    await town.say("awa", "deux")
    received = await door.until(3)

    assert [update["message"]["text"] for update in received] == ["un", "/start", "deux"]
    assert received[0]["update_id"] == received[1]["update_id"] + 1


async def test_unknown_fields_and_unknown_updates_do_not_stop_python_telegram_bot(town: Town):
    await town.turn(unknown_fields=True)
    await town.begin()
    pushed = await town.people.post(f"{town.base}/telegram/api/updates", json={"telepathy": {"thought": "🐚"}})
    pending = await town.people.get(f"{town.base}/telegram/api/updates")
    known, unknown = await town.heard()

    assert known.message.api_kwargs["sandbox_unknown"]["level"] == 7
    assert unknown.update_id == pushed.json()["update_id"]
    assert unknown.api_kwargs == {"telepathy": {"thought": "🐚"}}
    assert pending.json() == {"pending": 2}
    for wrong in (b"[1]", b"{"):
        assert (await town.people.post(f"{town.base}/telegram/api/updates", content=wrong)).status_code == 400


async def test_an_application_of_python_telegram_bot_runs_by_polling(town: Town):
    async def greet(update: Update, _: object) -> None:
        await update.message.reply_text(f"Bonjour {update.effective_user.first_name}")

    app = (
        Application.builder()
        .token(TOKEN)
        .base_url(f"{town.base}/telegram/bot")
        .base_file_url(f"{town.base}/telegram/file/bot")
        .build()
    )
    app.add_handler(CommandHandler("start", greet))
    async with app:
        await app.start()
        await app.updater.start_polling(timeout=5)
        after = (await town.begin())["message_id"]
        await eventually(town.last, lambda message: message["message_id"] > after)
        await app.updater.stop()
        await app.stop()

    assert (await town.last())["text"] == "Bonjour Awa"


async def test_a_restart_keeps_messages_updates_webhook_and_knobs(town: Town, door: Door):
    await town.bot.set_my_commands([("solde", "Voir mon solde")])
    await town.begin()
    await town.bot.send_message(AWA, "Bonjour", reply_markup=YES)
    before = await town.get("people/awa/chats/private/messages")
    await town.turn(duplicate_updates=3)

    await town.restart()

    assert await town.get("people/awa/chats/private/messages") == before
    assert texts(await town.heard()) == ["/start"]
    knobs = (await town.people.get(f"{town.base}/telegram/api/knobs")).json()
    assert (knobs["duplicate_updates"], knobs["rate_limits"]) == (3, False)
    await town.say("awa", "pendant l’absence")
    await town.bot.set_webhook(door.url)
    await door.until(1)
    await town.restart()
    assert (await town.bot.get_webhook_info()).url == door.url


async def test_a_killed_sandbox_forgets_nothing(tmp_path):
    data = tmp_path / "sandbox.sqlite3"
    async with httpx.AsyncClient(verify=trusted()) as http:
        process, base = await start_process(data)
        await http.post(f"{base}/chat/api/people/awa/start", json={"payload": "x"})
        process.kill()
        await process.wait()
        process, base = await start_process(data)
        read = await http.get(f"{base}/chat/api/people/awa/chats/private/messages")
        heard = await http.post(f"{base}/telegram/bot{TOKEN}/getUpdates")
        process.terminate()
        await process.wait()

    assert [message["text"] for message in read.json()["messages"]] == ["/start x"]
    assert [update["message"]["text"] for update in heard.json()["result"]] == ["/start x"]
    assert process.returncode == 0


async def start_process(data: Path) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", "0", "--data", str(data), stdout=asyncio.subprocess.PIPE
    )
    ready = await process.stdout.readline()
    return process, ready.decode().split()[-1]
