"""Every door is knocked at in every way: a short storm in each run, a hundred thousand requests in `make fuzz`."""

import logging
import os
import secrets
from pathlib import Path

import pytest

from core.db import Database
from tests.fuzz.storm import storm, transfers
from tests.stories.conftest import ON_SQLITE
from tests.stories.town import free_port, running_town

log = logging.getLogger(__name__)


@ON_SQLITE
@pytest.mark.parametrize("dialect", ["a", "v1"])
async def test_nothing_that_is_sent_breaks_a_door_or_moves_a_franc(
    database: Database, tmp_path: Path, dialect: str
) -> None:
    await _stand(database, tmp_path, dialect, requests=250, number=20_261_122)


@ON_SQLITE
@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("dialect", ["a", "v1"])
async def test_a_hundred_thousand_requests_break_no_door_and_move_no_franc(
    database: Database, tmp_path: Path, dialect: str
) -> None:
    number = int(os.environ.get("FUZZ_SEED") or secrets.randbelow(2**32))
    await _stand(database, tmp_path, dialect, requests=int(os.environ.get("FUZZ_REQUESTS") or 25_000), number=number)


async def _stand(database: Database, folder: Path, dialect: str, *, requests: int, number: int) -> None:
    """A house with money in it stands in a storm."""
    # What a storm breaks is told by the storm; a traceback for each oddity would take most of its time.
    logging.disable(logging.CRITICAL)
    port = free_port()
    world = {
        "port": port, "public_url": f"https://127.0.0.1:{port}", "telegram_webhook_secret": "known-to-telegram",
        "getmipay_dialect": dialect,
    }  # fmt: skip
    try:
        registered = f"http://127.0.0.1:{port}/webhook/getmipay/"
        async with running_town(database, folder, registered=registered, **world) as town:
            await town.as_the_bot(
                "setWebhook", url=f"{town.app_url}/webhook/telegram", secret_token="known-to-telegram"
            )
            if dialect == "a":
                awa = await town.member("awa", balance=5_000)
            before = await transfers(town.database)
            came = await storm(town, requests, number)
            assert came.requests >= requests
            assert await transfers(town.database) == before
            if dialect == "a":
                assert await awa.balance() == 5_000
            await town.audit()
    finally:
        logging.disable(logging.NOTSET)
    log.info("dialect %s, seed %s, %s requests: %s", dialect, number, came.requests, sorted(came.statuses.items()))
