"""What is said to one chat: queued, found again, edited, sent, moved, blocked."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from core import clock, outbox
from core.db import Database
from core.ids import new_id
from core.outbox import LEASE, Destination, OutboxAddress, OutboxMessage
from tests.plans import asked, walks_through

HERE = Destination("telegram", "100")
THERE = Destination("telegram", "200")


async def say(database: Database, words: str, to: Destination = HERE, **others: Any) -> UUID:
    return await database.run(lambda session: outbox.say(session, to, {"text": words}, **others))


async def claim(database: Database, channel: str = "telegram") -> Destination | None:
    return await database.run(lambda session: outbox.claim_address(session, channel))


async def waiting_words(database: Database, to: Destination = HERE) -> list[str]:
    async with database.reading() as session:
        return [message.view["text"] for message in await outbox.queued(session, to)]


async def message(database: Database, message_id: UUID) -> OutboxMessage:
    async with database.reading() as session:
        return (await session.scalars(select(OutboxMessage).where(OutboxMessage.id == message_id))).one()


async def address(database: Database, to: Destination = HERE) -> OutboxAddress:
    async with database.reading() as session:
        return await session.get_one(OutboxAddress, (to.channel, to.chat))


async def send_all(database: Database, to: Destination = HERE) -> None:
    """Say everything that waits there, as the channel would have it."""
    async with database.transaction() as session:
        for one in await outbox.queued(session, to):
            await outbox.mark(session, one.id, "sent", external_id=f"ext-{one.seq}")
        await outbox.release(session, to)


async def test_what_is_said_waits_in_its_order_and_rings_the_bell(database: Database):
    bell = database.bell(outbox.BELL)
    for words in ("un", "deux", "trois"):
        await say(database, words)
    assert bell.is_set()
    assert await waiting_words(database) == ["un", "deux", "trois"]
    assert await claim(database) == HERE


async def test_what_a_rolled_back_transaction_said_is_never_said(database: Database):
    async with database.transaction() as session:
        await outbox.say(session, HERE, {"text": "non"})
        await session.rollback()
    assert await waiting_words(database) == []
    assert await claim(database) is None


async def test_at_most_so_many_are_taken_and_the_address_is_due_again(database: Database):
    async with database.transaction() as session:
        for number in range(25):
            await outbox.say(session, HERE, {"text": str(number)})
    await claim(database)
    assert await waiting_words(database) == [str(number) for number in range(20)]
    await send_all(database)
    assert await claim(database) == HERE
    assert await waiting_words(database) == [str(number) for number in range(20, 25)]


async def test_an_address_is_claimed_by_one_sender_until_its_lease_is_over(database: Database):
    await say(database, "un")
    assert await claim(database) == HERE
    assert await claim(database) is None
    await say(database, "deux")
    assert await claim(database) is None
    with clock.ahead(LEASE + timedelta(seconds=1)):
        assert await claim(database) == HERE


async def test_the_address_that_waited_longest_comes_first_and_channels_are_apart(database: Database):
    await say(database, "x", Destination("whatsapp", "300"))
    await say(database, "un", THERE)
    await say(database, "deux", HERE)
    assert [await claim(database) for _ in range(3)] == [THERE, HERE, None]
    assert await claim(database, "whatsapp") == Destination("whatsapp", "300")


async def test_an_address_given_back_empty_rests_until_something_is_said(database: Database):
    await say(database, "un")
    await claim(database)
    await send_all(database)
    assert await claim(database) is None
    assert (await address(database)).due_at is None
    await say(database, "deux")
    assert await claim(database) == HERE
    assert await waiting_words(database) == ["deux"]


async def test_what_came_in_while_sending_is_said_at_once(database: Database):
    await say(database, "un")
    await claim(database)
    async with database.reading() as session:
        [first] = await outbox.queued(session, HERE)
    await say(database, "deux")
    bell = database.bell(outbox.BELL)
    async with database.transaction() as session:
        await outbox.mark(session, first.id, "sent", external_id="1")
        await outbox.release(session, HERE)
    assert bell.is_set()
    assert await claim(database) == HERE
    assert await waiting_words(database) == ["deux"]


async def test_a_channel_that_asks_to_wait_is_waited_for_and_the_failures_are_counted(database: Database):
    await say(database, "un")
    for failures in (1, 2):
        with clock.ahead(timedelta(minutes=failures)):
            assert await claim(database) == HERE
            async with database.transaction() as session:
                await outbox.release(session, HERE, retry_in=timedelta(seconds=30))
            async with database.reading() as session:
                assert (await outbox.address_at(session, HERE)).attempts == failures
            assert await claim(database) is None
    with clock.ahead(timedelta(minutes=2, seconds=31)):
        assert await claim(database) == HERE
        await database.run(lambda session: outbox.release(session, HERE))
    assert (await address(database)).attempts == 0


async def test_a_chat_asked_to_be_quiet_hears_the_next_words_after_the_pause(database: Database):
    await say(database, "un")
    await claim(database)
    async with database.transaction() as session:
        [said] = await outbox.queued(session, HERE)
        await outbox.mark(session, said.id, "sent", external_id="1")
        await outbox.release(session, HERE, quiet_until=clock.now() + timedelta(seconds=3))
    await say(database, "deux")
    assert await claim(database) is None
    with clock.ahead(timedelta(seconds=4)):
        assert await claim(database) == HERE
        await send_all(database)
        await say(database, "trois")
        assert await claim(database) == HERE


async def test_what_came_in_while_sending_waits_for_the_pause_too(database: Database):
    await say(database, "un")
    await claim(database)
    await database.run(lambda session: outbox.release(session, HERE, quiet_until=clock.now() + timedelta(seconds=3)))
    assert await claim(database) is None
    with clock.ahead(timedelta(seconds=4)):
        assert await claim(database) == HERE


async def test_a_pause_that_is_over_holds_nothing_up(database: Database):
    await say(database, "un")
    await claim(database)
    async with database.transaction() as session:
        [said] = await outbox.queued(session, HERE)
        await outbox.mark(session, said.id, "sent", external_id="1")
        await outbox.release(session, HERE, quiet_until=clock.now() + timedelta(seconds=3))
    with clock.ahead(timedelta(minutes=1)):
        await say(database, "deux")
        assert await claim(database) == HERE


async def test_a_file_is_kept_whole_until_its_message_is_sent(database: Database):
    picture = bytes(range(256))
    file_id = await database.run(lambda session: outbox.attach(session, "reçu.png", picture))
    async with database.reading() as session:
        kept = await session.get_one(outbox.OutboxFile, file_id)
    assert (kept.name, kept.content) == ("reçu.png", picture)


async def test_nothing_left_to_say_ends_the_failures_even_when_asked_to_wait(database: Database):
    await say(database, "un")
    await claim(database)
    await database.run(lambda session: outbox.release(session, HERE, retry_in=timedelta(seconds=30)))
    await send_all(database)
    async with database.transaction() as session:
        await outbox.release(session, HERE, retry_in=timedelta(seconds=30))
    rested = await address(database)
    assert (rested.due_at, rested.attempts) == (None, 0)


async def test_a_sent_message_is_found_by_the_channels_id(database: Database):
    mine = await say(database, "un")
    await say(database, "deux")
    await say(database, "ailleurs", THERE)
    await send_all(database)
    await send_all(database, THERE)
    sent = await message(database, mine)
    assert (sent.state, sent.error) == ("sent", None)
    assert sent.sent_at is not None
    async with database.reading() as session:
        assert await outbox.external_id_of(session, mine) == sent.external_id
        assert await outbox.find(session, HERE, sent.external_id) == mine
        assert await outbox.find(session, THERE, sent.external_id) is None
        assert await outbox.find(session, HERE, "unheard-of") is None


async def test_a_message_without_an_id_of_the_channel_is_found_by_none(database: Database):
    unsent = await say(database, "un")
    async with database.reading() as session:
        assert await outbox.find(session, HERE, None) is None
        assert await outbox.external_id_of(session, unsent) is None
        assert await outbox.external_id_of(session, new_id()) is None


async def test_an_edit_is_no_message_of_its_own(database: Database):
    first = await say(database, "⏳", subject="deposit:1")
    edit = await say(database, "✅", edits=first)
    async with database.transaction() as session:
        await outbox.mark(session, first, "sent", external_id="9")
        await outbox.mark(session, edit, "sent", external_id="9")
    async with database.reading() as session:
        last = await outbox.last_about(session, HERE, "deposit:1")
        assert last is not None
        assert last.id == first
        assert await outbox.find(session, HERE, "9") == first
    assert (await message(database, edit)).edits == first


async def test_an_edit_with_a_subject_makes_the_edited_message_about_it(database: Database):
    first = await say(database, "Confirmer ?")
    await say(database, "⏳", edits=first, subject="deposit:1")
    async with database.reading() as session:
        about = await outbox.last_about(session, HERE, "deposit:1")
    assert about is not None
    assert about.id == first


async def test_the_last_message_about_a_subject_is_the_one_of_that_chat(database: Database):
    await say(database, "un", subject="deposit:1")
    second = await say(database, "deux", subject="deposit:1")
    await say(database, "autre", subject="deposit:2")
    await say(database, "ailleurs", THERE, subject="deposit:1")
    async with database.reading() as session:
        about = await outbox.last_about(session, HERE, "deposit:1")
        assert about is not None
        assert about.id == second
        assert await outbox.last_about(session, HERE, "deposit:3") is None


async def test_a_message_may_go_unseen_only_when_another_came_after_it_there(database: Database):
    first = await say(database, "un")
    await say(database, "ailleurs", THERE)
    await say(database, "corrigé", edits=first)
    said = await message(database, first)
    async with database.reading() as session:
        assert not await outbox.has_said_since(session, said)
    await say(database, "deux")
    async with database.reading() as session:
        assert await outbox.has_said_since(session, said)


async def test_edits_that_a_later_one_replaces_are_not_said(database: Database):
    first = await say(database, "⏳")
    edits = [await say(database, words, edits=first) for words in ("⏳ ⏳", "✅")]
    await database.run(lambda session: outbox.mark_merged(session, {edits[0]}))
    assert await waiting_words(database) == ["⏳", "✅"]
    assert (await message(database, edits[0])).state == "merged"


async def test_a_message_the_channel_refuses_is_failed_with_its_reason(database: Database):
    one = await say(database, "un")
    await database.run(lambda session: outbox.mark(session, one, "failed", error="x" * 1_000))
    failed = await message(database, one)
    assert failed.state == "failed"
    assert failed.error == "x" * 300
    assert await waiting_words(database) == []


async def test_a_message_said_anew_is_edited_by_its_new_id(database: Database):
    one = await say(database, "un")
    await send_all(database)
    await database.run(lambda session: outbox.set_external_id(session, one, "new"))
    async with database.reading() as session:
        assert await outbox.find(session, HERE, "new") == one


async def test_a_chat_that_moved_takes_along_what_waits_and_what_was_said(database: Database):
    said = await say(database, "dit", subject="deposit:1")
    await send_all(database)
    await say(database, "attend")
    await claim(database)
    await database.run(lambda session: outbox.move(session, HERE, THERE.chat))
    assert await claim(database) == THERE
    assert await claim(database) is None
    assert await waiting_words(database, THERE) == ["attend"]
    assert await waiting_words(database, HERE) == []
    assert (await address(database)).due_at is None
    async with database.reading() as session:
        about = await outbox.last_about(session, THERE, "deposit:1")
    assert about is not None
    assert about.id == said


async def test_a_chat_that_moved_where_something_waits_keeps_both_in_order(database: Database):
    await say(database, "un")
    await say(database, "deux", THERE)
    await say(database, "trois")
    await database.run(lambda session: outbox.move(session, HERE, THERE.chat))
    assert await waiting_words(database, THERE) == ["un", "deux", "trois"]


async def test_who_blocked_us_is_told_nothing_until_they_come_back(database: Database):
    said = await say(database, "dit")
    await send_all(database)
    missed = await say(database, "raté")
    await claim(database)
    await database.run(lambda session: outbox.block(session, HERE))
    assert (await address(database)).blocked_at is not None
    assert await claim(database) is None
    assert (await message(database, said)).state == "sent"
    lost = await message(database, missed)
    assert (lost.state, lost.error) == ("failed", "blocked")

    await say(database, "bon retour")
    assert (await address(database)).blocked_at is None
    assert await claim(database) == HERE
    assert await waiting_words(database) == ["bon retour"]


async def test_the_only_sender_takes_back_what_a_dead_one_had_claimed(database: Database):
    await say(database, "un")
    await say(database, "deux", THERE)
    await claim(database)
    await send_all(database, HERE)
    await claim(database)
    assert await claim(database) is None
    await database.run(outbox.release_all)
    assert await claim(database) == THERE
    assert await claim(database) is None


async def test_how_much_waits_and_since_when(database: Database):
    async with database.reading() as session:
        assert await outbox.waiting(session) == (0, timedelta(0))
        assert await outbox.next_due(session) is None
    await say(database, "un")
    await say(database, "deux", THERE)
    with clock.ahead(timedelta(minutes=5)):
        async with database.reading() as session:
            count, oldest = await outbox.waiting(session)
            due = await outbox.next_due(session)
        assert count == 2
        assert timedelta(minutes=5) <= oldest < timedelta(minutes=6)
        assert due is None, "what is due already is in somebody's hands, and wakes nobody"


async def test_a_chat_that_never_was_cannot_be_released(database: Database):
    with pytest.raises(NoResultFound):
        await database.run(lambda session: outbox.release(session, HERE))


async def test_what_waits_for_a_sender_is_counted_without_what_was_said_or_waits_for_its_reader(database: Database):
    await say(database, "dit")
    await send_all(database)
    await say(database, "attend la personne", THERE)
    async with database.transaction() as session:
        await outbox.wait_for_them(session, THERE, 1_000, nudged=False)
    await say(database, "attend")
    async with database.reading() as session:
        assert (await outbox.waiting(session))[0] == 1


async def test_what_a_message_shows_is_its_last_edit(database: Database):
    first, other = await say(database, "un"), await say(database, "ailleurs", THERE)
    shown = []
    for words in ("deux", "trois"):
        await say(database, words, edits=first)
        async with database.reading() as session:
            said = (await outbox.queued(session, HERE))[0]
            shown.append((await outbox.shown_now(session, said))["text"])
    assert shown == ["deux", "trois"]
    async with database.reading() as session:
        assert (await outbox.shown_now(session, await message(database, other)))["text"] == "ailleurs"


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_however_much_was_said_nobody_reads_it_all(database: Database):
    said = await message(database, await say(database, "un", subject="deposit:1"))
    with asked(database) as questions:
        async with database.reading() as session:
            await outbox.waiting(session)
            await outbox.shown_now(session, said)
            await outbox.last_about(session, HERE, "deposit:1")
            await outbox.has_said_since(session, said)
            await outbox.find(session, HERE, "1")
            await outbox.queued(session, HERE)
    assert len(questions) == 6
    assert await walks_through(database, questions, set()) == {}
