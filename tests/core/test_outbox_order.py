"""The order of what arrives, with writers and senders side by side on connections of their own."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import text

from core import outbox
from core.db import Database
from core.outbox import Destination
from tests.core.kit import until

OpenOneMore = Callable[[], Database]
HERE = Destination("telegram", "100")


async def said_here(database: Database) -> list[str]:
    async with database.reading() as session:
        return [message.view["text"] for message in await outbox.queued(session, HERE, limit=1_000)]


async def test_the_order_of_an_address_is_the_order_of_commits(database: Database, another_database: OpenOneMore):
    committed: list[str] = []

    async def write(house: Database, name: str) -> None:
        for number in range(6):
            async with house.transaction() as session:
                await outbox.say(session, HERE, {"text": f"{name}{number}"})
                # No other transaction can be between these two lines: the address's row is locked till the commit.
                committed.append(f"{name}{number}")

    houses = {"a": database, "b": another_database(), "c": another_database()}
    await asyncio.gather(*(write(house, name) for name, house in houses.items()))
    assert len(committed) == 18
    assert await said_here(database) == committed


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_who_speaks_second_waits_for_the_first_to_commit(database: Database):
    is_saying = asyncio.Event()

    async def speak(words: str) -> None:
        async with database.transaction() as session:
            is_saying.set()
            await outbox.say(session, HERE, {"text": words})

    async with database.transaction() as first:
        await outbox.say(first, HERE, {"text": "premier"})
        second = asyncio.create_task(speak("second"))
        await is_saying.wait()
        await until(lambda: _somebody_waits(database))
        await outbox.say(first, HERE, {"text": "encore le premier"})
    await second
    assert await said_here(database) == ["premier", "encore le premier", "second"]


async def test_many_senders_say_everything_once_and_in_order(database: Database, another_database: OpenOneMore):
    chats = [Destination("telegram", str(number)) for number in range(4)]
    arrived: dict[str, list[str]] = {chat.chat: [] for chat in chats}
    is_quiet = asyncio.Event()

    async def write(house: Database) -> None:
        for number in range(5):
            for chat in chats:
                async with house.transaction() as session:
                    await outbox.say(session, chat, {"text": str(number)})
        is_quiet.set()

    async def send(house: Database) -> None:
        while True:
            was_quiet = is_quiet.is_set()
            to = await house.run(lambda session: outbox.claim_address(session, "telegram"))
            if to is not None:
                await _send_what_waits(house, to, arrived[to.chat])
            elif was_quiet and await _is_all_said(house):
                return

    senders = [send(house) for house in (database, another_database()) for _ in range(2)]
    await asyncio.gather(write(another_database()), *senders)
    assert arrived == {chat.chat: [str(number) for number in range(5)] for chat in chats}


async def _send_what_waits(house: Database, to: Destination, arrived: list[str]) -> None:
    async with house.reading() as session:
        waiting = await outbox.queued(session, to)
    for message in waiting:
        arrived.append(message.view["text"])
        await house.run(lambda session, one=message.id: outbox.mark(session, one, "sent", external_id="1"))
    await house.run(lambda session: outbox.release(session, to))


async def _is_all_said(house: Database) -> bool:
    async with house.reading() as session:
        return (await outbox.waiting(session))[0] == 0


async def _somebody_waits(database: Database) -> bool:
    async with database.reading() as session:
        blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(await session.scalar(blocked))
