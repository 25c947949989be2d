"""What the business sends through an unmodified pywa, and what people's phones show of it."""

import pytest
from pywa.types import Button, Section, SectionList, SectionRow, URLButton

from tests.sandbox.whatsapp_town import AWA, AWA_USER_ID, DEMO, FATOU, opened_town, refused

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
async def town(tmp_path):
    async with opened_town(tmp_path) as town:
        yield town


async def test_a_text_climbs_the_ladder_of_statuses_and_is_on_the_phone(town):
    sent = await town.wa.send_message(to=AWA, text="Solde : *5 000 F CFA*", tracker="outbox-1")
    await town.door.until(lambda door: door.ladder(sent.id) == ["sent", "delivered"])

    shown = await town.last()
    assert (shown["text"], shown["html"]) == ("Solde : 5 000 F CFA", "Solde : <b>5 000 F CFA</b>")
    assert shown["from"]["is_bot"]
    assert sent.id.startswith("wamid.")
    assert town.door.statuses[0]["biz_opaque_callback_data"] == "outbox-1"
    assert town.door.statuses[0]["recipient_id"] == AWA
    assert town.door.statuses[0]["pricing"]["billable"] is False

    await town.act("awa", "read")
    await town.door.until(lambda door: door.ladder(sent.id) == ["sent", "delivered", "read"])
    assert all(town.door.genuine)


async def test_a_tapped_button_names_the_message_it_stood_under(town):
    buttons = [Button("Oui", "yes:1"), Button("Non", "no:1")]
    sent = await town.wa.send_message(to=AWA, text="Confirmer ?", buttons=buttons, header="Recharge", footer="Cauri")

    shown = await town.last()
    assert shown["inline_keyboard"] == [
        [{"text": "Oui", "callback_data": "yes:1"}],
        [{"text": "Non", "callback_data": "no:1"}],
    ]
    assert (shown["header"], shown["footer"]) == ("Recharge", "Cauri")
    tapped = await town.act("awa", "tap", label="Oui")
    await town.door.until(lambda door: len(door.messages) == 2)

    heard = town.door.messages[-1]
    assert tapped["wamid"] == sent.id
    assert tapped["said"]["text"] == "Oui"
    assert heard["interactive"] == {"type": "button_reply", "button_reply": {"id": "yes:1", "title": "Oui"}}
    assert heard["context"] == {"from": DEMO.whatsapp_number, "id": sent.id}


async def test_a_row_of_a_list_is_tapped_by_its_title(town):
    rows = [SectionRow(f"Part {number}", f"share:{number}", "2 500 F CFA") for number in range(1, 11)]
    sent = await town.wa.send_message(
        to=AWA, text="Quelle part ?", buttons=SectionList("Choisir", [Section("Parts", rows)])
    )

    assert (await town.last())["list"]["button"] == "Choisir"
    await town.act("awa", "tap", label="Part 10", message_id=sent.id)
    await town.door.until(lambda door: len(door.messages) == 2)

    reply = {"id": "share:10", "title": "Part 10", "description": "2 500 F CFA"}
    assert town.door.messages[-1]["interactive"] == {"type": "list_reply", "list_reply": reply}


async def test_a_link_button_opens_an_address_on_this_machine_too(town):
    await town.wa.send_message(to=AWA, text="À payer", buttons=URLButton("Payer", "http://127.0.0.1:8100/pay/1"))

    opened = await town.act("awa", "tap", label="Payer")

    assert opened["url"] == "http://127.0.0.1:8100/pay/1"
    assert len(town.door.messages) == 1


async def test_pictures_and_documents_are_uploaded_shown_and_fetched_again(town):
    await town.wa.send_image(to=AWA, image=PNG, caption="La *carte*", mime_type="image/png")
    picture = await town.last()
    await town.wa.send_document(to=AWA, document=b"%PDF-1.4", filename="reçu.pdf", mime_type="application/pdf")
    paper = await town.last()

    assert (picture["text"], picture["photo"][0]["width"]) == ("La carte", 1)
    assert paper["document"]["file_name"] == "reçu.pdf"
    file = await town.people.get(f"{town.base}/whatsapp/api/files/{picture['photo'][0]['file_id']}")
    assert file.content == PNG

    kept = await town.wa.upload_media(PNG, mime_type="image/png", filename="carte.png")
    details = await town.wa.get_media_url(kept.id)
    assert await town.wa.get_media_bytes(url=details.url) == PNG
    assert await town.wa.delete_media(kept.id)
    async with refused(100):
        await town.wa.get_media_url(kept.id)


async def test_ticks_of_a_person_turn_blue_when_the_business_reads(town):
    said = await town.say("awa", "/solde")
    await town.door.until(lambda door: len(door.messages) == 2)
    change = (await town.get("people"))["change"]

    assert await town.wa.mark_message_as_read(said["wamid"])
    assert await town.wa.indicate_typing(said["wamid"])

    news = await town.get("wait", person="awa", after=change, timeout=5)
    assert [message["status"] for message in news["messages"]] == ["read"] * 2
    assert news["changes"][-1]["kind"] == "typing"


async def test_a_person_is_also_reached_by_the_id_meta_made_of_them(town):
    sent = await town.wa.send_message(to=AWA_USER_ID, text="Bonjour Awa")

    assert (await town.last())["wamid"] == sent.id


async def test_outside_the_window_the_call_is_taken_and_fails_later(town):
    await town.do("window", person="awa", open=False)
    sent = await town.wa.send_message(to=AWA, text="Trop tard")
    await town.door.until(lambda door: door.ladder(sent.id) == ["failed"])

    assert town.door.statuses[-1]["errors"][0]["code"] == 131047
    assert (await town.last())["text"] == "Bonjour"
    assert (await town.get("sent"))["messages"][-1]["status"] == "failed"

    await town.turn(window_at_once=True)
    async with refused(131047):
        await town.wa.send_message(to=AWA, text="Trop tard")

    await town.say("awa", "Me revoilà")
    await town.wa.send_message(to=AWA, text="Bienvenue")
    assert (await town.last())["text"] == "Bienvenue"


@pytest.mark.parametrize("to", ["22670000099", "BF.1"])
async def test_a_number_without_whatsapp_is_undeliverable(town, to):
    sent = await town.wa.send_message(to=to, text="Il y a quelqu’un ?")
    await town.door.until(lambda door: door.ladder(sent.id) == ["failed"])

    assert town.door.statuses[-1]["errors"][0]["code"] == 131026


async def test_who_blocks_the_business_gets_nothing_and_cannot_write(town):
    await town.act("awa", "block")
    sent = await town.wa.send_message(to=AWA, text="Bonjour ?")
    await town.door.until(lambda door: door.ladder(sent.id) == ["failed"])

    assert town.door.statuses[-1]["errors"][0]["code"] == 131026
    assert (await town.post("people/awa/say", text="?")).status_code == 400
    await town.act("awa", "unblock")
    await town.say("awa", "Pardon")


async def test_bad_tokens_and_unknown_numbers_are_told_as_meta_does(town):
    stranger, session = town.client("not-the-token")
    async with refused(190):
        await stranger.send_message(to=AWA, text="?")
    await session.aclose()
    elsewhere, session = town.client(DEMO.whatsapp_token, "999")
    async with refused(100):
        await elsewhere.send_message(to=AWA, text="?")
    await session.aclose()
    answer = await town.call("POST", "999/messages", json={})
    assert answer.json()["error"]["error_subcode"] == 33


def reply(index: int, title: str = "Oui", button_id: str | None = None) -> dict:
    return {"type": "reply", "reply": {"id": button_id or f"id:{index}", "title": title}}


def buttons(*replies: dict, body: str = "?", **frame: object) -> dict:
    return {"type": "button", "body": {"text": body}, "action": {"buttons": list(replies)}, **frame}


def listed(*sizes: int, button: str = "Choisir", body: str = "?", **row: str) -> dict:
    sections = [
        {"title": f"S{at}", "rows": [{"id": f"{at}:{n}", "title": f"Rang {n}", **row} for n in range(size)]}
        for at, size in enumerate(sizes)
    ]
    return {"type": "list", "body": {"text": body}, "action": {"button": button, "sections": sections}}


def link(url: str = "https://example.org/", label: str = "Payer") -> dict:
    parameters = {"display_text": label, "url": url}
    return {"type": "cta_url", "body": {"text": "?"}, "action": {"name": "cta_url", "parameters": parameters}}


TOO_MUCH = {
    "body above buttons": buttons(reply(1), body="x" * 1025),
    "four buttons": buttons(*(reply(n, f"Oui {n}") for n in range(4))),
    "no button": buttons(),
    "button title": buttons(reply(1, "x" * 21)),
    "button titles alike": buttons(reply(1), reply(2)),
    "button ids alike": buttons(reply(1, "Oui", "a"), reply(2, "Non", "a")),
    "button id": buttons(reply(1, button_id="x" * 257)),
    "empty title": buttons(reply(1, " ")),
    "header": buttons(reply(1), header={"type": "text", "text": "x" * 61}),
    "footer": buttons(reply(1), footer={"text": "x" * 61}),
    "list body": listed(1, body="x" * 4097),
    "list button": listed(1, button="x" * 21),
    "eleven rows": listed(6, 5),
    "row description": listed(1, description="x" * 73),
    "row title": listed(1, title="x" * 25),
    "row id": listed(1, id="x" * 201),
    "row ids alike": listed(2, id="same"),
    "empty section": listed(1, 0),
    "link label": link(label="x" * 21),
    "plain http": link("http://example.org/"),
    "no address": link("payer"),
}


@pytest.mark.parametrize("interactive", TOO_MUCH.values(), ids=TOO_MUCH.keys())
async def test_what_a_phone_could_not_show_is_refused(town, interactive):
    answer = await town.send("interactive", interactive)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 131009)
    assert len(await town.messages()) == 1


async def test_what_is_just_short_enough_passes(town):
    longest = buttons(
        *(reply(n, f"{n}" * 20, f"{n}" * 256) for n in range(3)),
        body="x" * 1024,
        header={"type": "text", "text": "x" * 60},
        footer={"text": "x" * 60},
    )
    full = listed(4, 6, button="x" * 20, body="x" * 4096, title="x" * 24, description="x" * 72)
    for interactive in (longest, full, link("https://example.org/a?b=c", "x" * 20)):
        answer = await town.send("interactive", interactive)
        assert answer.status_code == 200, answer.text
    assert (await town.send("text", {"body": "x" * 4096})).status_code == 200
    assert (await town.send("text", {"body": "x" * 4097})).json()["error"]["code"] == 100
    assert len(await town.messages()) == 5


async def test_after_a_burst_one_person_gets_one_message_every_six_seconds(town):
    await town.say("fatou", "Bonjour")
    for number in range(45):
        assert (await town.send("text", {"body": str(number)})).status_code == 200
    assert (await town.send("text", {"body": "46"})).json()["error"]["code"] == 131056
    assert (await town.send("text", {"body": "1"}, FATOU)).status_code == 200

    await town.turn(rate_limits=False)
    assert (await town.send("text", {"body": "46"})).status_code == 200


async def test_the_number_has_a_speed_limit_in_all(town):
    await town.turn(throughput=2)
    codes = [(await town.send("text", {"body": "?"})).json().get("error", {}).get("code") for _ in range(3)]
    assert codes == [None, None, 130429]


async def test_number_account_and_apps_are_told(town):
    number = await town.wa.get_business_phone_number()
    account = await town.wa.get_business_account()

    assert (number.id, number.display_phone_number) == (DEMO.whatsapp_phone_id, f"+{DEMO.whatsapp_number}")
    assert account.id == DEMO.whatsapp_business_id
    assert [each.id for each in await town.wa.get_business_phone_numbers()] == [DEMO.whatsapp_phone_id]
