"""People in a group chat: what they say and tap where everybody reads, and what only the tapper is told."""

import asyncio
from dataclasses import dataclass
from typing import Any

from tests.stories.town import Person, Town, plain


@dataclass
class Neighbour(Person):
    """Somebody in the group. `alone` is the same person in the private chat."""

    alone: Person | None = None
    toasts: int = 0

    @classmethod
    def of(cls, person: Person, chat: str = "group") -> "Neighbour":
        """The same person, in their group, or in the chat with this id."""
        return cls(person.town, person.name, person.id, person.full_name, chat, alone=person)

    async def taps_in_group(self, label: str) -> dict[str, Any]:
        """Tap a button, and wait for what only the tapper sees: `text`, or the `url` that opens the private chat."""
        button = await self.button(label)
        await self._note_now()
        tap = await self.town.sandbox.post(f"/chat/api/{self._chat}/tap", json=button)
        assert tap.is_success, tap.text
        return await self.toast(tap.json()["callback_query_id"])

    async def toast(self, callback_query_id: str) -> dict[str, Any]:
        """What the tap with this id was answered with."""
        after, deadline = self.change, asyncio.get_running_loop().time() + self.town.patience_s
        while asyncio.get_running_loop().time() < deadline:
            query = {"person": self.name, "chat": self.chat, "after": after, "timeout": 2}
            news = (await self.town.sandbox.get("/chat/api/wait", params=query)).json()
            after = max(after, news["change"])
            for change in news["changes"]:
                if change["kind"] == "callback_answer" and change["callback_query_id"] == callback_query_id:
                    return {"text": plain(change.get("text") or ""), "url": change.get("url")}
        raise AssertionError(f"{self.name}'s tap was never answered")

    async def follows(self, label: str) -> Person:
        """Tap a button that leads to the private chat, and go there; gives the person in that chat."""
        answer = await self.taps_in_group(label)
        assert answer["url"], answer
        return await self.follows_link(answer["url"])

    async def follows_link(self, url: str) -> Person:
        """Follow a link that opens the private chat; gives the person there."""
        person = self.alone or Person(self.town, self.name, self.id, self.full_name)
        await person._act(f"people/{self.name}/follow", {"url": url})
        return person


async def group_of(town: Town, title: str, creator: Person, *members: Person, with_bot: bool = True) -> int:
    """A new group; gives its id."""
    body = {"title": title, "creator": creator.id, "members": [each.id for each in members], "with_bot": with_bot}
    answer = await town.sandbox.post("/chat/api/groups", json=body)
    assert answer.is_success, answer.text
    return int(answer.json()["id"])


async def set_bot(town: Town, chat: int | str, by: Person, status: str) -> None:
    """Add the assistant to a group, make it an administrator, or remove it: `member`, `administrator`, `kicked`."""
    answer = await town.sandbox.post(f"/chat/api/groups/{chat}/bot", json={"by": by.id, "status": status})
    assert answer.is_success, answer.text


async def migrate(town: Town, chat: int | str, by: Person) -> int:
    """Turn a group into a supergroup; gives its new id."""
    answer = await town.sandbox.post(f"/chat/api/groups/{chat}/migrate", json={"by": by.id})
    assert answer.is_success, answer.text
    return int(answer.json()["id"])
