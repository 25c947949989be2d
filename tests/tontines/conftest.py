from collections.abc import AsyncIterator

import pytest

from core.db import Database
from tests.tontines.kit import NAMES, Village


@pytest.fixture
async def village(database: Database) -> AsyncIterator[Village]:
    """Ten people with 100 000 F each, and a clock to put forward."""
    village = Village(database)
    async with village.clock:
        await village.people_of(*NAMES[:10])
        yield village
