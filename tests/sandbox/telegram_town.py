"""A sandbox with an unmodified python-telegram-bot on one side and people on the other."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from telegram import Bot, Update
from telegram.request import HTTPXRequest

from core.tls import trusted
from sandbox.server import build
from sandbox.settings import Settings

TOKEN = Settings().bot_token
AWA, MOUSSA, FATOU, KOFFI, GRACE = range(5_100_000_001, 5_100_000_006)
GROUP = -4_100_000_001


@dataclass
class Town:
    """The sandbox at `base`; `bot` speaks the Bot API, `people` the JSON API."""

    data: Path
    people: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30, verify=trusted()))
    base: str = ""
    runner: web.AppRunner | None = None
    bot: Bot | None = None
    offset: int = 0

    async def start(self, port: int = 0) -> None:
        app = build(Settings(port=0, data=self.data))
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", port).start()
        self.base = f"http://127.0.0.1:{self.port}"
        self.bot = Bot(
            TOKEN, base_url=f"{self.base}/telegram/bot", base_file_url=f"{self.base}/telegram/file/bot",
            request=_request(), get_updates_request=_request(),
        )  # fmt: skip
        await self.bot.initialize()

    async def stop(self) -> None:
        await self.bot.shutdown()
        await self.runner.cleanup()

    async def restart(self) -> None:
        port = self.port
        await self.stop()
        await self.start(port)

    @property
    def port(self) -> int:
        return self.runner.addresses[0][1]

    async def turn(self, **knobs: object) -> None:
        answer = await self.people.post(f"{self.base}/telegram/api/knobs", json=knobs)
        assert answer.status_code == 200, answer.text

    async def break_next(self, kind: str, **details: object) -> None:
        await self.turn(faults=[{"kind": kind, **details}])

    async def get(self, path: str, **query: object) -> dict:
        answer = await self.people.get(f"{self.base}/chat/api/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **body: object) -> httpx.Response:
        return await self.people.post(f"{self.base}/chat/api/{path}", json=body)

    async def act(self, who: str, act: str, /, chat: object = "private", **body: object) -> dict:
        """Do something as a person, which must work."""
        answer = await self.post(f"people/{who}/chats/{chat}/{act}", **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def say(self, person: str, text: str, chat: object = "private", **body: object) -> dict:
        return await self.act(person, "say", chat, text=text, **body)

    async def begin(self, person: str = "awa", payload: str = "") -> dict:
        answer = await self.post(f"people/{person}/start", payload=payload)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def messages(self, person: str = "awa", chat: object = "private") -> list[dict]:
        return (await self.get(f"people/{person}/chats/{chat}/messages"))["messages"]

    async def last(self, person: str = "awa", chat: object = "private") -> dict:
        return (await self.messages(person, chat))[-1]

    async def heard(self, **query: object) -> list[Update]:
        """What the bot hears now; confirmed by the next call."""
        updates = await self.bot.get_updates(offset=self.offset, allowed_updates=Update.ALL_TYPES, **query)
        if updates:
            self.offset = max(update.update_id for update in updates) + 1
        return list(updates)

    async def call(self, method: str, token: str = TOKEN, **body: object) -> dict:
        """A raw Bot API call, for what python-telegram-bot would not send or hides from us."""
        answer = await self.people.post(f"{self.base}/telegram/bot{token}/{method}", json=body)
        content = answer.json()
        assert content["ok"] == (answer.status_code == 200)
        assert answer.status_code == content.get("error_code", 200)
        return content


def _request() -> HTTPXRequest:
    return HTTPXRequest(connection_pool_size=256, httpx_kwargs={"verify": trusted()})


def complaining(error: type[Exception], text: str) -> pytest.RaisesExc[Exception]:
    """Expect this error with Telegram's text, whose first letter python-telegram-bot writes large."""
    return pytest.raises(error, match=re.compile(re.escape(text), re.IGNORECASE))


@asynccontextmanager
async def opened_town(folder: Path, *, in_a_hurry: bool = True) -> AsyncIterator[Town]:
    """A town with Telegram's speed limits off, unless a test is about them."""
    town = Town(folder / "sandbox.sqlite3")
    await town.start()
    if in_a_hurry:
        await town.turn(rate_limits=False)
    try:
        yield town
    finally:
        await town.stop()
        await town.people.aclose()
