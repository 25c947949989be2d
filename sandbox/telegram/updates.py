"""The queue of updates: what the bot has not yet confirmed, in order."""

import asyncio
import json
from typing import Final

from sandbox.changes import Changes, Kind
from sandbox.records import Facts, Json, Records, dump
from sandbox.telegram.knobs import KnobBoard

# Update ids start somewhere in the middle, as those of a real bot do.
FIRST_UPDATE_ID: Final = 810_000_001

# Telegram leaves these out unless the bot names them.
ON_REQUEST_ONLY: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})

_UNKNOWN_FIELD: Final = {"added_by_telegram": "yesterday", "level": 7}


class Updates:
    def __init__(self, records: Records, facts: Facts, changes: Changes, board: KnobBoard) -> None:
        self._records = records
        self._facts = facts
        self._changes = changes
        self._board = board
        self._news = asyncio.Event()
        if not self._records.one("SELECT 1 FROM sqlite_sequence WHERE name = 'telegram_updates'"):
            self._records.run(
                "INSERT INTO sqlite_sequence (name, seq) VALUES ('telegram_updates', ?)", FIRST_UPDATE_ID - 1
            )

    @property
    def allowed(self) -> list[str]:
        names: list[str] = self._facts.get("allowed_updates").get("names", [])
        return names

    def allow(self, names: list[str]) -> None:
        """Names hold for what happens from now on; an empty list means Telegram's own choice."""
        self._facts.put("allowed_updates", {"names": names})

    def push(self, kind: str, payload: Json, *, chat_id: int | None = None, message_id: int | None = None) -> None:
        """Queue an update of this kind, unless the bot does not want to hear about it."""
        allowed = self.allowed
        if kind not in allowed if allowed else kind in ON_REQUEST_ONLY:
            return
        if self._board.knobs.unknown_fields:
            payload = {**payload, "sandbox_unknown": _UNKNOWN_FIELD}
        self.push_raw({kind: payload}, chat_id=chat_id, message_id=message_id)

    def push_raw(self, body: Json, *, chat_id: int | None = None, message_id: int | None = None) -> int:
        """Queue any update at all, also one Telegram never sent; returns its id."""
        held = self._records.one("SELECT update_id FROM telegram_updates WHERE held = 1")
        update_id = self._records.run(
            "INSERT INTO telegram_updates (body, chat_id, message_id, held, repeats) VALUES (?, ?, ?, ?, ?)",
            dump(body),
            chat_id,
            message_id,
            int(held is None and self._board.take_reorder()),
            int(self._board.take_duplicate()),
        )
        self._records.run("UPDATE telegram_updates SET turn = update_id WHERE update_id = ?", update_id)
        if held is not None:
            self._records.run(
                "UPDATE telegram_updates SET held = 0, turn = ? WHERE update_id = ?",
                update_id + 0.5,
                held["update_id"],
            )
        self.wake()
        return update_id

    def confirm_before(self, offset: int) -> None:
        """What has a lower id is known to the bot; what is to be repeated waits for one more turn."""
        rows = self._records.all(
            "SELECT * FROM telegram_updates WHERE update_id < ? AND (again = 0 OR served > 0)", offset
        )
        for row in rows:
            self.confirm(row["update_id"])

    def confirm(self, update_id: int) -> None:
        row = self._records.one("SELECT * FROM telegram_updates WHERE update_id = ?", update_id)
        if row is None:
            return
        if row["repeats"]:
            self._records.run(
                "UPDATE telegram_updates SET repeats = repeats - 1, again = 1, served = 0 WHERE update_id = ?",
                update_id,
            )
            self.wake()
        else:
            self._records.run("DELETE FROM telegram_updates WHERE update_id = ?", update_id)
        if row["message_id"] is not None and not row["again"]:
            self._changes.add(Kind.DELIVERED, chat_id=row["chat_id"], message_id=row["message_id"])

    def forget_all_but(self, last: int) -> None:
        """Confirm everything except the last few; 0 drops all that is pending."""
        rows = self._records.all("SELECT update_id FROM telegram_updates ORDER BY turn DESC LIMIT -1 OFFSET ?", last)
        for row in rows:
            self._records.run("DELETE FROM telegram_updates WHERE update_id = ?", row["update_id"])

    def pending(self, offset: int, limit: int) -> list[Json]:
        """The next updates in turn, marked as served."""
        rows = self._records.all(
            "SELECT * FROM telegram_updates WHERE held = 0 AND (update_id >= ? OR again = 1) ORDER BY turn LIMIT ?",
            offset,
            limit,
        )
        for row in rows:
            self._records.run("UPDATE telegram_updates SET served = served + 1 WHERE update_id = ?", row["update_id"])
        return [{"update_id": row["update_id"], **json.loads(row["body"])} for row in rows]

    def count(self) -> int:
        row = self._records.one("SELECT count(*) AS pending FROM telegram_updates")
        return int(row["pending"]) if row else 0

    def is_pending(self, message_id: int) -> bool:
        """Whether the bot has yet to take the update about this message."""
        row = self._records.one("SELECT 1 FROM telegram_updates WHERE message_id = ? AND again = 0", message_id)
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
