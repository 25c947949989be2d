"""Taps on inline buttons that wait for the bot's answer."""

import secrets
import time

from sandbox.changes import Changes, Kind
from sandbox.records import Json, Records, dump
from sandbox.telegram.errors import bad_request
from sandbox.telegram.knobs import KnobBoard


class Callbacks:
    def __init__(self, records: Records, changes: Changes, board: KnobBoard) -> None:
        self._records = records
        self._changes = changes
        self._board = board

    def ask(self, person_id: int, chat_id: int, message_id: int) -> str:
        callback_id = str(secrets.randbits(62))
        self._records.run(
            "INSERT INTO telegram_callbacks (id, person_id, chat_id, message_id, asked_at) VALUES (?, ?, ?, ?, ?)",
            callback_id,
            person_id,
            chat_id,
            message_id,
            time.time(),
        )
        return callback_id

    def answer(self, callback_id: str, answer: Json) -> None:
        """Show the bot's answer to the person who tapped; raises Telegram's 400 once it is too late."""
        row = self._records.one("SELECT * FROM telegram_callbacks WHERE id = ?", callback_id)
        lifetime_s = self._board.knobs.callback_lifetime_s
        if row is None or row["answer"] or time.time() - row["asked_at"] > lifetime_s:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        self._records.run("UPDATE telegram_callbacks SET answer = ? WHERE id = ?", dump(answer), callback_id)
        self._changes.add(
            Kind.CALLBACK_ANSWER,
            chat_id=row["chat_id"],
            message_id=row["message_id"],
            person_id=row["person_id"],
            callback_query_id=callback_id,
            **answer,
        )
