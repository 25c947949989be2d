"""The proxy in front of several doors: it sends to those that are ready, and to another where nobody opens."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

_ASKS_EVERY_S = 0.1


class Proxy:
    """Remembers what it answered, by status."""

    def __init__(self) -> None:
        self.doors: list[str] = []
        self.answered: Counter[int] = Counter()
        self._ready: list[str] = []
        self._turn = 0

    async def pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        response = await self._answer(request, body)
        self.answered[response.status] += 1
        return response

    async def _answer(self, request: web.Request, body: bytes) -> web.Response:
        self._turn += 1
        ready = list(self._ready)
        for number in range(len(ready)):
            door = ready[(self._turn + number) % len(ready)]
            try:
                async with self._http.request(
                    request.method, f"{door}{request.path_qs}", data=body, headers=request.headers
                ) as answer:
                    return web.Response(status=answer.status, body=await answer.read())
            except aiohttp.ClientConnectorError:
                continue
            except aiohttp.ClientError:
                return web.Response(status=502)
        return web.Response(status=503)

    async def watch(self) -> None:
        """Keep asking who is ready."""
        async with aiohttp.ClientSession() as self._http:
            while True:
                self._ready = [door for door in list(self.doors) if await self._is_ready(door)]
                await asyncio.sleep(_ASKS_EVERY_S)

    async def _is_ready(self, door: str) -> bool:
        try:
            async with self._http.get(f"{door}/ready") as answer:
                return answer.ok
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def in_front(port: int) -> AsyncIterator[Proxy]:
    """A proxy that listens on `port`, with no doors behind it yet."""
    proxy = Proxy()
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", proxy.pass_on)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    watching = asyncio.create_task(proxy.watch())
    try:
        yield proxy
    finally:
        watching.cancel()
        await asyncio.wait([watching])
        await runner.cleanup()
