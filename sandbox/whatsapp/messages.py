"""Messages as they are kept: one row each, with Graph's own content; only their status ever changes."""

import base64
import json
import secrets
import sqlite3
import time
from dataclasses import dataclass
from enum import StrEnum

from sandbox.changes import Changes, Kind
from sandbox.records import Json, Records, dump


class Author(StrEnum):
    PERSON = "person"
    BUSINESS = "business"


class Status(StrEnum):
    """How far a message came; each one is told once, in this order."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True)
class Message:
    """`content` is what Graph carries under the message's type; `person_id` is nobody when the number is unknown."""

    message_id: int
    wamid: str
    person_id: int | None
    author: Author
    date: int
    type: str
    content: Json
    reply_to: str | None
    tracker: str | None
    status: Status
    error: Json | None

    @property
    def is_from_business(self) -> bool:
        return self.author is Author.BUSINESS

    @property
    def arrived(self) -> bool:
        """Whether it is on the person's phone."""
        return not self.is_from_business or self.status in {Status.DELIVERED, Status.READ}


class Messages:
    def __init__(self, records: Records, changes: Changes) -> None:
        self._records = records
        self._changes = changes

    def add(
        self,
        person_id: int | None,
        author: Author,
        kind: str,
        content: Json,
        *,
        reply_to: str | None = None,
        tracker: str | None = None,
    ) -> Message:
        """Keep a message; a person's is on their screen at once, the business's when it is delivered."""
        status = Status.SENT if author is Author.PERSON else Status.ACCEPTED
        message_id = self._records.run(
            "INSERT INTO whatsapp_messages (wamid, person_id, author, date, type, content, reply_to, tracker, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _new_wamid(),
            person_id,
            author,
            int(time.time()),
            kind,
            dump(content),
            reply_to,
            tracker,
            status,
        )
        if author is Author.PERSON:
            self._changes.add(Kind.MESSAGE, chat_id=person_id, message_id=message_id)
        return self.require(message_id)

    def mark(self, message: Message, status: Status, error: Json | None = None) -> Message:
        self._records.run(
            "UPDATE whatsapp_messages SET status = ?, error = ? WHERE message_id = ?",
            status,
            dump(error) if error else None,
            message.message_id,
        )
        arrives = message.is_from_business and status is Status.DELIVERED
        self._changes.add(
            Kind.MESSAGE if arrives else Kind.STATUS, chat_id=message.person_id, message_id=message.message_id
        )
        return self.require(message.message_id)

    def require(self, message_id: int) -> Message:
        message = self.get(message_id)
        if message is None:
            raise LookupError(f"no message {message_id}")
        return message

    def get(self, message_id: int) -> Message | None:
        row = self._records.one("SELECT * FROM whatsapp_messages WHERE message_id = ?", message_id)
        return _message(row) if row else None

    def named(self, wamid: str) -> Message | None:
        row = self._records.one("SELECT * FROM whatsapp_messages WHERE wamid = ?", wamid)
        return _message(row) if row else None

    def newest(self, person_id: int, limit: int, before: int | None = None) -> list[Message]:
        """The last messages on a person's phone, oldest first."""
        rows = self._records.all(
            "SELECT * FROM whatsapp_messages WHERE person_id = ? AND (? IS NULL OR message_id < ?)"
            " AND (author = 'person' OR status IN ('delivered', 'read')) ORDER BY message_id DESC LIMIT ?",
            person_id,
            before,
            before,
            limit,
        )
        return [_message(row) for row in reversed(rows)]

    def sent(self, limit: int) -> list[Message]:
        """The last messages of the business to anybody, the failed ones too, oldest first."""
        rows = self._records.all(
            "SELECT * FROM whatsapp_messages WHERE author = 'business' ORDER BY message_id DESC LIMIT ?", limit
        )
        return [_message(row) for row in reversed(rows)]

    def unread_up_to(self, person_id: int, author: Author, last: int | None = None) -> list[Message]:
        """What one side wrote and the other has not read yet, up to a message."""
        rows = self._records.all(
            "SELECT * FROM whatsapp_messages WHERE person_id = ? AND author = ? AND (? IS NULL OR message_id <= ?)"
            " AND status IN ('sent', 'delivered') ORDER BY message_id",
            person_id,
            author,
            last,
            last,
        )
        return [_message(row) for row in rows]


def _new_wamid() -> str:
    """Meta's names are Base64, with its slashes and equal signs."""
    return f"wamid.{base64.b64encode(b'sandbox' + secrets.token_bytes(24)).decode()}"


def _message(row: sqlite3.Row) -> Message:
    return Message(
        row["message_id"],
        row["wamid"],
        row["person_id"],
        Author(row["author"]),
        row["date"],
        row["type"],
        json.loads(row["content"]),
        row["reply_to"],
        row["tracker"],
        Status(row["status"]),
        json.loads(row["error"]) if row["error"] else None,
    )
