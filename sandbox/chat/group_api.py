"""The JSON API of groups: make one, add or remove people and the bot, turn it into a supergroup."""

from aiohttp import web

from sandbox.chat.answers import json_answer
from sandbox.chat.requests import (
    BotStatus,
    MemberStatus,
    Migrate,
    NewGroup,
    named_group,
    person_by_id,
    read_body,
)
from sandbox.chat.views import chat_view
from sandbox.telegram.acts import Acts
from sandbox.telegram.groups import Group
from sandbox.telegram.people import Person
from sandbox.telegram.world import WORLD


def routes() -> list[web.RouteDef]:
    return [
        web.post("/chat/api/groups", _create),
        web.post("/chat/api/groups/{group}/bot", _set_bot_status),
        web.post("/chat/api/groups/{group}/members", _set_member_status),
        web.post("/chat/api/groups/{group}/migrate", _migrate),
    ]


async def _create(request: web.Request) -> web.StreamResponse:
    body = await read_body(request, NewGroup)
    world = request.app[WORLD]
    creator = person_by_id(world.people, body.creator)
    members = [person_by_id(world.people, member) for member in body.members]
    with world.records.transaction():
        group = Acts(world).create_group(creator, body.title, members, with_bot=body.with_bot)
    return _shown(request, creator, group, status=201)


async def _set_bot_status(request: web.Request) -> web.StreamResponse:
    body = await read_body(request, BotStatus)
    world, group = request.app[WORLD], named_group(request)
    person = person_by_id(world.people, body.by)
    with world.records.transaction():
        Acts(world).set_bot_status(person, group, body.status)
    return _shown(request, person, world.groups.require(group.id))


async def _set_member_status(request: web.Request) -> web.StreamResponse:
    body = await read_body(request, MemberStatus)
    world, group = request.app[WORLD], named_group(request)
    person = person_by_id(world.people, body.by)
    with world.records.transaction():
        Acts(world).set_member(person, group, person_by_id(world.people, body.person), body.status)
    return _shown(request, person, group)


async def _migrate(request: web.Request) -> web.StreamResponse:
    body = await read_body(request, Migrate)
    world = request.app[WORLD]
    person = person_by_id(world.people, body.by)
    with world.records.transaction():
        supergroup = Acts(world).migrate(person, named_group(request))
    return _shown(request, person, supergroup)


def _shown(request: web.Request, person: Person, group: Group, status: int = 200) -> web.StreamResponse:
    return json_answer(chat_view(request.app[WORLD], person, group), status=status)
