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


@pytest.fixture(params=["postgresql"])
def postgresql_alone(request: pytest.FixtureRequest) -> str:
    """For rules that the story, the guards and the races try on both engines: here only the stricter one."""
    return str(request.param)


@pytest.fixture(params=["sqlite"])
def sqlite_alone(request: pytest.FixtureRequest) -> str:
    """For random lives, whose thousands of small steps the quicker engine takes."""
    return str(request.param)
