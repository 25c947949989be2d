"""A village whose tontines are shown by the real pages, over real HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest

from core.db import Database
from core.tls import trusted
from tests.pages.kit import served
from tests.tontines.conftest import village

__all__ = ["village"]


@pytest.fixture
async def address(database: Database) -> AsyncIterator[str]:
    """Where the pages are served."""
    async with served(database) as address:
        yield address


@pytest.fixture
async def reader(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who reads French."""
    headers = {"Accept-Language": "fr-BF,fr;q=0.9"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30, verify=trusted()) as http:
        yield http
