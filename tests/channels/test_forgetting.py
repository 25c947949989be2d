"""What was said long ago is forgotten, and nothing that anybody still waits for."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, insert, select

from bot.forgetting import SAID_IS_KEPT_FOR, forget_what_was_said
from bot.views import View
from core import clock, outbox
from core.db import Database
from core.ids import new_id
from core.outbox import Destination, OutboxFile, OutboxMessage

HERE, THERE = Destination("telegram", "100"), Destination("whatsapp", "200")
HOUR = timedelta(hours=1)


async def say(database: Database, words: str, to: Destination = HERE) -> tuple[UUID, UUID]:
    """Say something with a file, and give the ids of both."""

    async def work(session):
        file = await outbox.attach(session, "tour-1.png", words.encode())
        return await outbox.say(session, to, View(words, picture=file).dump()), file

    return await database.run(work)


async def send_all(database: Database, to: Destination = HERE) -> None:
    async with database.transaction() as session:
        for each in await outbox.queued(session, to):
            await outbox.mark(session, each.id, "sent", external_id=f"ext-{each.seq}")


async def kept(database: Database) -> tuple[set[UUID], set[UUID]]:
    async with database.reading() as session:
        messages, files = select(OutboxMessage.id), select(OutboxFile.id)
        return set(await session.scalars(messages)), set(await session.scalars(files))


async def test_what_was_said_long_ago_goes_with_its_file_and_no_sooner(database: Database):
    old, old_file = await say(database, "vieux")
    await send_all(database)
    with clock.ahead(SAID_IS_KEPT_FOR - HOUR):
        young, young_file = await say(database, "nouveau")
        await send_all(database)
        await forget_what_was_said(database)
        assert await kept(database) == ({old, young}, {old_file, young_file})
    with clock.ahead(SAID_IS_KEPT_FOR + timedelta(days=1) + HOUR):
        await forget_what_was_said(database)
        assert await kept(database) == ({young}, {young_file})


async def test_what_still_waits_for_its_reader_stays_with_its_file_however_old(database: Database):
    await say(database, "dit")
    await send_all(database)
    waiting, file = await say(database, "attend", THERE)
    with clock.ahead(2 * SAID_IS_KEPT_FOR):
        await forget_what_was_said(database)
        assert await kept(database) == ({waiting}, {file})
        async with database.reading() as session:
            assert [each.id for each in await outbox.queued(session, THERE)] == [waiting]


async def test_what_edits_a_message_that_is_forgotten_is_said_all_the_same(database: Database):
    said, _ = await say(database, "vieux")
    await send_all(database)
    with clock.ahead(SAID_IS_KEPT_FOR + HOUR):
        edit = await database.run(lambda session: outbox.say(session, HERE, View("changé").dump(), edits=said))
        await forget_what_was_said(database)
        async with database.reading() as session:
            [waiting] = await outbox.queued(session, HERE)
            assert (waiting.id, waiting.edits) == (edit, said)
            assert await outbox.external_id_of(session, said) is None


async def test_however_much_was_said_all_that_is_old_goes_at_once(database: Database):
    await say(database, "adresse")
    async with database.transaction() as session:
        ids = [new_id() for _ in range(2_500)]
        fixed = {"channel": HERE.channel, "chat": HERE.chat, "view": {"text": "un"}, "created_at": clock.now()}
        await session.execute(insert(OutboxMessage), [fixed | {"id": each, "state": "sent"} for each in ids])
        await session.execute(
            insert(OutboxFile), [{"id": new_id(), "name": "n", "content": b"", "created_at": clock.now()} for _ in ids]
        )
    await send_all(database)
    with clock.ahead(SAID_IS_KEPT_FOR + timedelta(days=2)):
        await forget_what_was_said(database)
    async with database.reading() as session:
        counts = [
            await session.scalar(select(func.count()).select_from(table)) for table in (OutboxMessage, OutboxFile)
        ]
    assert counts == [0, 0]
