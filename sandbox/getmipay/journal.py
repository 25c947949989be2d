"""The recent calls of the merchant and how each ended, without keys, signatures or bodies."""

import time

from sandbox.store import Store

TABLES = """
CREATE TABLE IF NOT EXISTS getmipay_request (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    reference TEXT,
    status INTEGER,
    outcome TEXT
);
CREATE INDEX IF NOT EXISTS getmipay_request_of ON getmipay_request (reference);
"""


def open_call(store: Store, method: str, path: str, kept: int) -> int:
    """Remember a call as soon as it comes, for its answer may be held back; forget all but `kept`. Return its id."""
    row = store.connection.execute(
        "INSERT INTO getmipay_request (at, method, path) VALUES (?, ?, ?) RETURNING id", (time.time(), method, path)
    ).fetchone()
    store.connection.execute("DELETE FROM getmipay_request WHERE id <= ?", (row["id"] - kept,))
    return int(row["id"])


def name_call(store: Store, call: int, reference: str) -> None:
    store.connection.execute("UPDATE getmipay_request SET reference = ? WHERE id = ?", (reference, call))


def close_call(store: Store, call: int, status: int, outcome: str) -> None:
    store.connection.execute(
        "UPDATE getmipay_request SET status = ?, outcome = ? WHERE id = ?", (status, outcome, call)
    )


def has_called(store: Store, reference: str) -> bool:
    """Whether a call with this reference already came."""
    found = store.connection.execute("SELECT 1 FROM getmipay_request WHERE reference = ? LIMIT 1", (reference,))
    return found.fetchone() is not None


def recent(store: Store, limit: int = 200) -> list[dict[str, object]]:
    """The newest first."""
    rows = store.connection.execute("SELECT * FROM getmipay_request ORDER BY id DESC LIMIT ?", (limit,))
    return [dict(row) for row in rows]
