"""The bearer tokens of dialect `v1`."""

import secrets
import time

from aiohttp import web

from sandbox.getmipay.refusals import RefusalError
from sandbox.getmipay.room import Room

TABLES = "CREATE TABLE IF NOT EXISTS getmipay_token (token TEXT PRIMARY KEY, expires_at REAL NOT NULL);"


def issue(room: Room) -> tuple[str, float]:
    """A new token and when it ends; those before it stay good until their own end."""
    token, expires_at = secrets.token_urlsafe(48), time.time() + room.knobs.token_life_s
    room.store.connection.execute("INSERT INTO getmipay_token VALUES (?, ?)", (token, expires_at))
    return token, expires_at


def check(room: Room, request: web.Request) -> None:
    """Raise a 401 `RefusalError` unless the call carries a token that is still good."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = room.store.connection.execute(
        "SELECT 1 FROM getmipay_token WHERE token = ? AND expires_at > ?",
        (given.encode(errors="replace").decode(), time.time()),
    ).fetchone()
    if known is None:
        raise RefusalError(401, "Unauthenticated.")


def revoke_all(room: Room) -> int:
    """End every token now, as a change of keys does; return how many there were."""
    return room.store.connection.execute("DELETE FROM getmipay_token").rowcount
