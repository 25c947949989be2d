"""A town to tell stories in: the whole house, people who chat with it over real HTTP, and the sandbox's GetMiPay.

A story reads as a dialogue: `await awa.says("/solde")`, `await awa.hears("Disponible : 5 000 F CFA")`.
"""

import asyncio
import json
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

import ledger
from core.db import Database
from core.money import Money
from core.settings import Settings
from core.tls import trusted
from ledger import AccountKind
from members import find_by_address
from operations.serve import serve
from payments import standing
from sandbox.server import build
from sandbox.settings import Settings as SandboxSettings

BOT_TOKEN = "100000001:demo-token-for-the-sandbox-only"


def plain(text: str) -> str:
    """Spaces of every width as one kind, so that a story can be typed on any keyboard."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@dataclass
class Person:
    """Somebody in a chat with the assistant: the private one, unless `chat` says `group`."""

    town: "Town"
    name: str
    id: int
    full_name: str
    chat: str = "private"
    heard: dict[int, dict[str, Any]] = field(default_factory=dict)
    change: int = 0

    async def starts(self, payload: str | None = None) -> None:
        """Touch START, or a link with a payload."""
        await self._act(f"people/{self.name}/start", {"payload": payload} if payload else {})

    async def says(self, text: str, *, anonymous: bool = False) -> None:
        """Type and send; `anonymous` as a group's hidden administrator."""
        await self._act(f"{self._chat}/say", {"text": text, "anonymous": anonymous})

    async def sends(self, kind: str) -> None:
        """Send a `sticker`, a `voice` note or a `photo`."""
        await self._act(f"{self._chat}/{kind}", {})

    async def shares_own_contact(self) -> None:
        """Share one's own number."""
        await self._act(f"{self._chat}/contact", {})

    async def shares_contact_of(self, name: str) -> None:
        """Share the card of one of the sandbox's people."""
        somebody = await self.town.person(name)
        await self._act(f"{self._chat}/contact", {"person": somebody.id})

    async def shares_card(self, phone: str, first_name: str) -> None:
        """Share a card from the telephone's own book."""
        await self._act(f"{self._chat}/contact", {"phone": phone, "first_name": first_name})

    async def taps(self, label: str) -> None:
        """Tap the newest button whose label has these words."""
        await self._act(f"{self._chat}/tap", await self.button(label))

    async def taps_twice(self, label: str) -> None:
        """Tap it again before anything could happen."""
        button = await self.button(label)
        await self._note_now()
        tap = f"/chat/api/{self._chat}/tap"
        await asyncio.gather(*(self.town.sandbox.post(tap, json=button) for _ in range(2)))

    async def presses(self, label: str) -> None:
        """Touch a key of the reply keyboard."""
        await self._act(f"{self._chat}/press", {"label": label})

    async def button(self, label: str) -> dict[str, int]:
        """Where that button is: it can be tapped again later, when it is old."""
        await self.hears_button(label)
        for message in reversed(await self.messages()):
            for row, buttons in enumerate(message.get("inline_keyboard") or []):
                for column, button in enumerate(buttons):
                    if label in plain(button["text"]):
                        return {"message_id": message["message_id"], "row": row, "column": column}
        raise AssertionError(f"no button {label!r}")

    async def data_of(self, label: str) -> str:
        """What that button says to the assistant when it is tapped."""
        at = await self.button(label)
        message = next(each for each in await self.messages() if each["message_id"] == at["message_id"])
        return str(message["inline_keyboard"][at["row"]][at["column"]]["callback_data"])

    async def taps_unseen(self, data: str) -> None:
        """Tap a button that no longer stands there, or never did: a slow telephone, or somebody who makes them up."""
        await self._note_now()
        await self.town.push_update(self.tap_of(data, (await self.messages())[-1]["message_id"]))

    def tap_of(self, data: str, message_id: int) -> dict[str, Any]:
        """The update of a tapped button, as Telegram writes it."""
        me = {"id": self.id, "is_bot": False, "first_name": self.full_name, "language_code": "fr"}
        message = {"message_id": message_id, "date": 1_795_000_000, "chat": {"id": self.id, "type": "private"}}
        query = {"id": secrets.token_hex(8), "from": me, "message": message, "chat_instance": "1", "data": data}
        return {"callback_query": query}

    async def blocks(self) -> None:
        """Block the assistant."""
        await self._act(f"people/{self.name}/block", {})

    async def unblocks(self) -> None:
        """Let the assistant write again."""
        await self._act(f"people/{self.name}/unblock", {})

    async def hears(self, *parts: str) -> str:
        """Wait for one message from the assistant, new or edited since the last act, that has all these words."""
        return await self._wait(lambda message: all(part in plain(message["text"]) for part in parts), repr(parts))

    async def hears_either(self, *alternatives: str) -> str:
        """Wait for a message that has one of these."""
        return await self._wait(
            lambda message: any(words in plain(message["text"]) for words in alternatives), "either"
        )

    async def hears_button(self, label: str) -> str:
        """Wait until a message offers this button."""
        return await self._wait(lambda message: any(label in text for text in labels_of(message)), f"button {label}")

    async def messages(self) -> list[dict[str, Any]]:
        """The chat as it stands, oldest first."""
        answer = await self.town.sandbox.get(f"/chat/api/{self._chat}/messages", params={"limit": 100})
        return list(answer.json()["messages"])

    async def last(self) -> str:
        """The text of the chat's last message."""
        return plain((await self.messages())[-1]["text"])

    async def keyboard(self) -> list[str]:
        """The labels of the reply keyboard that stands there now."""
        keyboard = (await self.town.sandbox.get(f"/chat/api/{self._chat}/messages")).json()["keyboard"]
        return [button["text"] for row in (keyboard or {}).get("keyboard", []) for button in row]

    async def payment_link(self, label: str = "Payer") -> str:
        """The address behind the newest payment button."""
        await self.hears_button(label)
        for message in reversed(await self.messages()):
            for button in (button for row in message.get("inline_keyboard") or [] for button in row):
                if "/pay/" in button.get("url", ""):
                    return str(button["url"])
        raise AssertionError("no payment link")

    async def pays(self, pin: str = "0000") -> None:
        """Open the payment page and type the code."""
        await self.town.pay(await self.payment_link(), pin)

    async def balance(self) -> int:
        """What the ledger says is available, in whole francs."""
        return await self.town.balance_of(self.id)

    @property
    def _chat(self) -> str:
        return f"people/{self.name}/chats/{self.chat}"

    async def said_to_me(self) -> list[str]:
        """Every message of the assistant's in this chat, as it stands, oldest first."""
        return [plain(message["text"]) for message in await self.messages() if message["from"]["is_bot"]]

    def in_the_group(self) -> "Person":
        """The same person, in their group."""
        return replace(self, chat="group", heard={})

    async def _act(self, path: str, body: dict[str, Any]) -> None:
        await self._note_now()
        answer = await self.town.sandbox.post(f"/chat/api/{path}", json=body)
        assert answer.is_success, answer.text

    async def _note_now(self) -> None:
        """What is heard from here on is an answer to what is done next."""
        self.change, self.heard = (await self.town.sandbox.get("/chat/api/people")).json()["change"], {}

    async def _wait(self, fits: Callable[[dict[str, Any]], bool], what: str) -> str:
        deadline = asyncio.get_running_loop().time() + self.town.patience_s
        while True:
            for message in self.heard.values():
                if fits(message):
                    return plain(message["text"])
            if asyncio.get_running_loop().time() > deadline:
                heard = "\n---\n".join(message["text"] for message in self.heard.values())
                raise AssertionError(f"{self.name} never heard {what}. Heard:\n{heard}")
            query = {"person": self.name, "chat": self.chat, "after": self.change, "timeout": 2}
            news = (await self.town.sandbox.get("/chat/api/wait", params=query)).json()
            self.change = max(self.change, news["change"])
            for message in news["messages"]:
                if not message["deleted"] and message["from"]["is_bot"]:
                    self.heard[message["message_id"]] = message


@dataclass
class Town:
    """The sandbox, the house, and its database."""

    sandbox: httpx.AsyncClient
    database: Database
    app_url: str
    patience_s: float = 20.0

    async def person(self, name: str) -> Person:
        """One of the sandbox's people."""
        found = (await self.sandbox.get(f"/chat/api/people/{name}")).json()
        return Person(self, name, found["id"], found["name"])

    async def newcomer(self, first_name: str, phone: str, **facts: str) -> Person:
        """Somebody the sandbox did not know: `last_name`, `language_code` and `username` as one likes."""
        answer = await self.sandbox.post("/chat/api/people", json={"first_name": first_name, "phone": phone, **facts})
        assert answer.is_success, answer.text
        found = answer.json()
        return Person(self, str(found["id"]), found["id"], found["name"])

    async def member(self, name: str, balance: int = 0) -> Person:
        """Somebody who has started the assistant, with so much in their wallet, topped up as anybody would."""
        person = await self.person(name)
        await person.starts()
        await person.hears("Votre solde")
        if balance:
            await person.says(f"recharger {balance} wave {await self.phone_of(name)}")
            await person.taps("Recevoir le lien")
            await person.pays()
            await person.hears("Recharge reçue")
        return person

    async def phone_of(self, name: str) -> str:
        """The person's own number."""
        return str((await self.sandbox.get(f"/chat/api/people/{name}")).json()["phone"])

    async def pay(self, link: str, pin: str) -> None:
        """What the payer does on the payment page."""
        transaction = link.rsplit("/", 1)[-1]
        answer = await self.sandbox.post(f"/getmipay/api/transactions/{transaction}/pay", json={"pin": pin})
        assert answer.is_success, answer.text

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

    async def as_the_bot(self, method: str, **values: Any) -> httpx.Response:
        """Call the Bot API with the bot's own token, behind the assistant's back."""
        return await self.sandbox.post(f"/telegram/bot{BOT_TOKEN}/{method}", json=values)

    async def balance_of(self, person_id: int) -> int:
        """What the ledger says is available to somebody, in whole francs."""
        async with self.database.reading() as session:
            member = await find_by_address(session, "telegram", str(person_id))
            if member is None:
                return 0
            return (await standing(session, member.id, AccountKind.WALLET)).available.amount

    async def audit(self) -> None:
        """Every franc is accounted for, and the merchant balance is what GetMiPay took in less what it paid out."""
        async with self.database.reading() as session:
            found = await ledger.audit(session)
            provider = await ledger.account(session, "house", AccountKind.PROVIDER)
            held = await ledger.balance(session, provider.id) if provider else None
        assert found.is_clean, found
        paid = [entry for entry in await self.transactions() if entry["status"] == "success"]
        in_, out = (sum(e["amount"] for e in paid if e["kind"] == kind) for kind in ("deposit", "payout"))
        assert (held.posted if held else Money(0)) == Money(in_ - out)


def labels_of(message: dict[str, Any]) -> list[str]:
    """The labels of a message's buttons."""
    return [plain(button["text"]) for row in message.get("inline_keyboard") or [] for button in row]


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
    values: dict[str, Any] = {
        "database_url": database_url, "port": free_port(), "getmipay_api_url": f"{sandbox_url}/getmipay",
        "getmipay_api_key": "demo-api-key", "getmipay_secret_key": "demo-secret-key",
        "getmipay_webhook_secret": "demo-webhook-secret", "telegram_bot_token": BOT_TOKEN,
        "telegram_api_url": f"{sandbox_url}/telegram", **changes,
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
    telegram_knobs: dict[str, Any] | None = None,
    registered: str = "",
    **changes: Any,
) -> AsyncIterator[Town]:
    """The sandbox and the house with these changed settings, in this process, over real HTTP.

    The knobs are turned before the house opens.
    """
    async with running_sandbox(folder, registered) as url, callers(url) as http:
        # Nobody waits for made-up operators, and nobody is slowed down for typing fast.
        await http.post("/telegram/api/knobs", json={"rate_limits": False, **(telegram_knobs or {})})
        await http.post("/getmipay/api/knobs", json={"payout_delay_s": 0.1, "magic": False})
        settings = house_settings(database.url.render_as_string(hide_password=False), url, **changes)
        stop, ready = asyncio.Event(), asyncio.Event()
        house = asyncio.create_task(serve(settings, lambda _: ready.set(), stop))
        opened = asyncio.create_task(ready.wait())
        await asyncio.wait([house, opened], return_when=asyncio.FIRST_COMPLETED)
        if house.done():
            house.result()
        try:
            yield Town(http, database, f"http://127.0.0.1:{settings.port}")
        finally:
            stop.set()
            await house
