"""News of the Telegram room, and the one stream of both rooms."""

from aiohttp import web

from sandbox.chat.feeds import Feed, stream, stream_all, wait
from sandbox.chat.requests import named_chat_id, named_person
from sandbox.chat.views import message_view
from sandbox.records import Json
from sandbox.telegram.world import WORLD, World


def routes() -> list[web.RouteDef]:
    return [
        web.get("/chat/api/wait", _wait),
        web.get("/chat/api/events", _stream),
        web.get("/chat/api/stream", stream_all),
    ]


async def _wait(request: web.Request) -> web.StreamResponse:
    person = named_person(request)
    return await wait(request, feed(request.app[WORLD]), named_chat_id(request, person), person.id)


async def _stream(request: web.Request) -> web.StreamResponse:
    return await stream(request, feed(request.app[WORLD]))


def feed(world: World) -> Feed:
    """What changes on Telegram."""

    def show(message_id: int) -> Json | None:
        message = world.messages.even_deleted(message_id)
        return message_view(world, message) if message else None

    return Feed(world.changes, show)
