"""Typed access to the sandbox's one SQLite file."""

import json
import sqlite3
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from sandbox.store import Store

# The objects of both APIs are open JSON: new fields appear without notice, so their values have no narrower type.
Json: TypeAlias = dict[str, Any]
Value: TypeAlias = str | int | float | bytes | None


class Records:
    """Short statements on one connection; `transaction` makes several of them one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection = store.connection

    def run(self, statement: str, *values: Value) -> int:
        """Execute and return the id of the row inserted, if any."""
        return self._connection.execute(statement, values).lastrowid or 0

    def one(self, statement: str, *values: Value) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def all(self, statement: str, *values: Value) -> list[sqlite3.Row]:
        return self._connection.execute(statement, values).fetchall()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """All or nothing, also under `kill -9`; there must be no `await` inside."""
        return self._store.transaction()


def dump(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


class Facts:
    """A room's single facts that outlive a restart: its webhook, its knobs."""

    def __init__(self, records: Records, room: str) -> None:
        """Open the room's table of facts, which its schema makes: `telegram_facts` for the room `telegram`."""
        self._records = records
        self._get = f"SELECT content FROM {room}_facts WHERE name = ?"  # noqa: S608 (a name of ours)
        self._put = (
            f"INSERT INTO {room}_facts (name, content) VALUES (?, ?)"  # noqa: S608
            " ON CONFLICT (name) DO UPDATE SET content = excluded.content"
        )

    def get(self, name: str) -> Json:
        row = self._records.one(self._get, name)
        content: Json = json.loads(row["content"]) if row else {}
        return content

    def put(self, name: str, content: Json) -> None:
        self._records.run(self._put, name, dump(content))
