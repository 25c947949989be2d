"""Floods: who knocks too often waits outside, and nobody else does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network

import httpx
import pytest
from aiohttp import web

from core import clock
from core.tls import trusted
from pages import Gate

WELCOME, REFUSED, TURNED_AWAY = 200, 401, 429


async def _door(request: web.Request) -> web.Response:
    signed = request.headers.get("X-Signature") == "good"
    return web.Response(status=WELCOME if signed or request.path != "/webhook/getmipay/" else REFUSED)


@pytest.fixture
async def caller() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody in front of a gate of this machine's, behind whose own proxy they stand."""
    # At the beginning of a minute: what is counted is forgotten at its end.
    app = web.Application(middlewares=[Gate().middleware()])
    app.add_routes([web.route("*", "/{door:.*}", _door)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{runner.addresses[0][1]}", verify=trusted()) as http:
        with clock.ahead(timedelta(seconds=60 - clock.now().second)):
            yield http
    await runner.cleanup()


async def _asks(caller: httpx.AsyncClient, path: str, times: int, **headers: str) -> list[int]:
    async def once() -> int:
        return (await caller.post(path, content=b"{}", headers=headers)).status_code

    answers: list[int] = []
    while len(answers) < times:
        answers += await asyncio.gather(*(once() for _ in range(min(40, times - len(answers)))))
    return answers


async def test_who_signs_badly_again_and_again_is_no_longer_read(caller: httpx.AsyncClient):
    answers = await _asks(caller, "/webhook/getmipay/", 200, **{"X-Forwarded-For": "41.82.0.7"})
    assert answers.count(REFUSED) >= 120
    assert answers[-1] == TURNED_AWAY
    turned_away = await caller.post("/webhook/getmipay/", content=b"{}", headers={"X-Forwarded-For": "41.82.0.7"})
    assert turned_away.headers["Retry-After"] == "60"
    assert "revenez dans une minute" in turned_away.text
    others = await _asks(caller, "/webhook/getmipay/", 1, **{"X-Forwarded-For": "41.82.0.8", "X-Signature": "good"})
    assert others == [WELCOME]


async def test_who_signs_well_is_never_slowed_down(caller: httpx.AsyncClient):
    good = {"X-Forwarded-For": "41.82.0.9", "X-Signature": "good"}
    assert set(await _asks(caller, "/webhook/getmipay/", 1_500, **good)) == {WELCOME}


async def test_a_page_is_shown_to_one_address_so_often_in_a_minute_and_no_more(caller: httpx.AsyncClient):
    answers = await _asks(caller, "/tontine/verify", 1_300, **{"X-Forwarded-For": "41.82.0.10"})
    assert answers.count(TURNED_AWAY) >= 1
    assert answers.count(WELCOME) >= 1_200
    assert await _asks(caller, "/health", 1, **{"X-Forwarded-For": "41.82.0.10"}) == [WELCOME]


async def test_an_address_that_somebody_wrote_before_our_proxys_own_word_counts_for_nothing(caller: httpx.AsyncClient):
    async def comes_from(number: int) -> int:
        headers = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}, 41.82.0.11"}
        return (await caller.post("/webhook/getmipay/", content=b"{}", headers=headers)).status_code

    assert [await comes_from(number) for number in range(160)][-1] == TURNED_AWAY


async def test_whoever_has_one_address_of_a_network_of_ipv6_has_them_all(caller: httpx.AsyncClient):
    for number in range(160):
        await _asks(caller, "/webhook/getmipay/", 1, **{"X-Forwarded-For": f"2001:db8:0:7::{number:x}"})
    assert await _asks(caller, "/webhook/getmipay/", 1, **{"X-Forwarded-For": "2001:db8:0:7:ffff::1"}) == [TURNED_AWAY]
    assert await _asks(caller, "/webhook/getmipay/", 1, **{"X-Forwarded-For": "2001:db8:0:8::1"}) == [REFUSED]


def test_a_stranger_who_says_they_are_a_proxy_is_not_believed():
    gate = Gate([ip_network("10.1.0.0/24")])
    assert gate._is_proxy("10.1.0.9")
    assert gate._is_proxy("127.0.0.1")
    assert not gate._is_proxy("41.82.0.12")
