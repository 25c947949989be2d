"""A merchant of the sandbox's GetMiPay: it asks, and it keeps every webhook it is sent."""

import hashlib
import hmac
import itertools
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from aiohttp import web

from core.tls import trusted
from sandbox.server import build
from sandbox.settings import Settings

BEARER = {"Authorization": "Bearer demo-api-key"}
# Whatever waits, waits until a test hurries it: no test depends on how fast the machine is.
PATIENCE = {"payout_delay_s": 600, "late_s": 600, "order_gap_s": 600, "retry_delays_s": [600], "hang_s": 0.05}


@dataclass
class Webhook:
    """One webhook as it came over the wire."""

    raw: str
    signature: str

    @property
    def fields(self) -> dict[str, object]:
        return json.loads(self.raw)

    def is_signed_with(self, secret: str) -> bool:
        return self.signature == signature_of(json.loads(self.raw), secret)


@dataclass
class World:
    """A sandbox, its client, and the merchant's door; `answers` are the statuses the door gives next."""

    data: Path
    door: str
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30, verify=trusted()))
    received: list[Webhook] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    settings: Mapping[str, str] = field(default_factory=dict)
    runner: web.AppRunner | None = None
    base: str = ""

    async def start(self) -> None:
        app = build(Settings(port=0, data=self.data, **self.settings))
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{self.runner.addresses[0][1]}/getmipay"

    async def stop(self) -> None:
        await self.runner.cleanup()

    async def turn(self, **knobs: object) -> None:
        answer = await self.client.post(f"{self.base}/api/knobs", json=knobs)
        assert answer.status_code == 200, answer.text

    def order(self, **changes: object) -> dict[str, object]:
        """An honest, unsigned body, with `changes`; None leaves a field out."""
        body = {
            "api_key": "demo-api-key",
            "amount": 5000,
            "currency": "XOF",
            "phone_number": "+22670123456",
            "method": "wave",
            "reference": f"ref-{next(self.numbers)}",
            "callback_url": self.door,
            "return_url": "http://127.0.0.1:8000/retour",
            "description": "Recharge é",
        } | changes
        return {name: value for name, value in body.items() if value is not None}

    async def ask(self, kind: str, *, impatient: bool = False, **changes: object) -> httpx.Response:
        return await self.send(kind, signed(self.order(**changes)), timeout_s=0.3 if impatient else 30)

    async def send(
        self, kind: str, body: object, headers: Mapping[str, str] = BEARER, timeout_s: float = 30
    ) -> httpx.Response:
        address = f"{self.base}/v1/{kind}/initiate"
        # Python's own escapes, for httpx cannot write a lone surrogate.
        return await self.client.post(address, content=json.dumps(body), headers=headers, timeout=timeout_s)

    async def deposit(self, **changes: object) -> dict:
        """A deposit paid with the right PIN, its due webhooks delivered once; everything known of it."""
        transaction_id = (await self.ask("payments", **changes)).json()["transaction_id"]
        await self.post(f"transactions/{transaction_id}/pay", pin="0000")
        await self.flush()
        return await self.known(transaction_id)

    async def payout(self, **changes: object) -> dict:
        """A payout whose end was hurried, its webhooks delivered once; everything known of it."""
        payout_id = (await self.ask("payouts", **changes)).json()["payout_id"]
        await self.flush(hurry=True)
        return await self.known(payout_id)

    async def status(self, name: str) -> httpx.Response:
        return await self.client.get(f"{self.base}/v1/payments/{name}/status", headers=BEARER)

    async def known(self, name: str) -> dict:
        return (await self.client.get(f"{self.base}/api/transactions/{name}")).json()

    async def knows(self, reference: str) -> bool:
        listed = await self.client.get(f"{self.base}/api/transactions", params={"reference": reference})
        return bool(listed.json()["transactions"])

    async def balance(self) -> int:
        return (await self.client.get(f"{self.base}/api/balance")).json()["balance"]

    async def post(self, path: str, **body: object) -> httpx.Response:
        return await self.client.post(f"{self.base}/api/{path}", json=body)

    async def flush(self, *, hurry: bool = False) -> None:
        assert (await self.post("webhooks/flush", hurry=hurry)).status_code == 200

    @property
    def events(self) -> list[object]:
        return [webhook.fields["event"] for webhook in self.received]


@asynccontextmanager
async def opened_world(tmp_path: Path, **settings: str) -> AsyncIterator[World]:
    """A running sandbox and a merchant's door on free ports."""
    merchant = web.Application()
    runner = web.AppRunner(merchant, access_log=None)
    world = World(data=tmp_path / "sandbox.sqlite3", door="", settings=settings)

    async def open_door(request: web.Request) -> web.Response:
        world.received.append(Webhook(await request.text(), request.headers.get("X-Signature", "")))
        status = world.answers.pop(0) if world.answers else 200
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else {})

    merchant.router.add_post("/{door:.*}", open_door)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    world.door = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook/getmipay/"
    await world.start()
    await world.turn(**PATIENCE)
    yield world
    await world.client.aclose()
    await world.stop()
    await runner.cleanup()


def signed(body: Mapping[str, object]) -> dict[str, object]:
    return {**body, "signature": signature_of(body, "demo-secret-key")}


def signature_of(fields: Mapping[str, object], secret: str) -> str:
    """Written again from the guide, on purpose: the sandbox must not be its own witness."""
    return hmac.new(secret.encode(), json.dumps(fields, sort_keys=True).encode(), hashlib.sha256).hexdigest()
