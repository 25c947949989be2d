"""The JSON API of people on WhatsApp: news as they come, marks as they read, and refusals in a sentence."""

import json

import pytest

from sandbox.whatsapp.marks import shown
from tests.sandbox.whatsapp_town import AWA, AWA_USER_ID, opened_town

AWA_ID = 5_100_000_001


@pytest.fixture
async def town(tmp_path):
    async with opened_town(tmp_path) as town:
        yield town


async def test_the_same_people_have_the_same_numbers_on_both_channels(town):
    there = (await town.people.get(f"{town.base}/chat/api/people")).json()["people"]
    here = (await town.get("people"))["people"]

    assert [(each["id"], each["phone"]) for each in here] == [(each["id"], each["phone"]) for each in there]
    assert (here[0]["wa_id"], here[0]["user_id"], here[0]["window_open"]) == (AWA, AWA_USER_ID, True)
    assert here[1]["window_open"] is False

    created = await town.people.post(
        f"{town.base}/chat/api/people", json={"first_name": "Aïcha", "phone": "+22790123456"}
    )
    await town.say("Aïcha", "Bonjour")
    assert (await town.get(f"people/{created.json()['id']}"))["user_id"].startswith("NE.")


async def test_waiting_brings_what_is_new_and_nothing_else(town):
    change = (await town.get("people/awa/messages"))["change"]
    await town.say("moussa", "Pas pour Awa")
    assert (await town.get("wait", person="awa", after=change, timeout=0.1))["messages"] == []

    sent = await town.wa.send_message(to=AWA, text="Pour Awa")
    news = await town.get("wait", person="awa", after=change, timeout=10)
    assert [message["wamid"] for message in news["messages"]] == [sent.id]
    assert (await town.get("people/awa/chats"))["chats"][0]["last_message"]["text"] == "Pour Awa"


async def test_one_stream_tells_of_both_channels(town):
    after = {"telegram": 0, "whatsapp": (await town.get("people"))["change"]}
    async with town.people.stream("GET", f"{town.base}/chat/api/stream", params=after) as stream:
        await town.say("awa", "sur WhatsApp")
        await town.people.post(f"{town.base}/chat/api/people/awa/start", json={})
        told: dict[str, str] = {}
        async for line in stream.aiter_lines():
            change = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if change.get("kind") == "message":
                told[change["channel"]] = change["message"]["text"]
            if len(told) == 2:
                break
    assert told == {"telegram": "/start", "whatsapp": "sur WhatsApp"}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("people/personne/say", {"text": "?"}, 404),
        ("people/awa/tap", {"label": "Nulle part"}, 404),
        ("people/awa/tap", {"row": -1, "column": 0}, 404),
        ("people/awa/react", {"message_id": "wamid.x"}, 404),
        ("people/awa/say", {"text": " "}, 400),
        ("people/awa/say", {"text": "x" * 4097}, 400),
        ("people/awa/say", {"words": "?"}, 400),
        ("people/awa/number", {"phone": f"+{AWA}"}, 400),
        ("people/awa/number", {"phone": "+99999999"}, 400),
        ("people/awa/ids", {"ids": "none"}, 400),
        ("window", {"person": "awa"}, 400),
        ("notices/release", {"as": "confetti"}, 400),
    ],
)
async def test_what_cannot_be_done_is_refused_in_a_sentence(town, path, body, status):
    answer = await town.post(path, **body)

    assert answer.status_code == status
    assert answer.json()["error"]
    assert len(await town.messages()) == 1


@pytest.mark.parametrize(
    ("source", "text", "kinds"),
    [
        ("*gras* et _penché_ et ~barré~", "gras et penché et barré", ["bold", "italic", "strikethrough"]),
        ("*_les deux_*", "les deux", ["bold", "italic"]),
        ("```D-7KQ2-MX4P-9T3W```", "D-7KQ2-MX4P-9T3W", ["code"]),
        ("`code *pas gras*`", "code *pas gras*", ["code"]),
        ("2*3*4 et snake_case_name", "2*3*4 et snake_case_name", []),
        ("* pas une marque *", "* pas une marque *", []),
        ("*sur deux\nlignes*", "*sur deux\nlignes*", []),
        ("(*ici*)", "(ici)", ["bold"]),
        ("voir https://example.org/a_b_c, merci", "voir https://example.org/a_b_c, merci", ["url"]),
        ("wa.me/22625000001?text=Cauri%20K7", "wa.me/22625000001?text=Cauri%20K7", ["url"]),
    ],
)
def test_marks_are_shown_as_a_phone_does(source, text, kinds):
    read, entities = shown(source)

    assert (read, [entity["type"] for entity in entities]) == (text, kinds)


async def test_odd_json_is_refused_and_breaks_nothing(town):
    path = f"{town.base}/whatsapp/v25.0/100000000000001/messages"
    headers = {**town.session.headers, "Content-Type": "application/json"}
    for body in (b"[1]", b"{", b'{"to": "\\ud800"}', b'{"messaging_product": "whatsapp", "to": "1", "type": {}}'):
        answer = await town.people.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)
