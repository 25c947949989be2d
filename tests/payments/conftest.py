from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.db import Database
from tests.payments.kit import World, opened_world


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    """A house and GetMiPay's sandbox, on each engine."""
    async with opened_world(database, tmp_path) as world:
        yield world
