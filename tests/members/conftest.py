from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from core.db import Database
from members import Member
from tests.core.kit import until
from tests.members.kit import newcomer


@pytest.fixture
async def awa(database: Database) -> Member:
    return await newcomer(database, "100", "Awa")


@pytest.fixture
async def issa(database: Database) -> Member:
    return await newcomer(database, "200", "Issa")


@pytest.fixture
def until_somebody_waits(database: Database) -> Callable[[], Awaitable[None]]:
    """Waits until a transaction on PostgreSQL waits for a lock that another one holds."""

    async def wait() -> None:
        async def is_blocked() -> bool:
            async with database.reading() as session:
                return bool(await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))

        await until(is_blocked)

    return wait
