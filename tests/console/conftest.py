from collections.abc import AsyncIterator

import pytest

from core.db import Database
from tests.console.kit import Counter, counter


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Counter]:
    """The console, served over real HTTP, on each engine."""
    async with counter(database) as served:
        yield served
