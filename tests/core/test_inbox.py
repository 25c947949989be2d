import asyncio
from datetime import timedelta

from core import clock, inbox
from core.db import Database
from core.inbox import InboundMessage


async def look(database: Database, external_id: str) -> InboundMessage | None:
    async with database.reading() as session:
        return await session.get(InboundMessage, ("telegram", external_id))


async def test_of_fifty_deliveries_at_once_one_is_handled(database: Database):
    claims = [database.run(lambda session: inbox.claim(session, "telegram", "77")) for _ in range(50)]
    assert sum(await asyncio.gather(*claims)) == 1


async def test_the_same_id_on_two_channels_is_two_messages(database: Database):
    assert await database.run(lambda session: inbox.claim(session, "telegram", "77"))
    assert await database.run(lambda session: inbox.claim(session, "whatsapp", "77"))


async def test_a_message_we_failed_on_is_kept_whole_with_its_error(database: Database):
    raw = {"message": {"text": "recharger « 5000 »"}}

    def keep(error: str):
        return database.run(lambda session: inbox.keep_aside(session, "telegram", "77", raw, error))

    assert await keep("ValueError()" + "." * 3_000)
    kept = await look(database, "77")
    assert kept is not None
    assert kept.raw == raw
    assert kept.error is not None
    assert kept.error.startswith("ValueError()")
    assert len(kept.error) == 2_000
    assert not await database.run(lambda session: inbox.claim(session, "telegram", "77"))
    assert not await keep("again")


async def test_what_came_in_is_forgotten_after_thirty_days_and_no_sooner(database: Database):
    await database.run(lambda session: inbox.keep_aside(session, "telegram", "old", {"text": "mots"}, "error"))
    with clock.ahead(timedelta(days=2)):
        await database.run(lambda session: inbox.claim(session, "telegram", "newer"))
    with clock.ahead(timedelta(days=29, hours=23)):
        await database.run(inbox.purge)
        assert await look(database, "old") is not None
    with clock.ahead(timedelta(days=30, minutes=1)):
        await database.run(inbox.purge)
        assert await look(database, "old") is None
        assert await look(database, "newer") is not None
