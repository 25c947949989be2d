"""The door to which Meta posts: it believes only what is signed, takes batches whole, and everything in them once."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.views import Button, View, in_columns
from core import clock
from core.db import Database
from core.inbox import InboundMessage
from core.jobs import JobRow
from core.outbox import OutboxMessage
from members import Member
from tests.channels.house import VERIFY_TOKEN, House, opened, signed
from tests.channels.whatsapp_kit import (
    AWA,
    AWA_ID,
    MOUSSA,
    MOUSSA_ID,
    PHONE_ID,
    contact,
    entries,
    message,
    status,
    tap,
    text,
    value,
    webhook,
)

BODY = json.dumps(webhook(value(text("/aide")))).encode()


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with opened(database) as house:
        yield house


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (BODY, ""),
        (BODY, signed(BODY, "another-secret")),
        (BODY, signed(BODY, "")),
        (BODY + b" ", signed(BODY)),
        # The same JSON written anew is another body.
        (json.dumps(json.loads(BODY), indent=1).encode(), signed(BODY)),
        (BODY, "sha256=é"),
        (BODY, "sha256="),
        (b"not JSON", "sha256=0"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_body_with_a_bad_signature_is_401_and_changes_nothing(house: House, body: bytes, signature: str):
    answer = await house.post(body, signature=signature)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert [await house.count(table) for table in (InboundMessage, OutboxMessage, Member, JobRow)] == [0, 0, 0, 0]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_is_signed_and_yet_no_webhook_is_refused(house: House):
    assert (await house.post(b"not JSON")).status_code == HTTPStatus.BAD_REQUEST
    assert (await house.post(b"[1]")).status_code == HTTPStatus.BAD_REQUEST
    assert (await house.post(b" " * (3 * 1024 * 1024 + 1))).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_metas_challenge_is_met_with_the_right_token_alone(house: House):
    async def asked(token: str) -> tuple[int, str]:
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"}
        answer = await house.http.get("/webhook/whatsapp", params=query)
        return answer.status_code, answer.text

    assert await asked(VERIFY_TOKEN) == (HTTPStatus.OK, "1158201444")
    assert (await asked("another"))[0] == HTTPStatus.FORBIDDEN
    assert (await asked(""))[0] == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_without_whatsapp_there_is_no_such_door(database: Database):
    async with opened(database, with_whatsapp=False) as house:
        assert (await house.post(BODY)).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_while_the_database_is_away_meta_is_told_to_come_again(tmp_path: Path, engine: str):
    database = Database("postgresql://cauri@127.0.0.1:9/cauri")
    bodies = [
        webhook(value(text("/aide"))),
        webhook(value(tap("page:1", "wamid.out"))),
        webhook(value(tap("read", "wamid.out"))),
        webhook(value({"id": "wamid.odd", "type": "text", "from": AWA})),
        webhook(value(statuses=(status("wamid.out", "read"),))),
    ]
    async with opened(database) as house:
        for body in bodies:
            answer = await house.post(body)
            assert (answer.status_code, answer.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "5")
    await database.close()


async def test_a_batch_of_messages_changes_and_entries_is_handled_whole_and_once(house: House):
    """Two entries of two changes of two messages each, from two people who write in turn."""
    senders = [(AWA, AWA_ID), (MOUSSA, MOUSSA_ID)]
    contacts = [contact(*ids) for ids in senders]
    said = [text("/aide", senders[number % 2][0], wamid=f"wamid.{number}") for number in range(8)]
    changes = [
        {"field": "messages", "value": value(*said[start : start + 2], contacts=contacts)} for start in (0, 2, 4, 6)
    ]
    batch = entries(changes[:2], changes[2:])
    await house.hears(batch)
    assert await house.claimed() == {f"wamid.{number}": None for number in range(8)}
    assert [len(await house.said(person)) for _, person in senders] == [4, 4]
    assert await house.count(Member) == 2

    await house.hears(batch)
    await house.hears(webhook(changes[0]["value"]))
    assert [len(await house.said(person)) for _, person in senders] == [4, 4]


async def test_what_cannot_be_read_is_kept_aside_and_those_beside_it_are_answered(house: House):
    odd = {"id": "wamid.odd", "from": AWA, "type": "text"}
    await house.hears(webhook(value(text("/aide"), odd, text("/aide"))))
    assert "KeyError" in str((await house.claimed())["wamid.odd"])
    assert len(await house.said(AWA_ID)) == 2


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_no_database_can_keep_is_answered_all_the_same(house: House):
    await house.hears(webhook(value(text("\x00\ud83d", wamid="wamid.nul"))))
    assert "wamid.nul" in await house.claimed()
    assert len(await house.said(AWA_ID)) == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_reactions_groups_and_other_numbers_are_not_answered(house: House):
    reaction = message(type="reaction", reaction={"message_id": "wamid.out", "emoji": "👍"})
    group = message(type="text", text={"body": "/solde"}, group_id="group-1")
    await house.hears(webhook(value(reaction, group)))
    body = webhook(value(text("/aide")))
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    await house.hears(body)
    assert [await house.count(table) for table in (OutboxMessage, Member)] == [0, 0]


async def test_a_receipt_is_written_down_and_one_that_comes_late_takes_nothing_back(house: House):
    said = await house.says(AWA_ID, View("Bonjour"))
    await house.sent(said, "wamid.out")
    for state in ("delivered", "read", "sent"):
        await house.hears(webhook(value(statuses=(status("wamid.out", state, recipient_user_id=AWA_ID),))))
    assert (await house.said(AWA_ID))[0].receipt == "read"
    assert await house.count(JobRow) == 0


async def test_a_receipt_that_comes_before_the_sender_wrote_anything_down_is_tried_again(house: House):
    said = await house.says(AWA_ID, View("Bonjour"))
    for _ in range(2):
        await house.hears(webhook(value(statuses=(status("wamid.out", "delivered", recipient_user_id=AWA_ID),))))
    assert await house.do_what_waits() == 1
    await house.sent(said, "wamid.out")
    assert await house.do_what_waits() == 1
    assert (await house.said(AWA_ID))[0].receipt == "delivered"
    assert await house.count(JobRow) == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_receipt_for_a_message_that_nobody_knows_is_given_up(house: House):
    await house.hears(webhook(value(statuses=(status("wamid.nudge", "sent"),))))
    tries = 0
    while await house.do_what_waits():
        tries += 1
    assert tries == 4


async def test_what_meta_finds_outside_the_window_after_all_waits_for_the_person(house: House):
    said = await house.says(AWA_ID, View("Bonjour"))
    await house.sent(said, "wamid.out")
    late = status("wamid.out", "failed", 131047, recipient_user_id=AWA_ID)
    await house.hears(webhook(value(statuses=(late,))))
    [waiting] = await house.said(AWA_ID)
    assert (waiting.state, waiting.external_id, (await house.address(AWA_ID)).heard_at) == ("queued", None, None)


@pytest.mark.parametrize("code", [131000, 131042, 130429])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_meta_took_and_lost_for_no_fault_of_its_own_is_said_again(house: House, code: int):
    said = await house.says(AWA_ID, View("Bonjour"))
    await house.sent(said, "wamid.out")
    await house.says(AWA_ID, View("Encore"))
    lost = status("wamid.out", "failed", code, recipient_user_id=AWA_ID)
    await house.hears(webhook(value(statuses=(lost,))))
    first, second = await house.said(AWA_ID)
    assert (first.state, first.external_id, second.state) == ("queued", None, "queued")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_was_lost_a_day_ago_is_no_news_any_more(house: House):
    said = await house.says(AWA_ID, View("Bonjour"))
    await house.sent(said, "wamid.out")
    long_ago = update(OutboxMessage).values(created_at=clock.now() - timedelta(days=2))
    await house.database.run(lambda session: session.execute(long_ago))
    lost = status("wamid.out", "failed", 131000, recipient_user_id=AWA_ID)
    await house.hears(webhook(value(statuses=(lost,))))
    [given_up] = await house.said(AWA_ID)
    assert (given_up.state, given_up.error) == ("failed", "131000: Message failed")


async def test_somebody_who_cannot_be_reached_is_told_nothing_until_they_write(house: House):
    said = await house.says(AWA_ID, View("Bonjour"))
    await house.sent(said, "wamid.out")
    await house.says(AWA_ID, View("Encore"))
    gone = status("wamid.out", "failed", 131026, recipient_user_id=AWA_ID)
    await house.hears(webhook(value(statuses=(gone,))))
    assert [(each.state, each.error) for each in await house.said(AWA_ID)] == [
        ("failed", "131026: Message failed"),
        ("failed", "blocked"),
    ]
    assert (await house.address(AWA_ID)).blocked_at is not None

    await house.hears(webhook(value(text("/aide"))))
    assert (await house.address(AWA_ID)).blocked_at is None


async def test_another_page_of_a_long_list_is_said_once_for_each_tap(house: House):
    await house.hears(webhook(value(text("/aide"))))
    rows = in_columns([Button(f"Choix {number}", f"r:1:{number}") for number in range(19)], 1)
    said = await house.says(AWA_ID, View("Lequel ?", rows))
    await house.sent(said, "wamid.out")
    body = webhook(value(tap("page:1", "wamid.out", how="list_reply")))
    for _ in range(2):
        await house.hears(body)
    again = (await house.said(AWA_ID))[-1]
    assert [View.load(each.view).page for each in (await house.said(AWA_ID))[1:]] == [0, 1]
    assert View.load(again.view).rows == rows

    # And on from there: the page that is tapped now is the one that was said last.
    await house.sent(again, "wamid.out2")
    await house.hears(webhook(value(tap("page:0", "wamid.out2", how="list_reply"))))
    assert View.load((await house.said(AWA_ID))[-1].view).page == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_page_is_turned_for_a_person_under_either_of_their_names(house: House):
    await house.hears(webhook(value(text("/aide"))))
    said = await house.says(AWA_ID, View("Lequel ?", ((Button("Un", "r:1:0"),),)))
    await house.sent(said, "wamid.out")
    await house.hears(webhook(value(tap("page:1", "wamid.out"), contacts=[contact(user_id=None)])))
    assert View.load((await house.said(AWA_ID))[-1].view).page == 1


@pytest.mark.parametrize("data", ["page:1", "page:9999", "page:x"])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_page_of_a_message_nobody_knows_is_an_old_button(house: House, data: str):
    await house.hears(webhook(value(tap(data, "wamid.forgotten"))))
    [answer] = await house.said(AWA_ID)
    assert "Ce bouton n’est plus valable" in answer.view["text"]


async def test_the_nudges_button_only_opens_the_window(house: House):
    await house.hears(webhook(value(text("/aide"))))
    late = status("wamid.out", "failed", 131047, recipient_user_id=AWA_ID)
    await house.sent((await house.said(AWA_ID))[0], "wamid.out")
    await house.hears(webhook(value(statuses=(late,))))
    button = message(type="button", button={"payload": "read", "text": "Lire le message"})
    await house.hears(webhook(value(button)))
    address = await house.address(AWA_ID)
    assert address.heard_at is not None
    assert address.due_at is not None
    assert len(await house.said(AWA_ID)) == 1


async def test_somebody_with_a_new_number_goes_on_where_they_were(house: House):
    await house.hears(webhook(value(text("/aide"))))
    system = {"type": "user_changed_number", "body": "…", "wa_id": MOUSSA, "user_id": MOUSSA_ID}
    told = webhook(value(message(type="system", system={**system, "previous_user_id": AWA_ID}), contacts=[]))
    for _ in range(2):
        await house.hears(told)
    await house.hears(webhook(value(text("/aide", MOUSSA), contacts=[contact(MOUSSA, MOUSSA_ID)])))
    assert await house.count(Member) == 1
    assert await house.said(AWA_ID) == []
    assert len(await house.said(MOUSSA_ID)) == 2


async def test_a_new_number_told_without_any_id_is_found_by_the_old_one(house: House):
    await house.hears(webhook(value(text("/aide"))))
    system = {"type": "user_changed_number", "body": "…", "wa_id": MOUSSA}
    await house.hears(webhook(value(message(type="system", system=system), contacts=[])))
    await house.hears(webhook(value(text("/aide", MOUSSA), contacts=[contact(MOUSSA, MOUSSA_ID)])))
    assert await house.count(Member) == 1
    assert len(await house.said(MOUSSA_ID)) == 2


def test_the_kits_own_number_is_the_one_behind_the_door():
    assert PHONE_ID == "100000000000001"
