"""Messages as they are kept: one row each, edited in place, never forgotten."""

import json
import sqlite3
import time
from dataclasses import dataclass

from sandbox.changes import Changes, Kind
from sandbox.records import Json, Records, dump


@dataclass(frozen=True)
class Message:
    """`content` holds the Bot API's own fields (text, photo, contact …); dates are Unix seconds."""

    message_id: int
    chat_id: int
    author_id: int
    date: int
    edit_date: int | None
    reply_to: int | None
    content: Json
    reply_markup: Json | None
    deleted: bool

    @property
    def inline_keyboard(self) -> list[list[Json]]:
        rows: list[list[Json]] = (self.reply_markup or {}).get("inline_keyboard", [])
        return rows

    @property
    def is_anonymous(self) -> bool:
        """Whether an administrator hides behind the group's name."""
        return "sender_chat" in self.content


def words(content: Json) -> tuple[str, list[Json]]:
    """The text or caption of a content, with its entities; empty when there is none."""
    text: str = content.get("text") or content.get("caption") or ""
    entities: list[Json] = content.get("entities") or content.get("caption_entities") or []
    return text, entities


class Messages:
    def __init__(self, records: Records, changes: Changes) -> None:
        self._records = records
        self._changes = changes

    def add(
        self,
        chat_id: int,
        author_id: int,
        content: Json,
        *,
        reply_to: int | None = None,
        reply_markup: Json | None = None,
    ) -> Message:
        message_id = self._records.run(
            "INSERT INTO telegram_messages (chat_id, author_id, date, reply_to, content, reply_markup)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            chat_id,
            author_id,
            int(time.time()),
            reply_to,
            dump(content),
            dump(reply_markup) if reply_markup else None,
        )
        self._changes.add(Kind.MESSAGE, chat_id=chat_id, message_id=message_id)
        return self._require(message_id)

    def edit(self, message: Message, content: Json, reply_markup: Json | None) -> Message:
        self._records.run(
            "UPDATE telegram_messages SET content = ?, reply_markup = ?, edit_date = ? WHERE message_id = ?",
            dump(content),
            dump(reply_markup) if reply_markup else None,
            int(time.time()),
            message.message_id,
        )
        self._changes.add(Kind.EDIT, chat_id=message.chat_id, message_id=message.message_id)
        return self._require(message.message_id)

    def delete(self, message: Message) -> None:
        self._records.run("UPDATE telegram_messages SET deleted = 1 WHERE message_id = ?", message.message_id)
        self._changes.add(Kind.DELETE, chat_id=message.chat_id, message_id=message.message_id)

    def get(self, chat_id: int, message_id: int) -> Message | None:
        """A message that is still there."""
        message = self.even_deleted(message_id)
        return message if message and message.chat_id == chat_id and not message.deleted else None

    def even_deleted(self, message_id: int) -> Message | None:
        row = self._records.one("SELECT * FROM telegram_messages WHERE message_id = ?", message_id)
        return _message(row) if row else None

    def newest(self, chat_id: int, limit: int, before: int | None = None) -> list[Message]:
        """The last messages of a chat, oldest first, the deleted ones left out."""
        rows = self._records.all(
            "SELECT * FROM telegram_messages WHERE chat_id = ? AND NOT deleted AND (? IS NULL OR message_id < ?)"
            " ORDER BY message_id DESC LIMIT ?",
            chat_id,
            before,
            before,
            limit,
        )
        return [_message(row) for row in reversed(rows)]

    def _require(self, message_id: int) -> Message:
        message = self.even_deleted(message_id)
        if message is None:
            raise LookupError(f"no message {message_id}")
        return message


class Keyboards:
    """The reply keyboard each person has below a chat; it stays until it is replaced or taken away."""

    def __init__(self, records: Records, changes: Changes) -> None:
        self._records = records
        self._changes = changes

    def show(self, chat_id: int, person_id: int, markup: Json) -> None:
        self._records.run(
            "INSERT INTO telegram_keyboards (chat_id, person_id, markup) VALUES (?, ?, ?)"
            " ON CONFLICT (chat_id, person_id) DO UPDATE SET markup = excluded.markup",
            chat_id,
            person_id,
            dump(markup),
        )
        self._changes.add(Kind.KEYBOARD, chat_id=chat_id, person_id=person_id)

    def hide(self, chat_id: int, person_id: int) -> None:
        self._records.run("DELETE FROM telegram_keyboards WHERE chat_id = ? AND person_id = ?", chat_id, person_id)
        self._changes.add(Kind.KEYBOARD, chat_id=chat_id, person_id=person_id)

    def get(self, chat_id: int, person_id: int) -> Json | None:
        row = self._records.one(
            "SELECT markup FROM telegram_keyboards WHERE chat_id = ? AND person_id = ?", chat_id, person_id
        )
        markup: Json | None = json.loads(row["markup"]) if row else None
        return markup


def _message(row: sqlite3.Row) -> Message:
    return Message(
        row["message_id"],
        row["chat_id"],
        row["author_id"],
        row["date"],
        row["edit_date"],
        row["reply_to"],
        json.loads(row["content"]),
        json.loads(row["reply_markup"]) if row["reply_markup"] else None,
        bool(row["deleted"]),
    )
