"""The JSON API: people act, read and wait as they would on the page."""

import asyncio
import hmac
import json
from urllib.parse import parse_qsl

import httpx
import phonenumbers
import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup, WebAppInfo

from tests.sandbox.telegram_town import AWA, FATOU, GROUP, MOUSSA, TOKEN, Town, opened_town

CHOICE = InlineKeyboardMarkup(
    [
        [
            InlineKeyboardButton("Confirmer", callback_data="confirm"),
            InlineKeyboardButton("Annuler", callback_data="no"),
        ],
        [InlineKeyboardButton("Confirmer et payer", url="http://127.0.0.1:9/pay")],
    ]
)


@pytest.fixture
async def town(tmp_path):
    async with opened_town(tmp_path) as town:
        await town.begin("awa")
        yield town


async def refusal(town: Town, path: str, status: int = 400, **body: object) -> str:
    answer = await town.post(path, **body)
    assert answer.status_code == status, answer.text
    return answer.json()["error"]


async def test_the_made_up_members_have_numbers_that_could_be_real(town: Town):
    people = (await town.get("people"))["people"]

    assert [person["first_name"] for person in people] == ["Awa", "Moussa", "Fatou", "Koffi", "Grace"]
    assert [person["language_code"] for person in people] == ["fr"] * 4 + ["en"]
    regions = [phonenumbers.region_code_for_number(phonenumbers.parse(person["phone"])) for person in people]
    assert regions == ["BF", "BF", "SN", "BJ", "CI"]
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(person["phone"])) for person in people)


async def test_a_person_is_found_by_id_user_name_or_first_name(town: Town):
    for name in (AWA, "awa_ouedraogo", "Awa", "awa"):
        assert (await town.get(f"people/{name}"))["id"] == AWA
    for nobody in ("42", "nobody"):
        assert await refusal(town, f"people/{nobody}/start", 404) == f"Il n’y a personne du nom de « {nobody} »."


async def test_a_new_person_can_be_invented(town: Town):
    answer = await town.post("people", first_name="Aïcha", phone="+22790123456", username="aicha")

    assert answer.status_code == 201
    assert answer.json()["id"] > AWA
    await town.begin("aicha")
    assert (await town.last("aicha"))["text"] == "/start"


@pytest.mark.parametrize("phone", ["70123456", "+226701", "+9991234567", "+", "bonjour"])
async def test_a_person_needs_a_number_that_could_exist(town: Town, phone: str):
    assert "phone" in await refusal(town, "people", first_name="X", phone=phone)


async def test_everybody_has_a_private_chat_and_some_a_group(town: Town):
    awa, koffi = await town.get("people/awa/chats"), await town.get("people/koffi/chats")

    assert [chat["title"] for chat in awa["chats"]] == ["Cauri", "Tontine des Amies"]
    assert [chat["id"] for chat in awa["chats"]] == [AWA, GROUP]
    assert awa["chats"][0]["last_message"]["text"] == "/start"
    assert [member["id"] for member in awa["chats"][1]["members"]] == [AWA, MOUSSA, FATOU]
    assert [chat["type"] for chat in koffi["chats"]] == ["private"]
    assert koffi["chats"][0]["started"] is False


@pytest.mark.parametrize(
    ("tap", "touched"),
    [
        ({"label": "Confirmer"}, "confirm"),
        ({"label": "Annul"}, "no"),
        ({"row": 0, "column": 1}, "no"),
    ],
)
async def test_a_button_is_tapped_by_its_label_or_its_place(town: Town, tap: dict, touched: str):
    await town.bot.send_message(AWA, "Confirmez-vous ?", reply_markup=CHOICE)
    await town.heard()

    await town.act("awa", "tap", **tap)

    (update,) = await town.heard()
    assert update.callback_query.data == touched


async def test_a_button_with_an_address_is_handed_back(town: Town):
    await town.bot.send_message(AWA, "?", reply_markup=CHOICE)

    assert (await town.act("awa", "tap", label="et payer"))["url"] == "http://127.0.0.1:9/pay"


async def test_a_button_that_is_not_there_cannot_be_tapped(town: Town):
    sent = await town.bot.send_message(AWA, "?", reply_markup=CHOICE)
    tap = "people/awa/chats/private/tap"

    for missing in ({"label": "Peut-être"}, {"row": 3, "column": 0}, {"row": 0, "column": 2}, {}):
        assert await refusal(town, tap, 404, **missing) == "Ce bouton n’existe pas ou plus."
    await town.bot.delete_message(AWA, sent.message_id)
    assert (
        await refusal(town, tap, 404, message_id=sent.message_id, row=0, column=0) == "Ce bouton n’existe pas ou plus."
    )


async def test_keys_of_a_reply_keyboard_speak_or_share_the_contact(town: Town):
    keyboard = [["70 12 34 56"], [KeyboardButton("📱 Mon numéro", request_contact=True)]]
    await town.bot.send_message(
        AWA, "Quel numéro ?", reply_markup=ReplyKeyboardMarkup(keyboard, one_time_keyboard=True)
    )

    shared = await town.act("awa", "press", label="Mon numéro")

    assert shared["contact"]["user_id"] == AWA
    assert (await town.get("people/awa/chats/private/messages"))["keyboard"] is None
    await town.bot.send_message(AWA, "Quel numéro ?", reply_markup=ReplyKeyboardMarkup(keyboard))
    assert (await town.act("awa", "press", label="70"))["text"] == "70 12 34 56"
    assert await refusal(town, "people/awa/chats/private/press", 404, label="x") == "Ce bouton n’existe pas ou plus."


async def test_start_links_act_as_the_person_who_follows_them(town: Town):
    said = await town.post("people/moussa/follow", url="https://t.me/cauri_bot?start=inv_1")
    assert said.json()["text"] == "/start inv_1"
    assert (await town.post("people/moussa/follow", url="t.me/Cauri_Bot")).json()["text"] == "/start"
    assert "ne mène pas" in await refusal(town, "people/moussa/follow", url="https://t.me/other_bot?start=x")
    assert "de 1 à 64" in await refusal(town, "people/moussa/start", payload="é")
    assert "de 1 à 64" in await refusal(town, "people/moussa/start", payload="x" * 65)


async def test_a_blocked_bot_must_be_unblocked_before_writing(town: Town):
    assert (await town.post("people/awa/block")).json()["blocked"] is True
    assert "débloquez-le" in await refusal(town, "people/awa/chats/private/say", text="x")
    assert (await town.post("people/awa/unblock")).json()["blocked"] is False
    assert (await town.post("people/awa/unblock")).json()["blocked"] is False
    await town.say("awa", "me revoici")


async def test_people_act_only_where_they_are(town: Town):
    assert "n’est pas dans cette discussion" in await refusal(town, f"people/koffi/chats/{GROUP}/say", text="x")
    assert "qu’à une personne" in await refusal(town, f"people/koffi/chats/{AWA}/say", text="x")
    for nowhere in ("-7", "group", "moon"):
        assert await refusal(town, f"people/koffi/chats/{nowhere}/say", 404, text="x")
    assert await refusal(town, "groups/-7/migrate", 404, by=AWA) == "Il n’y a pas de groupe « -7 »."
    assert await refusal(town, f"groups/{GROUP}/migrate", 404, by=42) == "Il n’y a personne du nom de « 42 »."
    supergroup = (await town.post(f"groups/{GROUP}/migrate", by=AWA)).json()
    assert f"continue sous le numéro {supergroup['id']}" in await refusal(
        town, f"people/awa/chats/{GROUP}/say", text="x"
    )


async def test_words_that_make_no_sense_are_refused_with_a_sentence(town: Town):
    say = "people/awa/chats/private/say"

    assert "de 1 à 4096" in await refusal(town, say, text="  ")
    assert "de 1 à 4096" in await refusal(town, say, text="x" * 4097)
    assert "text: Field required" in await refusal(town, say)
    assert "shout" in await refusal(town, say, text="x", shout=True)
    assert "n’est plus là" in await refusal(town, say, text="x", reply_to=999)
    assert "n’est plus là" in await refusal(town, "people/awa/chats/private/forward", message_id=999, to=AWA)
    sent = await town.bot.send_message(AWA, "Bonjour")
    edit = "people/awa/chats/private/edit"
    assert "ses propres messages" in await refusal(town, edit, message_id=sent.message_id, text="x")
    assert await refusal(town, "people/awa/chats/private/tap", message_id=10**30, row=0, column=0)
    broken = await town.people.post(f"{town.base}/chat/api/{say}", content=b"{")
    assert broken.json() == {"error": "La demande n’est pas du JSON."}


async def test_anonymous_words_are_forwarded_as_the_groups(town: Town):
    said = await town.say("awa", "Rappel", chat="group", anonymous=True)

    forwarded = await town.act("awa", "forward", chat="group", message_id=said["message_id"], to=AWA)

    assert said["from"] == {"id": AWA, "name": "Tontine des Amies", "is_bot": False, "anonymous": True}
    assert forwarded["forward_origin"]["sender_chat"]["id"] == GROUP
    again = await town.act("awa", "forward", message_id=forwarded["message_id"], to=GROUP)
    assert again["forward_origin"] == forwarded["forward_origin"]


async def test_waiting_ends_with_new_and_edited_messages(town: Town):
    sent = await town.bot.send_message(AWA, "⏳")
    after = (await town.get("people/awa/chats/private/messages"))["change"]
    waiting = asyncio.create_task(town.get("wait", person="awa", after=after, timeout=20))
    await asyncio.sleep(0.05)
    await town.say("moussa", "Ailleurs", chat="group")
    await town.bot.edit_message_text("✅", AWA, sent.message_id)

    news = await waiting

    assert [change["kind"] for change in news["changes"]] == ["edit"]
    assert [(m["message_id"], m["text"], m["edited"]) for m in news["messages"]] == [(sent.message_id, "✅", True)]
    nothing = await town.get("wait", person="awa", after=news["change"], timeout=0)
    assert nothing == {"change": news["change"], "changes": [], "messages": []}


async def test_deleted_messages_are_told_without_their_words(town: Town):
    sent = await town.bot.send_message(AWA, "Oups")
    after = (await town.get("people/awa/chats/private/messages"))["change"]
    await town.bot.delete_message(AWA, sent.message_id)

    news = await town.get("wait", person="awa", after=after)

    assert news["messages"] == [{"message_id": sent.message_id, "chat_id": AWA, "deleted": True}]


async def test_older_messages_are_read_page_by_page(town: Town):
    for number in range(5):
        await town.say("awa", str(number))

    page = await town.get("people/awa/chats/private/messages", limit=2)
    older = await town.get("people/awa/chats/private/messages", limit=2, before=page["messages"][0]["message_id"])

    assert [message["text"] for message in page["messages"]] == ["3", "4"]
    assert [message["text"] for message in older["messages"]] == ["1", "2"]


async def read_events(town: Town, count: int, **options: object) -> list[dict]:
    events: list[dict] = []
    async with town.people.stream("GET", f"{town.base}/chat/api/events", **options) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                events.append(json.loads(line.removeprefix("data: ")))
            if len(events) == count:
                return events
    raise AssertionError("the stream ended early")


async def test_the_stream_tells_everything_and_goes_on_where_it_broke_off(town: Town):
    start = (await town.get("people"))["change"]
    await town.say("awa", "un")
    await town.say("moussa", "deux", chat="group")

    first, second = await read_events(town, 2, params={"after": start})
    (again,) = await read_events(town, 1, headers={"Last-Event-ID": str(first["change"])})

    assert [first["message"]["text"], second["message"]["text"]] == ["un", "deux"]
    assert again == second


async def test_the_stream_follows_what_happens_later(town: Town):
    listening = asyncio.create_task(read_events(town, 1))
    await asyncio.sleep(0.2)
    await town.say("awa", "en direct")

    (event,) = await listening

    assert event["message"]["text"] == "en direct"


async def test_the_page_is_served_and_brings_nothing_from_elsewhere(town: Town):
    page = await town.people.get(town.base)

    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    script = await town.people.get(f"{town.base}/chat/static/main.js")
    assert "javascript" in script.headers["Content-Type"]
    assert script.headers["Cache-Control"] == "no-cache"
    for missing in ("missing.js", "index.html", "..%2f__init__.py"):
        assert (await town.people.get(f"{town.base}/chat/static/{missing}")).status_code == 404


async def test_a_waiting_page_does_not_hold_up_the_end(town: Town):
    waiting = asyncio.create_task(town.get("wait", person="awa", timeout=50))
    await asyncio.sleep(0.1)

    await town.restart()

    with pytest.raises(httpx.HTTPError):
        await waiting


async def test_a_mini_app_is_told_who_opens_it_signed_with_the_bots_token(town: Town):
    page = "http://127.0.0.1:9/app"
    opens = InlineKeyboardMarkup([[InlineKeyboardButton("Ouvrir", web_app=WebAppInfo(page))]])
    await town.bot.send_message(AWA, "Par ici", reply_markup=opens)

    answer = await town.post("people/awa/chats/private/tap", label="Ouvrir")

    address, _, behind = answer.json()["web_app"]["url"].partition("#")
    facts = dict(parse_qsl(dict(parse_qsl(behind))["tgWebAppData"]))
    signed = facts.pop("hash")
    said = "\n".join(f"{name}={value}" for name, value in sorted(facts.items()))
    key = hmac.digest(b"WebAppData", TOKEN.encode(), "sha256")
    assert address == page
    assert json.loads(facts["user"])["id"] == AWA
    assert hmac.new(key, said.encode(), "sha256").hexdigest() == signed
