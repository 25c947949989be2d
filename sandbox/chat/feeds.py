"""News for the page and for tests: a long poll per chat, and one stream of everything on one or all channels."""

import asyncio
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


FEEDS: Final = web.AppKey("feeds", dict[str, Feed])


def open_feed(app: web.Application, channel: str, feed: Feed) -> None:
    """Let the page follow this channel too, in its one stream."""
    if FEEDS not in app:
        app[FEEDS] = {}
    app[FEEDS][channel] = feed


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
    return await _stream(request, {"": feed}, {"": after})


async def stream_all(request: web.Request) -> web.StreamResponse:
    """The same for every channel at once, each after its own number: a browser allows few streams for one page."""
    feeds = request.app[FEEDS]
    after = {channel: int(request.query.get(channel, feed.changes.latest())) for channel, feed in feeds.items()}
    return await _stream(request, feeds, after)


async def _stream(request: web.Request, feeds: dict[str, Feed], after: dict[str, int]) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await answer.prepare(request)
    # The page went away: there is nobody left to tell.
    with suppress(ConnectionResetError):
        await answer.write(b"retry: 1000\n\n")
        while True:
            for channel, feed in feeds.items():
                after[channel] = await _tell(answer, channel, feed, after[channel])
            if not any(feed.changes.since(after[channel]) for channel, feed in feeds.items()):
                await _rest(answer, feeds)
    return answer


async def _tell(answer: web.StreamResponse, channel: str, feed: Feed, after: int) -> int:
    for change in feed.changes.since(after):
        after = change.number
        view = {**({"channel": channel} if channel else {}), **_change_view(feed, change)}
        body = json.dumps(view, ensure_ascii=False)
        await answer.write(f"id: {after}\ndata: {body}\n\n".encode())
    return after


async def _rest(answer: web.StreamResponse, feeds: dict[str, Feed]) -> None:
    """Until something changes on any channel, or it is time for a sign of life."""
    # Taken hold of before anything can change again.
    news = [feed.changes.news for feed in feeds.values()]
    waits = [asyncio.create_task(each.wait()) for each in news]
    try:
        done, _ = await asyncio.wait(waits, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
    if not done:
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
