"""Knobs and speed limits: how the sandbox's Telegram fails on request."""

from datetime import timedelta

import pytest
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from tests.sandbox.telegram_town import AWA, GROUP, MOUSSA, Town, complaining, opened_town


@pytest.fixture
async def town(tmp_path):
    async with opened_town(tmp_path) as town:
        await town.begin("awa")
        yield town


async def said_by_bot(town: Town) -> list[str]:
    return [message["text"] for message in await town.messages() if message["from"]["is_bot"]]


async def test_the_next_sends_are_too_many_and_then_no_more(town: Town):
    await town.break_next("too_many_requests", times=2, seconds=7)

    for _ in range(2):
        answer = await town.call("sendMessage", chat_id=AWA, text="x")
        assert answer["parameters"] == {"retry_after": 7}
        assert answer["description"] == "Too Many Requests: retry after 7"
    await town.bot.send_message(AWA, "enfin")

    assert await said_by_bot(town) == ["enfin"]


async def test_python_telegram_bot_is_told_how_long_to_wait(town: Town, monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    await town.break_next("too_many_requests", seconds=7)

    with pytest.raises(RetryAfter) as refused:
        await town.bot.send_message(AWA, "x")

    assert refused.value.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(("kind", "status"), [("server_error", 500), ("bad_gateway", 502)])
async def test_a_broken_telegram_does_nothing(town: Town, kind: str, status: int):
    await town.break_next(kind)

    assert (await town.call("sendMessage", chat_id=AWA, text="x"))["error_code"] == status
    assert await said_by_bot(town) == []


async def test_the_next_send_fails_as_asked(town: Town):
    await town.break_next("refused", code=403, description="Forbidden: user is deactivated")

    with complaining(Forbidden, "user is deactivated"):
        await town.bot.send_message(AWA, "x")


async def test_an_answer_lost_after_acting_leaves_the_message(town: Town):
    await town.break_next("cut_after")

    with pytest.raises(NetworkError):
        await town.bot.send_message(AWA, "envoyé quand même")

    assert await said_by_bot(town) == ["envoyé quand même"]


async def test_a_connection_cut_before_acting_leaves_nothing(town: Town):
    await town.break_next("cut_before")

    with pytest.raises(NetworkError):
        await town.bot.send_message(AWA, "x")

    assert await said_by_bot(town) == []


async def test_a_slow_answer_comes_in_the_end(town: Town):
    await town.break_next("slow", seconds=0.05)
    await town.turn(answer_delay_s=0.05)

    await town.bot.send_message(AWA, "lent")

    assert await said_by_bot(town) == ["lent"]


async def test_a_fault_waits_for_its_method_and_its_chat(town: Town):
    await town.begin("moussa")
    await town.break_next("refused", method="editMessageText", chat_id=AWA)
    for_awa = await town.bot.send_message(AWA, "un")
    for_moussa = await town.bot.send_message(MOUSSA, "un")

    await town.bot.edit_message_text("deux", MOUSSA, for_moussa.message_id)
    with complaining(BadRequest, "refused by the sandbox"):
        await town.bot.edit_message_text("deux", AWA, for_awa.message_id)


async def test_a_chat_takes_a_short_burst_and_then_one_message_a_second(town: Town):
    await town.turn(rate_limits=True)

    answers = [await town.call("sendMessage", chat_id=AWA, text="x") for _ in range(8)]

    assert [answer["ok"] for answer in answers[:5]] == [True] * 5
    assert answers[7]["error_code"] == 429
    assert answers[7]["parameters"]["retry_after"] >= 1


async def test_a_group_takes_20_a_minute_edits_included(town: Town):
    sent = await town.bot.send_message(GROUP, "0")
    await town.turn(rate_limits=True)

    answers = [
        await town.call("editMessageText", chat_id=GROUP, message_id=sent.message_id, text=str(number))
        for number in range(1, 22)
    ]

    assert [answer["ok"] for answer in answers] == [True] * 20 + [False]
    assert answers[20]["parameters"]["retry_after"] > 1


async def test_edits_in_a_private_chat_are_not_counted_against_it(town: Town):
    sent = await town.bot.send_message(AWA, "0")
    await town.turn(rate_limits=True)

    answers = [
        await town.call("editMessageText", chat_id=AWA, message_id=sent.message_id, text=str(number))
        for number in range(1, 11)
    ]

    assert all(answer["ok"] for answer in answers)


async def test_a_wrong_knob_changes_nothing(town: Town):
    before = (await town.people.get(f"{town.base}/telegram/api/knobs")).json()

    for wrong in ({"unknown": 1}, {"duplicate_updates": -1}, {"faults": [{"kind": "flood"}]}, [1]):
        answer = await town.people.post(f"{town.base}/telegram/api/knobs", json=wrong)
        assert answer.status_code == 400

    assert (await town.people.get(f"{town.base}/telegram/api/knobs")).json() == before


async def test_knobs_can_be_reset(town: Town):
    await town.turn(duplicate_updates=3)

    answer = await town.people.delete(f"{town.base}/telegram/api/knobs")

    assert answer.json()["duplicate_updates"] == 0
    assert answer.json()["rate_limits"] is True
