"""The JSON API: everything the page does, as a person would do it."""

import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from sandbox.chat import samples
from sandbox.chat.answers import json_answer
from sandbox.chat.requests import (
    Attachment,
    Edit,
    Follow,
    Forward,
    NewPerson,
    Press,
    Say,
    ShareContact,
    Start,
    Tap,
    find_button,
    find_key,
    is_possible,
    named_chat_id,
    named_person,
    person_by_id,
    read_body,
)
from sandbox.chat.views import bot_view, chat_view, message_view, person_view
from sandbox.records import Json
from sandbox.telegram.acts import Acts, Refused
from sandbox.telegram.groups import Group
from sandbox.telegram.messages import Message
from sandbox.telegram.people import Person
from sandbox.telegram.world import WORLD, World

MOST_MESSAGES: Final = 200

_START_LINK: Final = re.compile(r"(?:https?://)?t\.me/(?P<bot>\w+)(?:\?start=(?P<payload>[\w-]*))?")

Act = Callable[[web.Request, World, Person, int], Awaitable[Json]]


def routes() -> list[web.RouteDef]:
    chat = "/chat/api/people/{person}/chats/{chat}"
    acts: dict[str, Act] = {
        "say": _say,
        "edit": _edit,
        "tap": _tap,
        "press": _press,
        "contact": _contact,
        "sticker": _sticker,
        "voice": _voice,
        "photo": _photo,
        "forward": _forward,
    }
    return [
        web.get("/chat/api/people", _list_people),
        web.post("/chat/api/people", _create_person),
        web.get("/chat/api/people/{person}", _show_person),
        web.get("/chat/api/people/{person}/chats", _list_chats),
        web.get(f"{chat}/messages", _read),
        web.post("/chat/api/people/{person}/start", _start),
        web.post("/chat/api/people/{person}/follow", _follow),
        web.post("/chat/api/people/{person}/block", _block),
        web.post("/chat/api/people/{person}/unblock", _unblock),
        web.get("/chat/api/files/{file_id}", _file),
        *(web.post(f"{chat}/{name}", _in_chat(act)) for name, act in acts.items()),
    ]


def _in_chat(act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def perform(request: web.Request) -> web.StreamResponse:
        person = named_person(request)
        return json_answer(await act(request, request.app[WORLD], person, named_chat_id(request, person)))

    return perform


async def _list_people(request: web.Request) -> web.StreamResponse:
    world = request.app[WORLD]
    return json_answer(
        {"people": [person_view(person) for person in world.people.all()], "change": world.changes.latest()}
    )


async def _create_person(request: web.Request) -> web.StreamResponse:
    body = await read_body(request, NewPerson)
    if not is_possible(body.phone):
        raise Refused("phone: ce numéro ne peut pas exister.")
    with request.app[WORLD].records.transaction():
        person = request.app[WORLD].people.add(**body.model_dump())
    return json_answer(person_view(person), status=201)


async def _show_person(request: web.Request) -> web.StreamResponse:
    return json_answer(person_view(named_person(request)))


async def _list_chats(request: web.Request) -> web.StreamResponse:
    world, person = request.app[WORLD], named_person(request)
    chats: list[Person | Group] = [person, *world.groups.of(person.id)]
    return json_answer(
        {
            "bot": bot_view(world, person.language_code),
            "chats": [chat_view(world, person, chat) for chat in chats],
            "change": world.changes.latest(),
        }
    )


async def _read(request: web.Request) -> web.StreamResponse:
    world, person = request.app[WORLD], named_person(request)
    chat_id = named_chat_id(request, person)
    limit = min(int(request.query.get("limit", 100)), MOST_MESSAGES)
    before = int(request.query["before"]) if "before" in request.query else None
    administers = world.groups.status(chat_id, person.id) in {"creator", "administrator"}
    return json_answer(
        {
            "change": world.changes.latest(),
            "messages": [message_view(world, message) for message in world.messages.newest(chat_id, limit, before)],
            "keyboard": world.keyboards.get(chat_id, person.id),
            "commands": world.commands.shown(chat_id, person.id, person.language_code, administers=administers),
        }
    )


async def _say(request: web.Request, world: World, person: Person, chat_id: int) -> Json:
    body = await read_body(request, Say)
    with world.records.transaction():
        said = Acts(world).say(person, chat_id, body.text, reply_to=body.reply_to, anonymous=body.anonymous)
    return message_view(world, said)


async def _edit(request: web.Request, world: World, person: Person, chat_id: int) -> Json:
    body = await read_body(request, Edit)
    with world.records.transaction():
        return message_view(world, Acts(world).edit(person, chat_id, body.message_id, body.text))


async def _tap(request: web.Request, world: World, person: Person, chat_id: int) -> Json:
    message, button = find_button(world, chat_id, await read_body(request, Tap))
    with world.records.transaction():
        return {"message_id": message.message_id, **Acts(world).tap(person, chat_id, message.message_id, button)}


async def _press(request: web.Request, world: World, person: Person, chat_id: int) -> Json:
    body = await read_body(request, Press)
    button = find_key(world.keyboards.get(chat_id, person.id), body.label)
    with world.records.transaction():
        return message_view(world, Acts(world).press(person, chat_id, button))


async def _contact(request: web.Request, world: World, person: Person, chat_id: int) -> Json:
    body = await read_body(request, ShareContact)
    if body.person is not None:
        contact = person_by_id(world.people, body.person).as_contact()
    elif body.phone is not None:
        contact = {"phone_number": body.phone, "first_name": body.first_name or body.phone}
    else:
        contact = person.as_contact()
    return _post(world, person, chat_id, {"contact": contact})


async def _sticker(request: web.Request, world: World, person: Person, chat_id: int) -> Json:
    body = await read_body(request, Attachment)
    return _post(world, person, chat_id, samples.sticker(world.files, body.emoji))


async def _voice(request: web.Request, world: World, person: Person, chat_id: int) -> Json:
    await read_body(request, Attachment)
    return _post(world, person, chat_id, samples.voice(world.files))


async def _photo(request: web.Request, world: World, person: Person, chat_id: int) -> Json:
    body = await read_body(request, Attachment)
    caption = {"caption": body.caption} if body.caption else {}
    return _post(world, person, chat_id, {**samples.photo(world.files), **caption})


async def _forward(request: web.Request, world: World, person: Person, chat_id: int) -> Json:
    body = await read_body(request, Forward)
    with world.records.transaction():
        forwarded: Message = Acts(world).forward(person, chat_id, body.message_id, body.to)
    return message_view(world, forwarded)


def _post(world: World, person: Person, chat_id: int, content: Json) -> Json:
    with world.records.transaction():
        return message_view(world, Acts(world).post(person, chat_id, content))


async def _start(request: web.Request) -> web.StreamResponse:
    body = await read_body(request, Start)
    world = request.app[WORLD]
    with world.records.transaction():
        return json_answer(message_view(world, Acts(world).start(named_person(request), body.payload)))


async def _follow(request: web.Request) -> web.StreamResponse:
    """Follow a `t.me` link to the bot as this person."""
    body = await read_body(request, Follow)
    world = request.app[WORLD]
    link = _START_LINK.fullmatch(body.url)
    if link is None or link["bot"].lower() != world.bot.username:
        raise Refused("Ce lien ne mène pas au bot.")
    with world.records.transaction():
        return json_answer(message_view(world, Acts(world).start(named_person(request), link["payload"] or "")))


async def _block(request: web.Request) -> web.StreamResponse:
    world, person = request.app[WORLD], named_person(request)
    with world.records.transaction():
        Acts(world).block(person)
    return json_answer(person_view(world.people.require(person.id)))


async def _unblock(request: web.Request) -> web.StreamResponse:
    world, person = request.app[WORLD], named_person(request)
    with world.records.transaction():
        Acts(world).unblock(person)
    return json_answer(person_view(world.people.require(person.id)))


async def _file(request: web.Request) -> web.StreamResponse:
    stored = request.app[WORLD].files.get(request.match_info["file_id"])
    if stored is None:
        raise web.HTTPNotFound
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    content_type = stored.upload.mime_type.partition(";")[0]
    return web.Response(body=stored.upload.body, content_type=content_type, headers=headers)
