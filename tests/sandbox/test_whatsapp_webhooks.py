"""What the business hears: messages of every kind, people known in part, and webhooks that come badly."""

import asyncio
import logging
from pathlib import Path

import httpx
import pytest
from pywa import types
from pywa_async import WhatsApp

from core.tls import trusted
from tests.sandbox.whatsapp_town import AWA, AWA_USER_ID, DEMO, MOUSSA, Town, opened_town

MOUSSA_USER_ID = "BF.8100000002"


@pytest.fixture
async def town(tmp_path):
    async with opened_town(tmp_path) as town:
        yield town


async def heard(town: Town, count: int = 2) -> dict:
    """The newest message told; Awa's greeting is the first."""
    await town.door.until(lambda door: len(door.messages) >= count)
    return town.door.messages[-1]


async def test_a_text_carries_all_that_meta_says(town):
    said = await town.say("awa", "/solde é", reply_to=(await town.last())["message_id"])
    message = await heard(town)

    assert message == {
        "from": AWA,
        "from_user_id": AWA_USER_ID,
        "id": said["wamid"],
        "timestamp": str(said["date"]),
        "type": "text",
        "context": {"from": AWA, "id": (await town.messages())[0]["wamid"]},
        "text": {"body": "/solde é"},
    }
    assert town.door.values[-1]["metadata"] == {
        "display_phone_number": DEMO.whatsapp_number,
        "phone_number_id": DEMO.whatsapp_phone_id,
    }
    assert town.door.bodies[-1]["entry"][0]["id"] == DEMO.whatsapp_business_id
    assert town.door.genuine == [True, True]


@pytest.mark.parametrize(
    ("ids", "contact", "sender"),
    [
        ("both", {"wa_id": AWA, "user_id": AWA_USER_ID}, {"from": AWA, "from_user_id": AWA_USER_ID}),
        ("phone_only", {"wa_id": AWA}, {"from": AWA}),
        ("user_id_only", {"user_id": AWA_USER_ID}, {"from_user_id": AWA_USER_ID}),
    ],
)
async def test_a_person_is_known_by_number_by_id_or_by_both(town, ids, contact, sender):
    await town.act("awa", "ids", ids=ids)
    await town.say("awa", "C’est moi")
    message = await heard(town)

    told = town.door.values[-1]["contacts"][0]
    profile = told.pop("profile")
    assert told == contact
    assert profile["name"] == "Awa Ouédraogo"
    assert profile.get("username") == ("awa_ouedraogo" if ids == "user_id_only" else None)
    assert {name: message[name] for name in ("from", "from_user_id") if name in message} == sender

    sent = await town.wa.send_message(to=AWA_USER_ID if ids == "user_id_only" else AWA, text="Bien reçu")
    await town.door.until(lambda door: len(door.ladder(sent.id)) == 2)
    status = town.door.statuses[-1]
    named = {"recipient_id": contact.get("wa_id"), "recipient_user_id": contact.get("user_id")}
    assert {name: status.get(name) for name in named} == named


async def test_cards_pictures_voices_stickers_places_and_the_unknown_are_told(town):
    await town.act("awa", "contact")
    await town.act("awa", "contact", first_name="Tante Rose", phone="+22670999999")
    await town.act("awa", "photo", caption="Le fleuve")
    await town.act("awa", "voice")
    await town.act("awa", "sticker")
    await town.act("awa", "location", name="Marché")
    greeting = await town.act("awa", "react", message_id=(await town.messages())[0]["wamid"], emoji="🙏")
    await town.act("awa", "unsupported")
    await heard(town, 9)

    own, other, photo, voice, sticker, place, reaction, unknown = town.door.messages[1:]
    assert own["contacts"][0]["phones"][0]["wa_id"] == AWA
    assert own["contacts"][0]["phones"][0]["phone"] == "+226 70 12 34 56"
    assert "wa_id" not in other["contacts"][0]["phones"][0]
    assert (photo["type"], photo["image"]["caption"]) == ("image", "Le fleuve")
    assert (voice["type"], voice["audio"]["voice"]) == ("audio", True)
    assert sticker["sticker"].keys() == {"mime_type", "sha256", "id", "animated"}
    assert place["location"]["name"] == "Marché"
    assert reaction["reaction"] == {"message_id": (await town.messages())[0]["wamid"], "emoji": "🙏"}
    assert greeting["reaction"]["emoji"] == "🙏"
    assert (unknown["type"], unknown["errors"][0]["code"]) == ("unsupported", 131051)
    details = await town.wa.get_media_url(photo["image"]["id"])
    assert (await town.wa.get_media_bytes(url=details.url)).startswith(b"\x89PNG")


async def test_what_pywa_parses_is_what_was_done(town):
    """Each update, put before pywa's own dispatcher, becomes the update it stands for."""
    sent = await town.wa.send_message(to=AWA, text="?", buttons=[types.Button("Oui", "yes")])
    await town.act("awa", "tap", label="Oui")
    await town.act("awa", "contact")
    await town.act("awa", "number", phone="+22670999998")
    await town.door.until(lambda door: len(door.messages) == 4 and len(door.ladder(sent.id)) == 3)
    seen: list[object] = []
    bot = WhatsApp(
        phone_id=DEMO.whatsapp_phone_id, token="unused", server=None, verify_token="unused",
        webhook_endpoint="/", validate_updates=False, session=httpx.AsyncClient(verify=trusted()),
    )  # fmt: skip

    async def note(_: WhatsApp, update: object) -> None:
        seen.append(update)

    for on in (bot.on_message, bot.on_callback_button, bot.on_message_status, bot.on_phone_number_change):
        on(note)
    for body in town.door.bodies:
        await bot.webhook_update_handler(update=httpx.Request("POST", "http://x", json=body).content)

    texts = [update for update in seen if isinstance(update, types.Message)]
    assert [update.type for update in texts] == ["text", "contacts"]
    (tapped,) = [update for update in seen if isinstance(update, types.CallbackButton)]
    assert (tapped.data, tapped.reply_to_message.id, tapped.from_user.bsuid) == ("yes", sent.id, AWA_USER_ID)
    (moved,) = [update for update in seen if isinstance(update, types.PhoneNumberChange)]
    assert (moved.old_wa_id, moved.new_wa_id, moved.new_user_id) == (AWA, "22670999998", AWA_USER_ID)
    assert [update.status for update in seen if isinstance(update, types.MessageStatus)][:2] == ["sent", "delivered"]
    await bot.api._session.aclose()


async def test_a_number_that_moved_is_told_and_the_old_one_is_nobodys(town):
    await town.act("awa", "number", phone="+22670999998", new_user_id=True)
    await heard(town, 3)

    numbers, ids = (message["system"] for message in town.door.messages[1:])
    account = await town.get("people/awa")
    assert (numbers["type"], numbers["wa_id"]) == ("user_changed_number", "22670999998")
    assert (ids["previous_user_id"], ids["user_id"]) == (AWA_USER_ID, account["user_id"])
    assert account["user_id"] != AWA_USER_ID
    sent = await town.wa.send_message(to=AWA, text="?")
    await town.door.until(lambda door: door.ladder(sent.id) == ["failed"])


async def test_a_recycled_number_is_somebody_else_and_its_former_holder_has_none(town):
    await town.act("moussa", "number", phone=f"+{AWA}", silently=True)
    await town.say("moussa", "Bonjour, nouveau numéro")
    message = await heard(town)

    assert message["from"] == AWA
    assert message["from_user_id"] not in {AWA_USER_ID, MOUSSA_USER_ID}
    assert town.door.values[-1]["contacts"][0]["profile"]["name"] == "Moussa Traoré"
    assert (await town.get("people/awa"))["wa_id"] is None
    assert (await town.post("people/awa/say", text="Et moi ?")).status_code == 400


async def test_a_link_with_words_writes_and_sends_them(town):
    await town.act("koffi", "follow", url=f"https://wa.me/{DEMO.whatsapp_number}?text=Cauri%20R7K2Q")
    assert (await heard(town))["text"]["body"] == "Cauri R7K2Q"
    elsewhere = await town.post("people/koffi/follow", url="https://wa.me/22600000000?text=x")
    assert elsewhere.status_code == 400


@pytest.mark.parametrize("packing", ["messages", "changes", "entries"])
async def test_what_was_held_comes_in_one_post(town, packing):
    await town.turn(hold=True)
    await town.say("awa", "un")
    await town.say("moussa", "deux")
    sent = await town.wa.send_message(to=AWA, text="trois")
    released = await town.do("notices/release", **{"as": packing})
    await town.door.until(lambda door: len(door.bodies) == 2)

    entries = town.door.bodies[-1]["entry"]
    changes = [len(entry["changes"]) for entry in entries]
    assert released == {"released": 4}
    assert changes == {"messages": [2], "changes": [4], "entries": [1, 1, 1, 1]}[packing]
    assert [message["text"]["body"] for message in town.door.messages[1:]] == ["un", "deux"]
    assert town.door.ladder(sent.id) == ["sent", "delivered"]
    if packing == "messages":
        people = [contact["wa_id"] for contact in town.door.values[1]["contacts"]]
        assert people == [AWA, MOUSSA]
    await asyncio.sleep(0)
    assert (await town.last("moussa"))["status"] == "delivered"


async def test_a_notice_comes_again_until_it_is_taken_while_others_pass(town):
    await town.turn(webhook_delays_s=[0.2, 0.01])
    town.door.answers = [503, 200]
    await town.say("awa", "un")
    await town.door.until(lambda door: len(door.bodies) == 2)
    assert (await town.last())["status"] == "sent"
    await town.say("moussa", "deux")
    await town.door.until(lambda door: len(door.messages) == 4)

    assert [message["text"]["body"] for message in town.door.messages[1:]] == ["un", "deux", "un"]
    assert town.door.messages[1]["id"] == town.door.messages[3]["id"]


async def test_notices_come_twice_in_another_order_and_badly_signed_on_request(town):
    await town.turn(duplicate_webhooks=1, webhook_delays_s=[0.01])
    await town.say("awa", "un")
    await heard(town, 3)
    assert [message["text"]["body"] for message in town.door.messages[1:]] == ["un", "un"]

    await town.turn(reorder_webhooks=1)
    await town.say("awa", "deux")
    await town.say("awa", "trois")
    await heard(town, 5)
    assert [message["text"]["body"] for message in town.door.messages[3:]] == ["trois", "deux"]

    await town.turn(bad_signatures=1)
    town.door.answers = [401]
    await town.say("awa", "quatre")
    await heard(town, 7)
    assert town.door.genuine[-2:] == [False, True]


async def test_statuses_can_come_before_the_answer_or_long_after_it(town):
    await town.turn(status_before_answer=True)
    sent = await town.wa.send_message(to=AWA, text="?")
    assert town.door.ladder(sent.id) == ["sent", "delivered"]

    await town.turn(status_before_answer=False, status_delay_s=3600)
    late = await town.wa.send_message(to=AWA, text="?")
    assert (await town.last())["wamid"] == late.id
    assert town.door.ladder(late.id) == []
    await town.do("notices/hurry")
    await town.door.until(lambda door: len(door.ladder(late.id)) == 2)


async def test_what_is_read_at_once_is_told_so(town):
    await town.turn(auto_read=True)
    sent = await town.wa.send_message(to=AWA, text="?")
    await town.door.until(lambda door: door.ladder(sent.id) == ["sent", "delivered", "read"])


@pytest.mark.parametrize("unknown", [{"field": "account_alerts", "value": {"x": 1}}, {"entry": [{"id": "0"}]}])
async def test_anything_can_be_told(town, unknown):
    assert (await town.post("notices", **unknown)).status_code == 200
    await town.door.until(lambda door: len(door.bodies) == 2)


async def test_an_address_is_only_registered_once_it_repeats_the_challenge(town):
    town.door.verify_token = "something else"
    refused = await town.post("webhook", url=town.door.url)
    outside = await town.post("webhook", url="https://example.org/", verify=False)

    assert (refused.status_code, outside.status_code) == (400, 400)
    assert (await town.get("webhook"))["url"] == town.door.url


async def test_pywa_registers_addresses_at_all_three_places(town):
    for number in range(3):
        await town.do("webhook", url="", verify=False)
        if number == 0:
            token = await town.wa.get_app_access_token(app_id=300000000000003, app_secret=DEMO.whatsapp_app_secret)
            done = await town.wa.set_app_callback_url(
                app_id=300000000000003,
                app_access_token=token,
                callback_url=town.door.url,
                verify_token=DEMO.whatsapp_verify_token,
                fields=("messages",),
            )
        elif number == 1:
            done = await town.wa.override_waba_callback_url(town.door.url, DEMO.whatsapp_verify_token)
        else:
            done = await town.wa.override_phone_callback_url(town.door.url, DEMO.whatsapp_verify_token)
        assert done
        assert (await town.get("webhook"))["url"] == town.door.url


async def test_a_restart_forgets_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING)
    async with opened_town(tmp_path) as town:
        await town.turn(hold=True)
        await town.say("awa", "avant")
        await town.restart()
        assert (await town.get("knobs"))["hold"] is True
        await town.turn(hold=False)
        await heard(town)
        sent = await town.wa.send_message(to=AWA, text="après")
        assert (await town.last())["wamid"] == sent.id
    assert not caplog.records
