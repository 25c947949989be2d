from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import StatementError

from core.db import Database, Id, Json, UtcDateTime
from core.ids import new_id

SAMPLE = Table(
    "sample", MetaData(), Column("seq", Integer, primary_key=True), Column("id", Id), Column("at", UtcDateTime),
    Column("body", Json),
)  # fmt: skip


@pytest.fixture
async def samples(database: Database) -> Database:
    """The database, with a table of one column for each of our types."""
    async with database.transaction() as session:
        await (await session.connection()).run_sync(SAMPLE.metadata.create_all)
    return database


async def kept(database: Database, **values: Any) -> Any:
    """What is read back of a row that was just written."""
    async with database.transaction() as session:
        await session.execute(insert(SAMPLE).values(**values))
    async with database.reading() as session:
        return (await session.execute(select(SAMPLE).order_by(SAMPLE.c.seq.desc()))).first()


async def test_an_id_comes_back_as_it_was_written(samples: Database):
    one = new_id()
    row = await kept(samples, id=one)
    assert row.id == one
    assert isinstance(row.id, UUID)


async def test_an_id_is_native_or_sixteen_bytes(samples: Database):
    one = new_id()
    await kept(samples, id=one)
    async with samples.reading() as session:
        raw = (await session.execute(text("SELECT id FROM sample"))).scalar_one()
    assert (raw == one.bytes) if samples.is_sqlite else (UUID(str(raw)) == one)


async def test_ids_are_compared_in_the_database(samples: Database):
    first, second = new_id(), new_id()
    await kept(samples, id=second)
    await kept(samples, id=first)
    async with samples.reading() as session:
        assert list(await session.scalars(select(SAMPLE.c.id).order_by(SAMPLE.c.id))) == [first, second]
        assert await session.scalar(select(SAMPLE.c.seq).where(SAMPLE.c.id == first)) == 2


async def test_a_moment_comes_back_in_utc_whatever_zone_it_was_told_in(samples: Database):
    moment = datetime(2026, 11, 22, 12, 28, 24, 123456, tzinfo=UTC)
    for zone in (UTC, timezone(timedelta(hours=-9, minutes=-30)), ZoneInfo("Africa/Porto-Novo")):
        row = await kept(samples, at=moment.astimezone(zone))
        assert row.at == moment
        assert row.at.tzinfo is UTC


async def test_moments_are_compared_as_moments_and_not_as_texts(samples: Database):
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    await kept(samples, at=noon)
    an_hour_later_in_a_zone_behind = (noon + timedelta(hours=1)).astimezone(timezone(timedelta(hours=-5)))
    async with samples.reading() as session:
        assert await session.scalar(select(SAMPLE.c.seq).where(SAMPLE.c.at < an_hour_later_in_a_zone_behind)) == 1
        assert await session.scalar(select(SAMPLE.c.seq).where(SAMPLE.c.at > an_hour_later_in_a_zone_behind)) is None


async def test_a_moment_without_a_zone_is_a_fault_of_ours(samples: Database):
    with pytest.raises(StatementError, match="a time without a zone"):
        await kept(samples, at=datetime(2026, 11, 22, 12))  # noqa: DTZ001 - the fault itself


async def test_nothing_stays_nothing(samples: Database):
    row = await kept(samples, id=None, at=None, body=None)
    assert (row.id, row.at, row.body) == (None, None, None)
    async with samples.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM sample WHERE body IS NULL")) == 1


async def test_json_keeps_its_shapes_and_accents(samples: Database):
    body = {"a": [1, True, None, "é « »"], "b": {"c": 2**53}}
    assert (await kept(samples, body=body)).body == body
