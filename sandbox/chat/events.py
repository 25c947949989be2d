"""News for the page and for tests: a long poll per chat, and one stream of everything."""

import json
import time
from contextlib import suppress
from typing import Final

from aiohttp import web

from sandbox.changes import Change, Kind
from sandbox.chat.answers import json_answer
from sandbox.chat.requests import named_chat_id, named_person
from sandbox.chat.views import message_view
from sandbox.records import Json
from sandbox.telegram.world import WORLD, World

LONGEST_WAIT_S: Final = 55.0
# A comment now and then tells the page, and what sits between, that the stream lives.
HEARTBEAT_S: Final = 15.0

_ABOUT_MESSAGES: Final = frozenset({Kind.MESSAGE, Kind.EDIT, Kind.DELETE, Kind.DELIVERED})


def routes() -> list[web.RouteDef]:
    return [web.get("/chat/api/wait", _wait), web.get("/chat/api/events", _stream)]


async def _wait(request: web.Request) -> web.StreamResponse:
    """Answer once something changed in this chat after the given number, or when the time is up."""
    world, person = request.app[WORLD], named_person(request)
    chat_id = named_chat_id(request, person)
    after = int(request.query.get("after", world.changes.latest()))
    deadline = time.monotonic() + min(float(request.query.get("timeout", 25)), LONGEST_WAIT_S)
    while True:
        news = world.changes.in_chat(after, chat_id, person.id)
        left_s = deadline - time.monotonic()
        if news or left_s <= 0:
            return json_answer(_told(world, news, after))
        await world.changes.wait(left_s)


async def _stream(request: web.Request) -> web.StreamResponse:
    """Server-sent events, one per change, numbered so that a reconnecting page misses nothing."""
    world = request.app[WORLD]
    seen = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    after = int(seen) if seen.isdigit() else world.changes.latest()
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await stream.prepare(request)
    # The page went away: there is nobody left to tell.
    with suppress(ConnectionResetError):
        await _tell_everything(stream, world, after)
    return stream


async def _tell_everything(stream: web.StreamResponse, world: World, after: int) -> None:
    await stream.write(b"retry: 1000\n\n")
    while True:
        for change in world.changes.since(after):
            after = change.number
            body = json.dumps(_change_view(world, change), ensure_ascii=False)
            await stream.write(f"id: {after}\ndata: {body}\n\n".encode())
        if after >= world.changes.latest() and not await world.changes.wait(HEARTBEAT_S):
            await stream.write(b": still here\n\n")


def _told(world: World, news: list[Change], after: int) -> Json:
    changed = dict.fromkeys(change.message_id for change in news if change.kind in _ABOUT_MESSAGES)
    messages = [world.messages.even_deleted(message_id) for message_id in changed if message_id is not None]
    return {
        "change": news[-1].number if news else after,
        "changes": [_change_view(world, change, with_message=False) for change in news],
        "messages": [message_view(world, message) for message in messages if message is not None],
    }


def _change_view(world: World, change: Change, *, with_message: bool = True) -> Json:
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
        message = world.messages.even_deleted(change.message_id)
        view["message"] = message_view(world, message) if message else None
    return view
