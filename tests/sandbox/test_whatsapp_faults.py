"""Calls that go wrong on request, and templates: written, reviewed, filled in."""

import httpx
import pytest
from pywa.types.templates import (
    BodyText,
    Buttons,
    FooterText,
    QuickReplyButton,
    Template,
    TemplateCategory,
    TemplateLanguage,
    TemplateStatus,
    URLButton,
)

from tests.sandbox.whatsapp_town import AWA, DEMO, opened_town, refused


@pytest.fixture
async def town(tmp_path):
    async with opened_town(tmp_path) as town:
        yield town


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("too_many_requests", 4, 429),
        ("pair_limit", 131056, 400),
        ("throughput", 130429, 429),
        ("server_error", 131000, 500),
        ("unavailable", 131016, 503),
        ("refused", 368, 403),
    ],
)
async def test_a_fault_strikes_as_often_as_asked_and_does_nothing(town, kind, code, status):
    details = {"code": 368, "status": 403} if kind == "refused" else {}
    await town.break_next(kind, times=2, **details)
    for _ in range(2):
        answer = await town.send("text", {"body": "?"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert len(await town.messages()) == 1
    await town.wa.send_message(to=AWA, text="Enfin")


async def test_a_call_can_be_cut_before_and_after_it_acts(town):
    await town.break_next("cut_before")
    with pytest.raises(httpx.TransportError):
        await town.wa.send_message(to=AWA, text="perdu")
    assert len(await town.messages()) == 1

    await town.break_next("cut_after")
    with pytest.raises(httpx.TransportError):
        await town.wa.send_message(to=AWA, text="arrivé")
    assert (await town.last())["text"] == "arrivé"


async def test_a_fault_can_wait_for_another_call_or_another_person(town):
    await town.break_next("server_error", call="media")
    await town.wa.send_message(to=AWA, text="rien à voir")
    async with refused(131000):
        await town.wa.upload_media(b"x", mime_type="text/plain", filename="x.txt")

    await town.break_next("server_error", person=5100000002)
    await town.wa.send_message(to=AWA, text="rien à voir")


async def test_an_accepted_message_can_fail_for_any_reason(town):
    await town.break_next("fails_later", code=131049, description="Not delivered")
    sent = await town.wa.send_message(to=AWA, text="?")
    await town.door.until(lambda door: door.ladder(sent.id) == ["failed"])
    assert town.door.statuses[-1]["errors"][0]["code"] == 131049


async def test_knobs_are_shown_turned_and_reset(town):
    assert (await town.post("knobs", no_such_knob=1)).status_code == 400
    await town.turn(hold=True)
    reset = await town.people.delete(f"{town.base}/whatsapp/api/knobs")
    assert reset.json()["hold"] is False


def paid_template(name: str = "paid", **changes: object) -> Template:
    components = [
        BodyText("Vous avez reçu {{1}} de {{2}}.\nMerci !", "5 000 F CFA", "Awa"),
        FooterText(text="Cauri"),
        Buttons(
            buttons=[
                QuickReplyButton(text="Lire"),
                URLButton(text="Payer", url="https://example.org/{{1}}", example="https://x.org/1"),
            ]
        ),
    ]
    details = {"language": TemplateLanguage.FRENCH, "category": TemplateCategory.UTILITY, "components": components}
    return Template(name=name, **{**details, **changes})


def filling(*values: str, name: str = "paid", language: str = "fr") -> dict:
    return {
        "name": name,
        "language": {"code": language},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]},
            {"type": "button", "sub_type": "quick_reply", "index": "0",
             "parameters": [{"type": "payload", "payload": "go:1"}]},
            {"type": "button", "sub_type": "url", "index": 1, "parameters": [{"type": "text", "text": "abc"}]},
        ],
    }  # fmt: skip


async def test_an_approved_template_reaches_who_has_been_silent(town):
    created = await town.wa.create_template(paid_template())
    assert created.status == TemplateStatus.PENDING
    (listed,) = await town.wa.get_templates()
    assert (listed.name, listed.status) == ("paid", TemplateStatus.APPROVED)
    await town.door.until(lambda door: any(value.get("event") == "APPROVED" for value in door.values))
    await town.do("window", person="awa", open=False)

    answer = await town.send("template", filling("2 500 F CFA", "Moussa"))
    wamid = answer.json()["messages"][0]["id"]
    await town.door.until(lambda door: len(door.ladder(wamid)) == 2)

    shown = await town.last()
    assert (shown["text"], shown["footer"]) == ("Vous avez reçu 2 500 F CFA de Moussa.\nMerci !", "Cauri")
    assert shown["template"] == {"name": "paid", "language": "fr"}
    assert [row[0].get("url") for row in shown["inline_keyboard"]] == [None, "https://example.org/abc"]
    pricing = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
    assert town.door.statuses[-1]["pricing"] == pricing

    await town.act("awa", "tap", label="Lire")
    await town.door.until(lambda door: len(door.messages) == 2)
    assert town.door.messages[-1]["button"] == {"payload": "go:1", "text": "Lire"}
    assert town.door.messages[-1]["context"]["id"] == wamid
    await town.wa.send_message(to=AWA, text="La fenêtre est ouverte")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (filling("1", "2", name="nobody"), 132001),
        (filling("1", "2", language="en"), 132001),
        (filling("1"), 132000),
        (filling("1", "2", "3"), 132000),
        (filling("1", "deux\nlignes"), 132018),
        (filling("1", "une\ttabulation"), 132018),
        (filling("1", "cinq     espaces"), 132018),
        (filling("1", ""), 131008),
        (filling("1", "x" * 1020), 132005),
    ],
)
async def test_a_template_badly_filled_in_is_refused(town, content, code):
    await town.wa.create_template(paid_template())

    answer = await town.send("template", content)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404 if code == 132001 else 400, code)


async def test_what_is_not_approved_cannot_be_sent(town):
    await town.turn(template_review="wait")
    await town.wa.create_template(paid_template())
    assert (await town.send("template", filling("1", "2"))).json()["error"]["code"] == 132001

    await town.do("templates/paid", status="APPROVED")
    assert (await town.send("template", filling("1", "2"))).status_code == 200
    await town.do("templates/paid", status="REJECTED")
    assert (await town.send("template", filling("1", "2"))).json()["error"]["code"] == 132001
    assert (await town.get("templates"))["templates"][0]["rejected_reason"] == "INCORRECT_CATEGORY"
    assert (await town.post("templates/nobody", status="APPROVED")).status_code == 404

    assert await town.wa.delete_template("paid")
    assert list(await town.wa.get_templates()) == []
    async with refused(100):
        await town.wa.delete_template("paid")


def submission(text: str, example: list[str] | None = None, **changes: object) -> dict:
    body = {"type": "BODY", "text": text, **({"example": {"body_text": [example]}} if example else {})}
    return {"name": "t", "language": "fr", "category": "UTILITY", "components": [body], **changes}


def quick_reply(label: str) -> dict:
    return {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": label}]}


@pytest.mark.parametrize(
    "body",
    [
        submission("Bonjour", name="Pas de majuscules"),
        submission("Bonjour", language="klingon"),
        submission("Bonjour", category="ADVERT"),
        submission("x" * 1025),
        submission("{{1}} au début", ["x"]),
        submission("à la fin {{1}}", ["x"]),
        submission("sans {{1}} exemple"),
        submission("un {{2}} trou", ["x"]),
        submission("un {{name}} nom", ["x"]),
        submission("Bonjour", components=[{"type": "FOOTER", "text": "seul"}]),
        submission("Bonjour", components=[{"type": "BODY", "text": "x"}, quick_reply("🏠 Menu")]),
        submission("Bonjour", components=[{"type": "BODY", "text": "x"}, quick_reply("x" * 26)]),
        submission("Bonjour", components=[{"type": "BODY", "text": "x"}, {"type": "HEADER", "text": "*gras*"}]),
        submission("Bonjour", components=[{"type": "BODY", "text": "x"}, {"type": "CLOWN", "text": "x"}]),
    ],
)
async def test_a_template_that_cannot_be_one_is_not_taken(town, body):
    answer = await town.call("POST", f"{DEMO.whatsapp_business_id}/message_templates", json=body)

    assert answer.status_code == 400
    assert (await town.get("templates"))["templates"] == []


async def test_templates_are_listed_by_the_page_and_by_what_is_asked(town):
    for number in range(3):
        await town.wa.create_template(paid_template(f"paid_{number}"))
    path = f"{DEMO.whatsapp_business_id}/message_templates"
    twice = await town.call("POST", path, json=submission("Bonjour", name="paid_0"))
    assert twice.json()["error"]["error_subcode"] == 2388024

    first = (await town.call("GET", path, params={"limit": 2, "fields": "name,status"})).json()
    second = (await town.people.get(first["paging"]["next"], headers=town.session.headers)).json()
    named = (await town.call("GET", path, params={"name": "paid_1"})).json()

    assert [each["name"] for each in (*first["data"], *second["data"])] == ["paid_0", "paid_1", "paid_2"]
    assert first["data"][0].keys() == {"id", "name", "status"}
    assert "next" not in second["paging"]
    assert len(named["data"]) == 1
