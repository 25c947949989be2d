"""What changed on people's screens, numbered: new messages, edits, deletions, ticks, typing, answers to taps."""

import asyncio
import json
import sqlite3
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sandbox.records import Json, Records, dump

MOST_AT_ONCE: Final = 500


class Kind(StrEnum):
    MESSAGE = "message"
    EDIT = "edit"
    DELETE = "delete"
    DELIVERED = "delivered"
    STATUS = "status"
    TYPING = "typing"
    CALLBACK_ANSWER = "callback_answer"
    KEYBOARD = "keyboard"
    CHATS = "chats"
    PEOPLE = "people"
    BOT = "bot"


@dataclass(frozen=True)
class Change:
    """One numbered change; `chat_id`, `message_id` and `person_id` say where, when that makes sense."""

    number: int
    kind: Kind
    at: float
    chat_id: int | None
    message_id: int | None
    person_id: int | None
    detail: Json


class Changes:
    """The changes of one room; its schema makes the table, such as `telegram_changes`."""

    def __init__(self, records: Records, room: str) -> None:
        self._records = records
        self._news = asyncio.Event()
        table = f"{room}_changes"
        self._add = (
            f"INSERT INTO {table} (kind, at, chat_id, message_id, person_id, detail)"  # noqa: S608 (a name of ours)
            " VALUES (?, ?, ?, ?, ?, ?)"
        )
        self._latest = f"SELECT max(change) AS latest FROM {table}"  # noqa: S608
        self._since = f"SELECT * FROM {table} WHERE change > ? ORDER BY change LIMIT ?"  # noqa: S608
        self._in_chat = (
            f"SELECT * FROM {table} WHERE change > ? AND chat_id = ? AND coalesce(person_id, ?) = ?"  # noqa: S608
            " ORDER BY change LIMIT ?"
        )

    def add(
        self,
        kind: Kind,
        *,
        chat_id: int | None = None,
        message_id: int | None = None,
        person_id: int | None = None,
        **detail: object,
    ) -> None:
        self._records.run(self._add, kind, time.time(), chat_id, message_id, person_id, dump(detail))
        self._news.set()
        self._news = asyncio.Event()

    def latest(self) -> int:
        row = self._records.one(self._latest)
        return int(row["latest"] or 0) if row else 0

    def since(self, after: int) -> list[Change]:
        """The next changes anywhere, oldest first; ask again after the last one for more."""
        return [_change(row) for row in self._records.all(self._since, after, MOST_AT_ONCE)]

    def in_chat(self, after: int, chat_id: int, person_id: int) -> list[Change]:
        """The same for what one person sees in one chat."""
        rows = self._records.all(self._in_chat, after, chat_id, person_id, person_id, MOST_AT_ONCE)
        return [_change(row) for row in rows]

    @property
    def news(self) -> asyncio.Event:
        """Set by the next change after this moment."""
        return self._news

    async def wait(self, timeout_s: float) -> bool:
        """Wait for the next change; False when none came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return False
        return True


def _change(row: sqlite3.Row) -> Change:
    return Change(
        row["change"],
        Kind(row["kind"]),
        row["at"],
        row["chat_id"],
        row["message_id"],
        row["person_id"],
        json.loads(row["detail"]),
    )
