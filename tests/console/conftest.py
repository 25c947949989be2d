from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.db import Database
from tests.console.kit import Counter, counter
from tests.payments.kit import World, opened_world


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Counter]:
    """The console, served over real HTTP, on each engine."""
    async with counter(database) as served:
        yield served


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    """Payments and the sandbox's GetMiPay behind that console."""
    async with opened_world(database, tmp_path) as world:
        yield world
