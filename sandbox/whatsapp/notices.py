"""What the business is told by webhook: one row for each POST to come, kept until it is answered with a 200."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from sandbox.records import Json, Records, dump
from sandbox.whatsapp.business import Business
from sandbox.whatsapp.knobs import KnobBoard

# What is about nobody in particular, such as a template's review.
NOBODY: Final = 0

_UNKNOWN_FIELD: Final = {"added_by_meta": "yesterday", "level": 7}
_LISTS: Final = ("contacts", "messages", "statuses")


class Packing(StrEnum):
    """How notices that were held are put into one POST."""

    MESSAGES = "messages"
    CHANGES = "changes"
    ENTRIES = "entries"


@dataclass(frozen=True)
class Notice:
    """One POST to come; `about` are the messages that count as delivered to the business once it is answered."""

    id: int
    entry: list[Json]
    about: list[int]
    person_id: int
    repeats: int
    attempts: int


class Notices:
    def __init__(self, records: Records, board: KnobBoard, business: Business) -> None:
        self._records = records
        self._board = board
        self._business = business
        self._news = asyncio.Event()

    def push(
        self,
        value: Json,
        *,
        person_id: int = NOBODY,
        about: Iterable[int] = (),
        field: str = "messages",
        delay_s: float = 0.0,
    ) -> int:
        """Queue one change of this field; Graph's own frame is put around it."""
        if field == "messages":
            value = {"messaging_product": "whatsapp", "metadata": self._business.as_metadata(), **value}
        if self._board.knobs.unknown_fields:
            value = {**value, "sandbox_unknown": _UNKNOWN_FIELD}
        entry = {"id": self._business.account_id, "changes": [{"value": value, "field": field}]}
        return self.push_raw([entry], person_id=person_id, about=about, delay_s=delay_s)

    def push_raw(
        self, entry: list[Json], *, person_id: int = NOBODY, about: Iterable[int] = (), delay_s: float = 0.0
    ) -> int:
        """Queue entries as they are, also such as Meta never sent; returns the notice's id."""
        passed = self._records.one("SELECT id FROM whatsapp_notices WHERE passing = 1 AND person_id = ?", person_id)
        notice_id = self._records.run(
            "INSERT INTO whatsapp_notices (entry, about, person_id, due_at, passing, repeats)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            dump(entry),
            dump(list(about)),
            person_id,
            time.time() + delay_s,
            int(passed is None and self._board.take("reorder_webhooks")),
            int(self._board.take("duplicate_webhooks")),
        )
        self._records.run("UPDATE whatsapp_notices SET turn = id WHERE id = ?", notice_id)
        if passed is not None:
            self._records.run(
                "UPDATE whatsapp_notices SET passing = 0, turn = ? WHERE id = ?", notice_id + 0.5, passed["id"]
            )
        self.wake()
        return notice_id

    def due(self, under_way: Iterable[int], most: int) -> list[Notice]:
        """What may be posted now, in turn: at most so many, one for each person of whom nothing is under way."""
        rows = self._records.all(
            "SELECT *, min(turn) FROM whatsapp_notices WHERE passing = 0 AND due_at <= ?"
            " AND person_id NOT IN (SELECT value FROM json_each(?)) GROUP BY person_id ORDER BY min(turn) LIMIT ?",
            time.time(),
            dump(list(under_way)),
            most,
        )
        return [_notice(row) for row in rows]

    def rest_s(self) -> float | None:
        """How long until something more falls due; None when nothing is planned."""
        row = self._records.one(
            "SELECT min(due_at) AS next FROM whatsapp_notices WHERE passing = 0 AND due_at > ?", time.time()
        )
        return None if row is None or row["next"] is None else max(0.0, row["next"] - time.time())

    def done(self, notice: Notice) -> bool:
        """Strike the notice off, or let it come once more; True the first time it is taken."""
        if notice.repeats:
            self._records.run("UPDATE whatsapp_notices SET repeats = repeats - 1, about = '[]' WHERE id = ?", notice.id)
        else:
            self._records.run("DELETE FROM whatsapp_notices WHERE id = ?", notice.id)
        self.wake()
        return bool(notice.about)

    def again_later(self, notice: Notice) -> None:
        delays = self._board.knobs.webhook_delays_s
        delay_s = delays[min(notice.attempts, len(delays) - 1)]
        self._records.run(
            "UPDATE whatsapp_notices SET attempts = attempts + 1, due_at = ? WHERE id = ?",
            time.time() + delay_s,
            notice.id,
        )

    def hurry(self) -> None:
        """Make due now what waits for its time."""
        self._records.run("UPDATE whatsapp_notices SET due_at = ? WHERE due_at > ?", time.time(), time.time())
        self.wake()

    def gather(self, packing: Packing) -> int:
        """Put all that is pending into one POST; returns how many notices it was made of."""
        notices = [_notice(row) for row in self._records.all("SELECT * FROM whatsapp_notices ORDER BY turn")]
        if notices:
            self._records.run("DELETE FROM whatsapp_notices")
            entries = [entry for notice in notices for entry in notice.entry]
            about = [message_id for notice in notices for message_id in notice.about]
            self.push_raw(_PACK[packing](entries), about=about)
        return len(notices)

    def count(self) -> int:
        row = self._records.one("SELECT count(*) AS pending FROM whatsapp_notices")
        return int(row["pending"]) if row else 0

    def is_pending(self, notice_id: int) -> bool:
        row = self._records.one("SELECT 1 FROM whatsapp_notices WHERE id = ? AND attempts = 0", notice_id)
        return row is not None

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self._news.set()
        self._news = asyncio.Event()

    async def wait(self, timeout_s: float | None) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return


def _into_entries(entries: list[Json]) -> list[Json]:
    return entries


def _into_changes(entries: list[Json]) -> list[Json]:
    return [{"id": entries[0]["id"], "changes": [change for entry in entries for change in entry["changes"]]}]


def _into_messages(entries: list[Json]) -> list[Json]:
    """Neighbours of one kind become one change with several messages, or several statuses."""
    changes = [change for entry in entries for change in entry["changes"]]
    merged = [_merge(list(group)) for _, group in groupby(changes, _kind)]
    return [{"id": entries[0]["id"], "changes": merged}]


def _kind(change: Json) -> tuple[str, ...]:
    return (change["field"], *(name for name in ("messages", "statuses") if name in change["value"]))


def _merge(changes: list[Json]) -> Json:
    value: Json = dict(changes[0]["value"])
    for name in _LISTS:
        items = [item for change in changes for item in change["value"].get(name, [])]
        if items:
            value[name] = list({dump(item): item for item in items}.values()) if name == "contacts" else items
    return {**changes[0], "value": value}


_PACK: Final[dict[Packing, Callable[[list[Json]], list[Json]]]] = {
    Packing.MESSAGES: _into_messages,
    Packing.CHANGES: _into_changes,
    Packing.ENTRIES: _into_entries,
}


def _notice(row: sqlite3.Row) -> Notice:
    return Notice(
        row["id"],
        json.loads(row["entry"]),
        json.loads(row["about"]),
        row["person_id"],
        row["repeats"],
        row["attempts"],
    )
