import pytest

from core.db import Database
from tests.ledger.kit import Books, open_books


@pytest.fixture
async def books(database: Database) -> Books:
    """A house with its three accounts and nobody in it yet."""
    return await open_books(database)
