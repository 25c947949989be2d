"""The webhook: notices are posted, each again and again with growing pauses until it is answered with a 200."""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from sandbox.records import Json
from sandbox.whatsapp.errors import OK
from sandbox.whatsapp.messages import Status
from sandbox.whatsapp.notices import Notice
from sandbox.whatsapp.webhook import sign
from sandbox.whatsapp.world import WHATSAPP, World

AT_ONCE: Final = 8

_TIMEOUT: Final = aiohttp.ClientTimeout(total=20)
# A signature by somebody who does not know the app's secret.
_STRANGER: Final = "nobody-knows-this-secret"

log = logging.getLogger(__name__)


class Courier:
    """Posts what is due, a few at a time, but one after the other for each person."""

    def __init__(self, world: World, session: aiohttp.ClientSession) -> None:
        self._world = world
        self._session = session
        self._under_way: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Post for as long as the sandbox lives."""
        notices = self._world.notices
        while True:
            if self._world.webhook.url and not self._world.board.knobs.hold:
                for notice in notices.due(self._under_way, AT_ONCE - len(self._under_way)):
                    self._start(notice)
            await notices.wait(notices.rest_s())

    async def verify(self, url: str, verify_token: str) -> bool:
        """Ask the address to repeat a challenge, as Meta does before it registers one."""
        challenge = str(secrets.randbelow(10**10))
        query = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": challenge}
        try:
            async with self._session.get(f"{url}?{urlencode(query)}", allow_redirects=False) as answer:
                return answer.status == OK and (await answer.text()).strip() == challenge
        except (aiohttp.ClientError, TimeoutError) as error:
            log.debug("webhook not verified", exc_info=error)
            return False

    async def stop(self) -> None:
        under_way = list(self._under_way.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def _start(self, notice: Notice) -> None:
        task = asyncio.create_task(self._deliver(notice))
        self._under_way[notice.person_id] = task
        task.add_done_callback(lambda _: self._arrived(notice.person_id))

    def _arrived(self, person_id: int) -> None:
        self._under_way.pop(person_id, None)
        self._world.notices.wake()

    async def _deliver(self, notice: Notice) -> None:
        is_taken = await self._post({"object": "whatsapp_business_account", "entry": notice.entry})
        with self._world.records.transaction():
            if not is_taken:
                self._world.notices.again_later(notice)
            elif self._world.notices.done(notice):
                self._tick(notice.about)

    async def _post(self, content: Json) -> bool:
        # Meta writes everything but ASCII as \u escapes, and signs the bytes it sends.
        body = json.dumps(content, separators=(",", ":")).encode()
        secret = _STRANGER if self._world.board.take("bad_signatures") else self._world.business.app_secret
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign(body, secret)}
        try:
            async with self._session.post(
                self._world.webhook.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status == OK
        except (aiohttp.ClientError, TimeoutError) as error:
            log.debug("webhook not reached", exc_info=error)
            return False

    def _tick(self, about: list[int]) -> None:
        """Two grey ticks: the business has the message."""
        for message_id in about:
            message = self._world.messages.get(message_id)
            if message is not None and message.status is Status.SENT:
                self._world.messages.mark(message, Status.DELIVERED)


COURIER: Final = web.AppKey("whatsapp_courier", Courier)


async def employ_courier(app: web.Application) -> AsyncIterator[None]:
    """Run the courier for as long as the application lives."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session:
        courier = app[COURIER] = Courier(app[WHATSAPP], session)
        work = asyncio.create_task(courier.run())
        yield
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        await courier.stop()
