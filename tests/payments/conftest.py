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


@pytest.fixture
async def v1(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    """The same, speaking as GetMiPay does in production."""
    async with opened_world(database, tmp_path, "v1") as world:
        yield world
