from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from core.db import Database
from tests.stories.town import Town, running_town

# For stories in which the engine cannot matter: `@ON_SQLITE`.
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"])


@pytest.fixture(scope="session", autouse=True)
def _plain_tracebacks() -> Iterator[None]:
    """The default one draws every local of every frame: where faults are the rule it takes longer than the story."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])
    yield
    structlog.reset_defaults()


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """The whole house and its world, on each engine."""
    async with running_town(database, tmp_path) as town:
        yield town
