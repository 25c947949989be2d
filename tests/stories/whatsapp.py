"""People who chat with the assistant on WhatsApp: the same verbs, by what WhatsApp has for them."""

import asyncio
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.stories.person import Person, PinPage, plain

NUMBER = "22625000001"
MORE = "Suite ›"
# What a row's title has room for.
_ROW = 24


def wa_link(payload: str) -> str:
    """A link that opens the chat with the assistant and says `payload` there."""
    return f"https://wa.me/{NUMBER}?text={quote(f'Cauri {payload}')}"


@dataclass
class WhatsAppPerson(Person):
    """Somebody on WhatsApp, where a choice is a button or a row of a list, and nothing is ever edited."""

    user_id: str = ""
    opened: set[str] = field(default_factory=set)
    """The PIN's pages that were opened,"""
    passed: set[str] = field(default_factory=set)
    """and those of them that were before what was done last."""
    _api = "/whatsapp/api"

    @property
    def address(self) -> tuple[str, str]:
        return "whatsapp", self.user_id

    @property
    def edits(self) -> bool:
        return False

    async def starts(self, payload: str | None = None) -> None:
        """Say hello, or follow a link with a payload; who had blocked the assistant lets it write again by that."""
        await self.unblocks()
        if payload is None:
            await self.says("Bonjour")
        else:
            await self._act(f"{self._chat}/follow", {"url": wa_link(payload)})

    async def says(self, text: str, *, anonymous: bool = False) -> None:
        """Type and send."""
        assert not anonymous
        await self._act(f"{self._chat}/say", {"text": text})

    async def button(self, label: str) -> dict[str, int]:
        """Where that choice is; a long list is turned over until it comes."""
        await self.hears_button(label)
        found = await self._find(label)
        assert found is not None
        return found

    async def hears_button(self, label: str) -> str:
        """Wait until that choice is there, on whatever page of the list."""

        def is_there(message: dict[str, Any]) -> bool:
            return any(_means(text, label) or text == MORE for text in choices(message))

        said = await self._wait(is_there, f"choice {label}")
        while await self._find(label) is None:
            more = await self._find(MORE)
            assert more is not None
            assert more["message_id"] in self.heard, f"{self.name} never saw {label!r}"
            await self._act(f"{self._chat}/tap", more)
            said = await self._wait(is_there, f"choice {label}")
        return said

    async def _find(self, label: str) -> dict[str, int] | None:
        for message in reversed(await self.messages()):
            for row, buttons in enumerate(message.get("inline_keyboard") or []):
                for column, button in enumerate(buttons):
                    if _means(_whole(button), label):
                        return {"message_id": message["message_id"], "row": row, "column": column}
        return None

    async def _act(self, path: str, body: dict[str, Any]) -> None:
        self.passed |= self.opened
        await super()._act(path, body)

    async def pin_page(self) -> PinPage:
        """The newest link to it; it opens in any browser."""
        links = [link for message in await self.messages() if (link := _pin_link(message))]
        assert links, "no page"
        self.opened.add(links[-1])
        return PinPage(f"{self.town.app_url}{links[-1]}")

    async def hears_page(self) -> None:
        """An older one comes to mind again when WhatsApp tells that it was read: a new one is meant."""
        await self._wait(lambda message: (_pin_link(message) or "") not in {"", *self.passed}, "a new page")

    async def taps_twice(self, label: str) -> None:
        button = await self.button(label)
        await self._note_now()
        tap = f"{self._api}/{self._chat}/tap"
        await asyncio.gather(*(self.town.sandbox.post(tap, json=button) for _ in range(2)))

    async def taps_unseen(self, data: str) -> None:
        await self._note_now()
        last = [each for each in await self.messages() if each["from"]["is_bot"]][-1]
        message = {
            "from": await self._wa_id(), "from_user_id": self.user_id, "id": f"wamid.{secrets.token_hex(12)}",
            "timestamp": "1795000000", "type": "interactive", "context": {"id": last["wamid"]},
            "interactive": {"type": "button_reply", "button_reply": {"id": data, "title": "…"}},
        }  # fmt: skip
        profile = {"profile": {"name": self.full_name}, "wa_id": message["from"], "user_id": self.user_id}
        await self.town.push_notice({"contacts": [profile], "messages": [message]})

    async def starts_in_english(self) -> None:
        """Say hello, and choose: WhatsApp does not tell what language a telephone speaks."""
        await self.starts()
        await self.hears("Bonjour")
        await self.says("langue english")
        await self.hears("English")
        await self.says("menu")

    async def gives_own_number(self, noted: str = "") -> None:
        """The channel knows it already: it is the first one offered."""
        await self.taps("📱")

    async def chooses(self, label: str) -> None:
        """Take one of the choices."""
        await self.taps(label)

    async def keyboard(self) -> list[str]:
        """There is none on WhatsApp."""
        return []

    async def blocks(self) -> None:
        await self._act(f"{self._chat}/block", {})

    async def unblocks(self) -> None:
        await self._act(f"{self._chat}/unblock", {})

    async def closes_window(self) -> None:
        """Has not written for a day."""
        answer = await self.town.sandbox.post("/whatsapp/api/window", json={"person": self.name, "open": False})
        assert answer.is_success, answer.text

    @property
    def _chat(self) -> str:
        return f"people/{self.name}"

    async def _wa_id(self) -> str:
        return str((await self.town.sandbox.get(f"{self._api}/people/{self.name}")).json()["wa_id"])


def choices(message: dict[str, Any]) -> list[str]:
    """What may be chosen under a message, whole where it had to be cut."""
    return [_whole(button) for row in message.get("inline_keyboard") or [] for button in row]


def _whole(button: dict[str, Any]) -> str:
    return plain(button.get("description") or button["text"])


def _means(shown: str, label: str) -> bool:
    """Whether a choice is the one meant: a label that was too long is cut."""
    return label in shown or (shown.endswith("…") and len(shown) >= _ROW - 4 and label.startswith(shown[:-1].lstrip()))


def _pin_link(message: dict[str, Any]) -> str | None:
    found = re.search(r"https?://\S+(/pin/[\w-]+)", message["text"])
    return found[1] if found else None
