"""What the core's tests share: more processes' worth of databases, and a table in which effects can be counted."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import structlog

from core.db import Database
from tests.core.kit import EFFECTS, Effects


@pytest.fixture
async def another_database(database_url: str) -> AsyncIterator[Callable[[], Database]]:
    """Opens the test's database once more, as another process would."""
    opened: list[Database] = []

    def open_one_more() -> Database:
        opened.append(Database(database_url))
        return opened[-1]

    yield open_one_more
    for one in opened:
        await one.close()


@pytest.fixture
async def effects(database: Database) -> Effects:
    """What handlers did, counted in the database itself; nothing there keeps one from being done twice."""
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.run_sync(EFFECTS.metadata.create_all)
    return Effects(database)


@pytest.fixture(autouse=True)
def _without_drawings() -> Iterator[None]:
    """Jobs fail here by the dozen, and structlog's default draws each traceback with every local: slow, and unread."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()
