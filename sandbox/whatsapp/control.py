"""The sandbox's own JSON API: knobs, the webhook, what is pending, windows and reviews."""

from aiohttp import web
from pydantic import Field, ValidationError

from sandbox.chat.answers import json_answer
from sandbox.chat.requests import Body, Missing, read_body
from sandbox.records import Json
from sandbox.telegram.acts import Refused
from sandbox.whatsapp.courier import COURIER
from sandbox.whatsapp.errors import GraphError
from sandbox.whatsapp.notices import Packing
from sandbox.whatsapp.people_api import account_of
from sandbox.whatsapp.reviewing import review
from sandbox.whatsapp.views import account_view, message_view
from sandbox.whatsapp.world import WHATSAPP

_MOST_SENT = 200


class NewWebhook(Body):
    """`verify`: ask the address to repeat a challenge first, as Meta does."""

    url: str
    verify: bool = True


class Window(Body):
    person: str | int
    open: bool


class Release(Body):
    """How all that was held is put into one POST; left out: each by itself."""

    packing: Packing | None = Field(default=None, alias="as")


class Letter(Body):
    """One change of any field, put into Graph's frame; or whole entries, as they are."""

    field: str = "messages"
    value: Json | None = None
    entry: list[Json] | None = None


class Decision(Body):
    status: str = Field(pattern="^(PENDING|APPROVED|REJECTED|PAUSED|DISABLED)$")
    language: str | None = None


def routes() -> list[web.RouteDef]:
    return [
        web.get("/whatsapp/api/knobs", _show_knobs),
        web.post("/whatsapp/api/knobs", _turn_knobs),
        web.delete("/whatsapp/api/knobs", _reset_knobs),
        web.get("/whatsapp/api/webhook", _show_webhook),
        web.post("/whatsapp/api/webhook", _set_webhook),
        web.get("/whatsapp/api/notices", _show_notices),
        web.post("/whatsapp/api/notices", _push_notice),
        web.post("/whatsapp/api/notices/release", _release),
        web.post("/whatsapp/api/notices/hurry", _hurry),
        web.post("/whatsapp/api/window", _window),
        web.get("/whatsapp/api/sent", _sent),
        web.get("/whatsapp/api/templates", _templates),
        web.post("/whatsapp/api/templates/{name}", _decide),
    ]


async def _show_knobs(request: web.Request) -> web.StreamResponse:
    return json_answer(request.app[WHATSAPP].board.knobs.model_dump(mode="json"))


async def _turn_knobs(request: web.Request) -> web.StreamResponse:
    world = request.app[WHATSAPP]
    try:
        knobs = world.board.turn(await request.json())
    except (ValidationError, TypeError) as error:
        raise Refused(str(error)) from error
    if not knobs.rate_limits:
        world.rates.forget()
    world.notices.wake()
    return json_answer(knobs.model_dump(mode="json"))


async def _reset_knobs(request: web.Request) -> web.StreamResponse:
    world = request.app[WHATSAPP]
    world.board.reset()
    world.rates.forget()
    world.notices.wake()
    return await _show_knobs(request)


async def _show_webhook(request: web.Request) -> web.StreamResponse:
    world = request.app[WHATSAPP]
    return json_answer({"url": world.webhook.url, "pending": world.notices.count()})


async def _set_webhook(request: web.Request) -> web.StreamResponse:
    """Register an address; an empty one takes it away."""
    body = await read_body(request, NewWebhook)
    world = request.app[WHATSAPP]
    if body.url and body.verify and not await request.app[COURIER].verify(body.url, world.business.verify_token):
        raise Refused("Cette adresse n’a pas répété le défi.")
    try:
        world.webhook.set(body.url)
    except GraphError as error:
        raise Refused(error.title) from error
    # News end the pauses of what could not be delivered before.
    world.notices.hurry()
    return await _show_webhook(request)


async def _show_notices(request: web.Request) -> web.StreamResponse:
    return json_answer({"pending": request.app[WHATSAPP].notices.count()})


async def _push_notice(request: web.Request) -> web.StreamResponse:
    body = await read_body(request, Letter)
    world = request.app[WHATSAPP]
    with world.records.transaction():
        if body.entry is not None:
            world.notices.push_raw(body.entry)
        else:
            world.notices.push(body.value or {}, field=body.field)
    return await _show_notices(request)


async def _release(request: web.Request) -> web.StreamResponse:
    """Let go of what the knob `hold` held back, all of it in one POST if so asked."""
    body = await read_body(request, Release)
    world = request.app[WHATSAPP]
    with world.records.transaction():
        count = world.notices.gather(body.packing) if body.packing else world.notices.count()
        world.board.turn({"hold": False})
    world.notices.hurry()
    return json_answer({"released": count})


async def _hurry(request: web.Request) -> web.StreamResponse:
    request.app[WHATSAPP].notices.hurry()
    return await _show_notices(request)


async def _window(request: web.Request) -> web.StreamResponse:
    """Close somebody's window without waiting 24 hours, or open it without a message."""
    body = await read_body(request, Window)
    world = request.app[WHATSAPP]
    account = account_of(world, str(body.person))
    with world.records.transaction():
        return json_answer(account_view(world.accounts.open_window(account, is_open=body.open)))


async def _sent(request: web.Request) -> web.StreamResponse:
    """What the business sent to anybody, the failed messages too."""
    world = request.app[WHATSAPP]
    limit = min(int(request.query.get("limit", 100)), _MOST_SENT)
    found = world.messages.sent(limit)
    return json_answer({"messages": [{**message_view(world, each), "error": each.error} for each in found]})


async def _templates(request: web.Request) -> web.StreamResponse:
    return json_answer({"templates": [each.as_details() for each in request.app[WHATSAPP].templates.all()]})


async def _decide(request: web.Request) -> web.StreamResponse:
    """Decide about a template, in one language or in all."""
    body = await read_body(request, Decision)
    world = request.app[WHATSAPP]
    named = [each for each in world.templates.all() if each.name == request.match_info["name"]]
    chosen = [each for each in named if body.language in (None, each.language)]
    if not chosen:
        raise Missing("Il n’y a pas de modèle de ce nom.")
    with world.records.transaction():
        decided = [review(world, each, body.status).as_details() for each in chosen]
    return json_answer({"templates": decided})
