"""A town to tell stories in: the whole house, people who chat with it over real HTTP, and the sandbox's GetMiPay.

A story reads as a dialogue: `await awa.says("/solde")`, `await awa.hears("Disponible : 5 000 F CFA")`.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

import app
import ledger
from core import clock, jobs, outbox
from core.db import Database, ring
from core.money import Money
from core.settings import Settings
from core.tls import trusted
from ledger import AccountKind
from members import MemberPhone, Pins, find_by_address
from members.guard import guard_of
from operations.serve import keep_open
from operations.whatsapp import templates
from payments import standing
from sandbox.server import build
from sandbox.settings import Settings as SandboxSettings
from tests.stories.person import PIN, Person, labels_of, plain
from tests.stories.whatsapp import WhatsAppPerson
from webhook_server import Doors

BOT_TOKEN = "100000001:demo-token-for-the-sandbox-only"

__all__ = [
    "BOT_TOKEN", "Person", "Town", "callers", "free_port", "house_settings", "labels_of", "plain", "running_sandbox",
    "running_town", "until",
]  # fmt: skip


@dataclass
class Town:
    """The sandbox, the house, and its database."""

    sandbox: httpx.AsyncClient
    database: Database
    app_url: str
    settings: Settings
    channel: str = "telegram"
    patience_s: float = 20.0
    bot_token: str = BOT_TOKEN
    # None where the house is a process of its own.
    doors: Doors | None = None

    async def person(self, name: str, channel: str | None = None) -> Person:
        """One of the sandbox's people, on the story's channel unless another one is named."""
        if (channel or self.channel) == "whatsapp":
            found = (await self.sandbox.get(f"/whatsapp/api/people/{name}")).json()
            return WhatsAppPerson(self, name, found["id"], found["name"], user_id=found["user_id"])
        found = (await self.sandbox.get(f"/chat/api/people/{name}")).json()
        return Person(self, name, found["id"], found["name"])

    async def newcomer(self, first_name: str, phone: str, **facts: str) -> Person:
        """Somebody the sandbox did not know: `last_name`, `language_code` and `username` as one likes."""
        answer = await self.sandbox.post("/chat/api/people", json={"first_name": first_name, "phone": phone, **facts})
        assert answer.is_success, answer.text
        return await self.person(str(answer.json()["id"]))

    async def member(self, name: str, balance: int = 0, channel: str | None = None) -> Person:
        """Somebody who has started the assistant, with so much in their wallet, topped up as anybody would."""
        person = await self.person(name, channel)
        await person.starts()
        await person.hears("Votre solde")
        if balance:
            await person.says(f"recharger {balance} wave {await self.phone_of(name)}")
            await person.taps("Recevoir le lien")
            await person.pays()
            await person.hears("Recharge reçue")
            await self._has_withdrawn_before(person, await self.phone_of(name))
        return person

    async def _has_withdrawn_before(self, person: Person, phone: str) -> None:
        """As after the story in `test_pin.py`, some days ago: what goes there now needs no PIN while it is little."""
        async with self.database.transaction() as session:
            member = await find_by_address(session, *person.address)
            assert member is not None
            known = await session.get_one(MemberPhone, (member.id, phone))
            known.payout_since = clock.now() - timedelta(days=3)

    async def gives_pin(self, person: Person) -> None:
        """As after choosing it in `test_pin.py`, some days ago."""
        pins = Pins(self.settings.pin_secret.get_secret_value())
        async with self.database.transaction() as session:
            member = await find_by_address(session, *person.address)
            assert member is not None
            guard = await guard_of(session, member.id)
            guard.pin_hash = await pins.hash(member.id, PIN)

    async def phone_of(self, name: str) -> str:
        """The person's own number."""
        return str((await self.sandbox.get(f"/chat/api/people/{name}")).json()["phone"])

    async def pay(self, link: str, pin: str) -> None:
        """What the payer does on the payment page."""
        transaction = link.rsplit("/", 1)[-1]
        answer = await self.sandbox.post(f"/getmipay/api/transactions/{transaction}/pay", json={"pin": pin})
        assert answer.is_success, answer.text

    @asynccontextmanager
    async def ahead(self, by: timedelta) -> AsyncIterator[None]:
        """Let the clock run ahead, and the house look at once at what is due now."""
        with clock.ahead(by):
            async with self.database.transaction() as session:
                ring(session, jobs.BELL)
                ring(session, outbox.BELL)
            yield

    async def transactions(self) -> list[dict[str, Any]]:
        """Everything GetMiPay was asked for."""
        return list((await self.sandbox.get("/getmipay/api/transactions")).json()["transactions"])

    async def knobs(self, room: str, **values: Any) -> None:
        """Turn the sandbox's knobs: `room` is `getmipay` or `telegram`."""
        answer = await self.sandbox.post(f"/{room}/api/knobs", json=values)
        assert answer.is_success, answer.text

    async def push_update(self, body: dict[str, Any]) -> None:
        """Have Telegram deliver any update at all."""
        # As JSON of plain ASCII: it can write what UTF-8 cannot.
        answer = await self.sandbox.post("/telegram/api/updates", content=json.dumps(body))
        assert answer.is_success, answer.text

    async def push_notice(self, value: dict[str, Any], field: str = "messages") -> None:
        """Have WhatsApp tell anything at all."""
        answer = await self.sandbox.post("/whatsapp/api/notices", json={"value": value, "field": field})
        assert answer.is_success, answer.text

    async def submits_templates(self) -> None:
        """Have Meta approve all that may be said to somebody who has not written for a day."""
        async for _ in templates(self.settings, submit=True):
            pass

    async def as_the_bot(self, method: str, **values: Any) -> httpx.Response:
        """Call the Bot API with the bot's own token, behind the assistant's back."""
        return await self.sandbox.post(f"/telegram/bot{BOT_TOKEN}/{method}", json=values)

    async def balance_of(self, person: Person) -> int:
        """What the ledger says is available to somebody, in whole francs."""
        async with self.database.reading() as session:
            member = await find_by_address(session, *person.address)
            if member is None:
                return 0
            return (await standing(session, member.id, AccountKind.WALLET)).available.amount

    async def audit(self) -> None:
        """Every franc is accounted for, and the merchant balance is the one that GetMiPay shows."""
        async with self.database.reading() as session:
            found = await ledger.audit(session)
            provider = await ledger.account(session, "house", AccountKind.PROVIDER)
            held = await ledger.balance(session, provider.id) if provider else None
        assert found.is_clean, found
        shown = (await self.sandbox.get("/getmipay/api/balance")).json()["balance"]
        # GetMiPay takes a payout from its balance at once, we when it has arrived.
        on_its_way = [
            each for each in await self.transactions() if (each["kind"], each["status"]) == ("payout", "pending")
        ]
        assert (held.posted if held else Money(0)) == Money(shown + sum(each["amount"] for each in on_its_way))


async def until(happened: Callable[[], Awaitable[Any]]) -> Any:
    """Wait for what nobody says in a chat; the test's own time-out is the limit."""
    while True:
        if found := await happened():
            return found
        await asyncio.sleep(0.05)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def callers(url: str) -> httpx.AsyncClient:
    """Whoever calls that address from outside: people, and their browsers."""
    return httpx.AsyncClient(base_url=url, timeout=60, verify=trusted())


def house_settings(database_url: str, sandbox_url: str, **changes: Any) -> Settings:
    """The house's settings against a sandbox; whatever `.env` says is left alone."""
    getmipay = (
        f"{sandbox_url}/getmipay/api/v1" if changes.get("getmipay_dialect") == "v1" else f"{sandbox_url}/getmipay"
    )
    values: dict[str, Any] = {
        "database_url": database_url, "port": free_port(), "getmipay_api_url": getmipay,
        "getmipay_api_key": "demo-api-key", "getmipay_secret_key": "demo-secret-key",
        "getmipay_webhook_secret": "demo-webhook-secret", "telegram_bot_token": BOT_TOKEN,
        "telegram_api_url": f"{sandbox_url}/telegram", "whatsapp_api_url": f"{sandbox_url}/whatsapp",
        "whatsapp_token": "demo-whatsapp-token-for-the-sandbox-only", "whatsapp_phone_id": "100000000000001",
        "whatsapp_business_id": "200000000000002", "whatsapp_app_secret": "demo-whatsapp-app-secret",
        "whatsapp_verify_token": "demo-whatsapp-verify-token", "whatsapp_number": "22625000001",
        "documents_key": "a-key-for-the-tests-of-identity-documents",
        # Nobody is slowed down for typing fast.
        "telegram_per_second": 0, "whatsapp_per_second": 0,
        "pin_secret": "a-secret-of-the-tests", **changes,
    }  # fmt: skip
    return Settings(_env_file=None, **values)


@asynccontextmanager
async def running_sandbox(folder: Path, registered: str = "") -> AsyncIterator[str]:
    """The sandbox, served in this process over real HTTP; gives its address.

    `registered` is where GetMiPay sends its webhooks; each request's own `callback_url` when not given.
    """
    settings = SandboxSettings(data=folder / "sandbox.sqlite3", webhook_url=registered)
    # Nobody waits for the long poll of a house that is no more.
    runner = web.AppRunner(build(settings), access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def running_town(
    database: Database,
    folder: Path,
    *,
    channel: str = "telegram",
    telegram_knobs: dict[str, Any] | None = None,
    registered: str = "",
    **changes: Any,
) -> AsyncIterator[Town]:
    """The sandbox and the house with these changed settings, in this process, over real HTTP.

    `channel` is the one that people are on unless the story says otherwise. The knobs are turned before the house
    opens.
    """
    async with running_sandbox(folder, registered) as url, callers(url) as http:
        # Nobody waits for made-up operators, and nobody is slowed down for typing fast.
        await http.post("/telegram/api/knobs", json={"rate_limits": False, **(telegram_knobs or {})})
        await http.post("/whatsapp/api/knobs", json={"rate_limits": False})
        await http.post("/getmipay/api/knobs", json={"payout_delay_s": 0.1, "magic": False})
        settings = house_settings(database.url.render_as_string(hide_password=False), url, **changes)
        async with app.build(settings) as house:
            stop, ready = asyncio.Event(), asyncio.Event()
            serving = asyncio.create_task(keep_open(house, lambda _: ready.set(), stop))
            opened = asyncio.create_task(ready.wait())
            await asyncio.wait([serving, opened], return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            address = f"http://127.0.0.1:{settings.port}"
            registered_there = await http.post("/whatsapp/api/webhook", json={"url": f"{address}/webhook/whatsapp"})
            assert registered_there.is_success, registered_there.text
            try:
                # The house's own database: what a story does there rings the house's bells.
                yield Town(http, house.database, address, settings, channel, doors=house.doors)
            finally:
                stop.set()
                await serving
