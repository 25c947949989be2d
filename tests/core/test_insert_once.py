import asyncio
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import Database, insert_once
from core.inbox import InboundMessage

OpenOneMore = Callable[[], Database]


async def take(session: AsyncSession, external_id: str) -> bool:
    return await insert_once(
        session, InboundMessage, channel="telegram", external_id=external_id, received_at=clock.now()
    )


async def test_the_first_takes_the_key_and_the_second_does_not(database: Database):
    assert await database.run(lambda session: take(session, "1"))
    assert not await database.run(lambda session: take(session, "1"))
    assert await database.run(lambda session: take(session, "2"))


async def test_a_key_that_was_rolled_back_is_free_again(database: Database):
    async with database.transaction() as session:
        assert await take(session, "1")
        await session.rollback()
    assert await database.run(lambda session: take(session, "1"))


async def test_of_many_connections_one_takes_each_key(database: Database, another_database: OpenOneMore):
    houses = [database, another_database(), another_database()]
    keys = [str(number) for number in range(5)]
    taken = await asyncio.gather(
        *(house.run(lambda session, key=key: take(session, key)) for house in houses for _ in range(4) for key in keys)
    )
    assert sum(taken) == len(keys)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(InboundMessage)) == len(keys)
