"""A sandbox with an unmodified pywa on one side, people on the other, and a door where the webhooks arrive."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from pywa.errors import WhatsAppError
from pywa_async import WhatsApp

from core.tls import trusted
from sandbox.server import build
from sandbox.settings import Settings

DEMO = Settings()
AWA, MOUSSA, FATOU = "22670123456", "22676543210", "221771234567"
AWA_USER_ID = "BF.8100000001"
VERSION = "v25.0"


@dataclass
class Door:
    """The app's webhook: keeps what comes; `answers` are the statuses it gives next."""

    url: str = ""
    bodies: list[dict] = field(default_factory=list)
    genuine: list[bool] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    verify_token: str = DEMO.whatsapp_verify_token
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def challenge(self, request: web.Request) -> web.Response:
        if request.query["hub.verify_token"] != self.verify_token:
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        expected = hmac.new(DEMO.whatsapp_app_secret.encode(), body, hashlib.sha256).hexdigest()
        self.genuine.append(request.headers["X-Hub-Signature-256"] == f"sha256={expected}")
        self.bodies.append(json.loads(body))
        self.news.set()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def until(self, is_so: Callable[["Door"], bool]) -> None:
        """Wait until it is so; the test's own time-out ends a wait in vain."""
        while not is_so(self):
            self.news.clear()
            await self.news.wait()

    @property
    def values(self) -> list[dict]:
        return [change["value"] for body in self.bodies for entry in body["entry"] for change in entry["changes"]]

    @property
    def messages(self) -> list[dict]:
        return [message for value in self.values for message in value.get("messages", [])]

    @property
    def statuses(self) -> list[dict]:
        return [status for value in self.values for status in value.get("statuses", [])]

    def ladder(self, wamid: str) -> list[str]:
        """The statuses told of one message, in the order they came."""
        return [status["status"] for status in self.statuses if status["id"] == wamid]


@dataclass
class Town:
    """The sandbox at `base`; `wa` speaks the Graph API, `people` the JSON API, `door` hears the webhooks."""

    data: Path
    door: Door
    people: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(verify=trusted(), timeout=30))
    base: str = ""
    runner: web.AppRunner | None = None
    wa: WhatsApp | None = None
    session: httpx.AsyncClient | None = None

    async def start(self, port: int = 0) -> None:
        self.runner = web.AppRunner(build(Settings(port=0, data=self.data)), access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", port).start()
        self.base = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        self.wa, self.session = self.client(DEMO.whatsapp_token)

    async def stop(self) -> None:
        await self.session.aclose()
        await self.runner.cleanup()

    async def restart(self) -> None:
        port = self.runner.addresses[0][1]
        await self.stop()
        await self.start(port)

    def client(self, token: str, phone_id: str = DEMO.whatsapp_phone_id) -> tuple[WhatsApp, httpx.AsyncClient]:
        session = httpx.AsyncClient(verify=trusted(), timeout=30)
        wa = WhatsApp(phone_id=phone_id, token=token, waba_id=DEMO.whatsapp_business_id, session=session)
        session.base_url = f"{self.base}/whatsapp/{VERSION}"
        return wa, session

    async def call(self, method: str, path: str, **kwargs: object) -> httpx.Response:
        """A raw Graph call, for what pywa would not send."""
        headers = {"Authorization": f"Bearer {DEMO.whatsapp_token}"}
        return await self.people.request(method, f"{self.base}/whatsapp/{VERSION}/{path}", headers=headers, **kwargs)

    async def send(self, kind: str, content: dict, to: str = AWA) -> httpx.Response:
        body = {"messaging_product": "whatsapp", "to": to, "type": kind, kind: content}
        return await self.call("POST", f"{DEMO.whatsapp_phone_id}/messages", json=body)

    async def get(self, path: str, **query: object) -> dict:
        answer = await self.people.get(f"{self.base}/whatsapp/api/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **body: object) -> httpx.Response:
        return await self.people.post(f"{self.base}/whatsapp/api/{path}", json=body)

    async def do(self, path: str, **body: object) -> dict:
        """Something that must work."""
        answer = await self.post(path, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def act(self, who: str, act: str, /, **body: object) -> dict:
        return await self.do(f"people/{who}/{act}", **body)

    async def say(self, who: str, text: str, **body: object) -> dict:
        return await self.act(who, "say", text=text, **body)

    async def messages(self, who: str = "awa") -> list[dict]:
        return (await self.get(f"people/{who}/messages"))["messages"]

    async def last(self, who: str = "awa") -> dict:
        return (await self.messages(who))[-1]

    async def turn(self, **knobs: object) -> None:
        await self.do("knobs", **knobs)

    async def break_next(self, kind: str, **details: object) -> None:
        await self.turn(faults=[{"kind": kind, **details}])

    async def open_door(self) -> None:
        await self.do("webhook", url=self.door.url)


@asynccontextmanager
async def opened_town(folder: Path) -> AsyncIterator[Town]:
    """A town in which Awa has just written, so that her window is open, and whose door is registered."""
    door = Door()
    app = web.Application()
    app.router.add_get("/webhook/whatsapp", door.challenge)
    app.router.add_post("/webhook/whatsapp", door.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    door.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook/whatsapp"
    town = Town(folder / "sandbox.sqlite3", door)
    await town.start()
    await town.open_door()
    await town.say("awa", "Bonjour")
    await door.until(lambda door: bool(door.messages))
    yield town
    await town.stop()
    await town.people.aclose()
    await runner.cleanup()


@asynccontextmanager
async def refused(code: int) -> AsyncIterator[None]:
    """The call inside must be refused by Meta with this code."""
    with pytest.raises(WhatsAppError) as caught:
        yield
    assert caught.value.code == code, caught.value
