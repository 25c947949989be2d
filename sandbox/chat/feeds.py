"""News of one channel for the page and for tests: a long poll per chat, and one stream of everything."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from sandbox.changes import Change, Changes, Kind
from sandbox.chat.answers import json_answer
from sandbox.records import Json

LONGEST_WAIT_S: Final = 55.0
# A comment now and then tells the page, and what sits between, that the stream lives.
HEARTBEAT_S: Final = 15.0

_ABOUT_MESSAGES: Final = frozenset({Kind.MESSAGE, Kind.EDIT, Kind.DELETE, Kind.DELIVERED, Kind.STATUS})


@dataclass(frozen=True)
class Feed:
    """A channel's changes, and how it shows a message of which only the number is known."""

    changes: Changes
    message: Callable[[int], Json | None]


async def wait(request: web.Request, feed: Feed, chat_id: int, person_id: int) -> web.StreamResponse:
    """Answer once something changed in this chat after the given number, or when the time is up."""
    after = int(request.query.get("after", feed.changes.latest()))
    deadline = time.monotonic() + min(float(request.query.get("timeout", 25)), LONGEST_WAIT_S)
    while True:
        news = feed.changes.in_chat(after, chat_id, person_id)
        left_s = deadline - time.monotonic()
        if news or left_s <= 0:
            return json_answer(_told(feed, news, after))
        await feed.changes.wait(left_s)


async def stream(request: web.Request, feed: Feed) -> web.StreamResponse:
    """Server-sent events, one per change, numbered so that a reconnecting page misses nothing."""
    seen = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    after = int(seen) if seen.isdigit() else feed.changes.latest()
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await answer.prepare(request)
    # The page went away: there is nobody left to tell.
    with suppress(ConnectionResetError):
        await _tell_everything(answer, feed, after)
    return answer


async def _tell_everything(answer: web.StreamResponse, feed: Feed, after: int) -> None:
    await answer.write(b"retry: 1000\n\n")
    while True:
        for change in feed.changes.since(after):
            after = change.number
            body = json.dumps(_change_view(feed, change), ensure_ascii=False)
            await answer.write(f"id: {after}\ndata: {body}\n\n".encode())
        if after >= feed.changes.latest() and not await feed.changes.wait(HEARTBEAT_S):
            await answer.write(b": still here\n\n")


def _told(feed: Feed, news: list[Change], after: int) -> Json:
    changed = dict.fromkeys(change.message_id for change in news if change.kind in _ABOUT_MESSAGES)
    messages = [feed.message(message_id) for message_id in changed if message_id is not None]
    return {
        "change": news[-1].number if news else after,
        "changes": [_change_view(feed, change, with_message=False) for change in news],
        "messages": [message for message in messages if message is not None],
    }


def _change_view(feed: Feed, change: Change, *, with_message: bool = True) -> Json:
    view: Json = {
        "change": change.number,
        "kind": change.kind,
        "at": change.at,
        "chat_id": change.chat_id,
        "message_id": change.message_id,
        "person_id": change.person_id,
        **change.detail,
    }
    if with_message and change.kind in _ABOUT_MESSAGES and change.message_id is not None:
        view["message"] = feed.message(change.message_id)
    return view
