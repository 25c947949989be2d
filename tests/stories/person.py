"""People who chat with the assistant over real HTTP, on Telegram: what they say and touch, and what they hear."""

import asyncio
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import httpx

from core import clock
from core.tls import trusted

if TYPE_CHECKING:
    from tests.stories.town import Town


# What people in stories choose.
PIN = "2580"
_A_MOMENT = 60
# Its button, in either language.
_PAGE = "🔐 O"

_AS_TYPED = str.maketrans({"\u00a0": " ", "\u202f": " ", "∗": "*", "ˍ": "_", "∼": "~", "ˋ": "`"})


def plain(text: str) -> str:
    """Spaces of every width as one kind, and WhatsApp's harmless marks as what they look like: as one would type it."""
    return text.translate(_AS_TYPED)


@dataclass
class Person:
    """Somebody in a chat with the assistant: the private one, unless `chat` says `group`."""

    town: "Town"
    name: str
    id: int
    full_name: str
    chat: str = "private"
    _api = "/chat/api"
    heard: dict[int, dict[str, Any]] = field(default_factory=dict)
    change: int = 0

    @property
    def address(self) -> tuple[str, str]:
        """The channel, and the channel's own id of this person."""
        return "telegram", str(self.id)

    @property
    def edits(self) -> bool:
        """Whether messages are changed where they stand."""
        return True

    async def starts(self, payload: str | None = None) -> None:
        """Touch START, or a link with a payload."""
        await self._act(f"people/{self.name}/start", {"payload": payload} if payload else {})

    async def follows_link(self, url: str) -> "Person":
        """Follow a link that opens the private chat; gives the person there."""
        await self._act(f"people/{self.name}/follow", {"url": url})
        return self

    async def says(self, text: str, *, anonymous: bool = False) -> None:
        """Type and send; `anonymous` as a group's hidden administrator."""
        await self._act(f"{self._chat}/say", {"text": text, "anonymous": anonymous})

    async def sends(self, kind: str) -> None:
        """Send a `sticker`, a `voice` note or a `photo`."""
        await self._act(f"{self._chat}/{kind}", {})

    async def shares_own_contact(self) -> None:
        """Share one's own number."""
        await self._act(f"{self._chat}/contact", {})

    async def starts_in_english(self) -> None:
        """Touch START on a telephone that speaks English."""
        await self.starts()
        await self.hears("Hello")

    async def gives_own_number(self, noted: str = "C’est noté") -> None:
        """Give one's own number in the easiest way there is."""
        await self.shares_own_contact()
        await self.hears(noted)

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
        tap = f"{self._api}/{self._chat}/tap"
        await asyncio.gather(*(self.town.sandbox.post(tap, json=button) for _ in range(2)))

    async def presses(self, label: str) -> None:
        """Touch a key of the reply keyboard."""
        await self._act(f"{self._chat}/press", {"label": label})

    async def chooses(self, label: str) -> None:
        """Take what is offered where a number is asked for: a key of the reply keyboard."""
        await self.presses(label)

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
        answer = await self.town.sandbox.get(f"{self._api}/{self._chat}/messages", params={"limit": 100})
        return list(answer.json()["messages"])

    async def last(self) -> str:
        """The text of the chat's last message."""
        return plain((await self.messages())[-1]["text"])

    async def keyboard(self) -> list[str]:
        """The labels of the reply keyboard that stands there now."""
        keyboard = (await self.town.sandbox.get(f"{self._api}/{self._chat}/messages")).json().get("keyboard")
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

    async def pin_page(self) -> "PinPage":
        """Open the page of the newest button that asks for the PIN, as the telephone does."""
        at = await self.button(_PAGE)
        tapped = (await self.town.sandbox.post(f"{self._api}/{self._chat}/tap", json=at)).json()
        address, _, behind = str(tapped["web_app"]["url"]).partition("#")
        # Whatever speaks TLS in front of the house in the world is not here.
        url = f"{self.town.app_url}{urlsplit(address).path}"
        told = dict(parse_qsl(behind))["tgWebAppData"]
        # The sandbox does not hear of a clock that was put forward.
        is_ahead = clock.now().timestamp() - time.time() > _A_MOMENT
        return PinPage(url, vouched(self, told) if is_ahead else told)

    async def hears_page(self) -> None:
        """Wait until the page of the PIN is offered."""
        await self.hears_button(_PAGE)

    async def proves(self, pin: str = PIN, *, new: str | None = None) -> str:
        """Type the PIN on its page, or choose it there; gives what the page then says."""
        await self.hears_page()
        page = await self.pin_page()
        await self._note_now()
        return (await page.sends(pin=pin, new=new or pin)).words

    async def confirms(self, pin: str = PIN) -> None:
        """Confirm, and agree with the PIN on its page."""
        await self.taps("Confirmer")
        assert "C’est fait" in await self.proves(pin)

    async def balance(self) -> int:
        """What the ledger says is available, in whole francs."""
        return await self.town.balance_of(self)

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
        answer = await self.town.sandbox.post(f"{self._api}/{path}", json=body)
        assert answer.is_success, answer.text

    async def _note_now(self) -> None:
        """What is heard from here on is an answer to what is done next."""
        self.change, self.heard = (await self.town.sandbox.get(f"{self._api}/people")).json()["change"], {}

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
            news = (await self.town.sandbox.get(f"{self._api}/wait", params=query)).json()
            self.change = max(self.change, news["change"])
            for message in news["messages"]:
                if not message["deleted"] and message["from"]["is_bot"]:
                    self.heard[message["message_id"]] = message


@dataclass(frozen=True)
class Answered:
    """What a page answered, and what an eye reads on it."""

    status: int
    html: str

    @property
    def words(self) -> str:
        body = re.sub(r"<(style|script|title)>.*?</\1>", "", self.html, flags=re.DOTALL)
        return plain(" ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split()))

    @property
    def fields(self) -> list[str]:
        """The names of what is to be typed."""
        return re.findall(r'<input type="password" name="(\w+)"', self.html)


@dataclass(frozen=True)
class PinPage:
    """The page of the PIN, and what Telegram says of who opened it."""

    url: str
    opened_by: str = ""

    async def opens(self) -> Answered:
        async with httpx.AsyncClient(verify=trusted(), timeout=60) as http:
            answer = await http.get(self.url)
        return Answered(answer.status_code, answer.text)

    async def sends(self, pin: str, *, new: str | None = None, again: str | None = None) -> Answered:
        """Fill in what the page asks for and send it."""
        typed = {"pin": pin, "new": new or pin, "again": again or new or pin}
        opened = await self.opens()
        form = {name: typed[name] for name in opened.fields or typed}
        async with httpx.AsyncClient(verify=trusted(), timeout=60) as http:
            answer = await http.post(self.url, data={**form, "opened_by": self.opened_by})
        return Answered(answer.status_code, answer.text)


def vouched(person: Person, told: str, *, token: str = "", as_somebody_else: bool = False) -> str:
    """The same that Telegram told of who opened a page, as it would say it by the house's clock."""
    facts = {**dict(parse_qsl(told)), "auth_date": str(int(clock.now().timestamp()))}
    del facts["hash"]
    if as_somebody_else:
        facts["user"] = json.dumps({"id": person.id, "first_name": person.full_name})
    said = "\n".join(f"{name}={facts[name]}" for name in sorted(facts))
    key = hmac.digest(b"WebAppData", (token or person.town.bot_token).encode(), "sha256")
    return urlencode({**facts, "hash": hmac.new(key, said.encode(), "sha256").hexdigest()})


def payload_in(text: str, prefix: str) -> str:
    """What follows a link in a message, be it Telegram's or WhatsApp's, from `prefix` on."""
    found = re.search(rf"{prefix}[\w-]+", unquote(text))
    assert found, text
    return found[0]


def labels_of(message: dict[str, Any]) -> list[str]:
    """The labels of a message's buttons."""
    return [plain(button["text"]) for row in message.get("inline_keyboard") or [] for button in row]
