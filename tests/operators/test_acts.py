"""The log of what operators did: chained, never changed, and silent about what nobody may read."""

import asyncio

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from core.db import Database
from operators import Act, OperatorAct, Role, record, verify_acts
from tests.operators.kit import hired

# Each line as it stands would tell another story afterwards.
TAMPERING = {
    "a word": "UPDATE operator_act SET subject = 'D-2' WHERE seq = 2",
    "who did it": "UPDATE operator_act SET operator_id = NULL WHERE seq = 2",
    "a line taken away": "DELETE FROM operator_act WHERE seq = 2",
}


async def three_lines(database: Database) -> None:
    awa = await hired(database, "Awa", Role.ADMIN)
    for subject in ("D-1", "D-3"):
        await database.run(lambda s, about=subject: record(s, awa, Act.SEE, about, page="payment"))


async def broken_at(database: Database) -> int | None:
    async with database.reading() as session:
        return await verify_acts(session)


@pytest.mark.parametrize("change", TAMPERING.values(), ids=TAMPERING)
async def test_a_line_cannot_be_changed_and_is_found_out_where_it_was_all_the_same(database: Database, change: str):
    await three_lines(database)
    assert await broken_at(database) is None
    with pytest.raises(IntegrityError, match="denied"):
        await database.run(lambda session: session.execute(text(change)))
    await _without_triggers(database, change)
    assert await broken_at(database) == 2


async def test_many_who_act_at_once_write_one_chain(database: Database):
    awa = await hired(database, "Awa", Role.ADMIN)
    writing = [database.run(lambda s, n=number: record(s, awa, Act.SEE, f"member:{n}")) for number in range(20)]
    await asyncio.gather(*writing)
    async with database.reading() as session:
        lines = list(await session.scalars(select(OperatorAct).order_by(OperatorAct.seq)))
    assert [line.seq for line in lines] == list(range(1, 22))
    assert len({line.subject for line in lines}) == 21
    assert await broken_at(database) is None


async def test_a_number_or_a_secret_that_was_given_by_mistake_is_masked(database: Database):
    awa = await hired(database, "Awa", Role.ADMIN)
    line = await database.run(
        lambda s: record(s, awa, Act.SEE_NUMBER, "member:1", why="she called from +226 70 12 34 56", pin="1234")
    )
    assert line.detail == {"why": "she called from +*** 34 56", "pin": "***"}


async def _without_triggers(database: Database, change: str) -> None:
    """As somebody would who owns the database."""

    async def go(session):
        if database.is_sqlite:
            await session.execute(text("DROP TRIGGER operator_act_stays_1"))
            await session.execute(text("DROP TRIGGER operator_act_stays_2"))
        else:
            await session.execute(text("ALTER TABLE operator_act DISABLE TRIGGER USER"))
        await session.execute(text(change))

    await database.run(go)
