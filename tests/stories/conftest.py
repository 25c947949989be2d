from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.db import Database
from tests.stories.town import Town, running_town

# For stories in which the engine cannot matter: `@ON_SQLITE`.
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"])


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """The whole house and its world, on each engine."""
    async with running_town(database, tmp_path) as town:
        yield town
