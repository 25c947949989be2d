"""A storm of requests on a house that serves: whatever comes, it answers in kind, and no franc moves."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings
from sqlalchemy import func, select

from core.db import Database
from core.tls import trusted
from ledger.tables import TRANSFER
from tests.fuzz.knocks import Door, Knock, knocks
from tests.stories.town import Town

_TIME_OUT_S = 30


@dataclass(frozen=True)
class Storm:
    """What came of it: how many answers of each status."""

    statuses: Counter[int]

    @property
    def requests(self) -> int:
        return self.statuses.total()


async def storm(town: Town, count: int, number: int) -> Storm:
    """Send `count` requests made from the seed `number`.

    Raises AssertionError with the smallest request found that is answered with anything but 2xx, 3xx, 4xx or 503.
    """
    assert town.doors is not None
    routes = [route for route in town.doors.application().router.routes() if route.method != "HEAD"]
    doors = [Door(route.method, route.resource.canonical) for route in routes if route.resource is not None]
    assert len(doors) > 10
    statuses: Counter[int] = Counter()

    def rage() -> None:
        with httpx.Client(base_url=town.app_url, timeout=_TIME_OUT_S, verify=trusted()) as client:

            @seed(number)
            @settings(
                max_examples=count, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(knocks(doors, town.settings))
            def knock_at(knock: Knock) -> None:
                status = _answered(client, knock)
                statuses[status] += 1
                assert _is_in_kind(status), f"{status} to {knock}"

            knock_at()

    await asyncio.to_thread(rage)
    return Storm(statuses)


async def transfers(database: Database) -> int:
    """How many transfers the ledger holds."""
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(TRANSFER)) or 0


def _answered(client: httpx.Client, knock: Knock) -> int:
    return client.request(knock.method, knock.path, headers=knock.headers, content=knock.body).status_code


def _is_in_kind(status: int) -> bool:
    return status < HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.SERVICE_UNAVAILABLE
