"""Through PgBouncer in transaction mode; only by `make pgbouncer`, as it has to be installed."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from core.db import Database, ring
from operations.readiness import NotReady, refuse_unsaid_pgbouncer
from tests.conftest import Postgres
from tests.pgbouncer import PgBouncer

pytestmark = [
    pytest.mark.pgbouncer,
    pytest.mark.parametrize("engine", ["postgresql"], indirect=True),
]


@pytest.fixture
async def direct(database_url: str, postgres: Postgres) -> AsyncIterator[Database]:
    """The same database, past PgBouncer."""
    database = Database(postgres.database(str(make_url(database_url).database)))
    yield database
    await database.close()


async def test_the_tests_do_go_through_it(database: Database):
    """Each transaction may have another of PostgreSQL's own connections: one of ours sees several."""
    async with database.engine.connect() as connection:
        seen = set()
        for _ in range(50):
            async with connection.begin():
                told = await connection.execute(text("SELECT pg_backend_pid()"))
                seen.add(told.scalar_one())
            others = [database.engine.connect() for _ in range(3)]
            for other in others:
                async with other as another, another.begin():
                    await another.execute(text("SELECT 1"))
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        assert raw.get_server_pid() not in seen


async def test_whoever_does_not_say_so_is_refused_with_a_sentence(database_url: str, pooled: PgBouncer):
    database = Database(pooled.unmarked(str(make_url(database_url).database)))
    with pytest.raises(NotReady, match=r"end it in \?pgbouncer=true, and set LISTEN_URL"):
        await refuse_unsaid_pgbouncer(database)
    await database.close()


async def test_whoever_says_so_and_whoever_goes_past_it_is_let_pass(database: Database, direct: Database):
    await refuse_unsaid_pgbouncer(database)
    await refuse_unsaid_pgbouncer(direct)


async def test_processes_wake_each_other_past_it(database_url: str, direct: Database):
    listen_url = direct.url.render_as_string(hide_password=False)
    here, there = Database(database_url, listen_url), Database(database_url, listen_url)
    carriers = [asyncio.create_task(house.bells.carry()) for house in (here, there)]
    heard = False
    while not heard:
        bell = there.bell("jobs")
        async with here.transaction() as session:
            ring(session, "jobs")
        try:
            await asyncio.wait_for(bell.wait(), 0.2)
            heard = True
        except TimeoutError:
            # Not all of them listen yet.
            continue
    for carrier in carriers:
        carrier.cancel()
    await asyncio.wait(carriers)
    await here.close()
    await there.close()


async def test_without_an_address_past_it_nobody_listens_and_nothing_fails(database: Database):
    # It ends by itself, and says so in the log.
    await database.bells.carry()
    bell = database.bell("jobs")
    async with database.transaction() as session:
        ring(session, "jobs")
    assert bell.is_set()
