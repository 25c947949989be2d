"""The Bot API over HTTP, with the faults the knobs ask for."""

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from sandbox.records import Json
from sandbox.telegram.errors import ApiError, too_many_requests
from sandbox.telegram.knobs import Fault, FaultKind
from sandbox.telegram.methods import METHODS
from sandbox.telegram.methods.call import Result
from sandbox.telegram.methods.receiving import Polls
from sandbox.telegram.params import Params, number, read_params
from sandbox.telegram.world import WORLD, World

POLLS: Final = web.AppKey("telegram_polls", Polls)

_LIMITED: Final = re.compile(r"(send(?!chataction)|edit).*")
_FAILURES: Final = {
    FaultKind.SERVER_ERROR: ApiError(500, "Internal Server Error"),
    FaultKind.BAD_GATEWAY: ApiError(502, "Bad Gateway"),
}


def routes() -> list[web.RouteDef]:
    return [
        web.get("/telegram/bot{token}/{method}", _call),
        web.post("/telegram/bot{token}/{method}", _call),
        web.get("/telegram/file/bot{token}/files/{file_id}", _download),
        web.get("/telegram/api/knobs", _show_knobs),
        web.post("/telegram/api/knobs", _turn_knobs),
        web.delete("/telegram/api/knobs", _reset_knobs),
        web.get("/telegram/api/updates", _show_updates),
        web.post("/telegram/api/updates", _push_update),
    ]


async def run_webhook(app: web.Application) -> AsyncIterator[None]:
    """Post updates for as long as the application lives."""
    posting = asyncio.create_task(app[WORLD].webhook.run())
    yield
    posting.cancel()
    with suppress(asyncio.CancelledError):
        await posting


async def _call(request: web.Request) -> web.StreamResponse:
    world = request.app[WORLD]
    if request.match_info["token"] != world.bot.token:
        return _refusal(ApiError(401, "Unauthorized"))
    method = request.match_info["method"].lower()
    try:
        params = await read_params(request)
        return await _answer(request, world, method, params)
    except ApiError as error:
        return _refusal(error)


async def _answer(request: web.Request, world: World, method: str, params: Params) -> web.StreamResponse:
    chat_id = _chat_id(params)
    fault = world.board.next_fault(method, chat_id)
    await _before(request, world, fault)
    if _LIMITED.fullmatch(method) and world.board.knobs.rate_limits:
        world.rates.spend(chat_id, new_message=method.startswith("send"))
    result = await _perform(request, world, method, params)
    if fault is not None and fault.kind is FaultKind.CUT_AFTER:
        _cut(request)
    return _json({"ok": True, "result": result})


async def _perform(request: web.Request, world: World, method: str, params: Params) -> Result:
    if method == "getupdates":
        return await request.app[POLLS].get_updates(world, params)
    if method not in METHODS:
        raise ApiError(404, "Not Found")
    with world.records.transaction():
        return METHODS[method](world, params)


async def _before(request: web.Request, world: World, fault: Fault | None) -> None:
    """Do what goes wrong before the call acts."""
    await asyncio.sleep(world.board.knobs.answer_delay_s)
    if fault is None:
        return
    if fault.kind is FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)
    elif fault.kind is FaultKind.TOO_MANY_REQUESTS:
        raise too_many_requests(math.ceil(fault.seconds))
    elif fault.kind is FaultKind.REFUSED:
        raise ApiError(fault.code, fault.description)
    elif fault.kind is FaultKind.CUT_BEFORE:
        _cut(request)
        raise ApiError(500, "Internal Server Error")
    elif fault.kind in _FAILURES:
        raise _FAILURES[fault.kind]


def _cut(request: web.Request) -> None:
    """Close the connection, so that whatever is answered gets lost."""
    if request.transport is not None:
        request.transport.abort()


def _chat_id(params: Params) -> int | None:
    return number(params.text("chat_id") or "")


async def _download(request: web.Request) -> web.StreamResponse:
    world = request.app[WORLD]
    if request.match_info["token"] != world.bot.token:
        return _refusal(ApiError(401, "Unauthorized"))
    stored = world.files.get(request.match_info["file_id"])
    if stored is None:
        return _refusal(ApiError(404, "Not Found"))
    return web.Response(body=stored.upload.body, content_type=stored.upload.mime_type.partition(";")[0])


async def _show_knobs(request: web.Request) -> web.StreamResponse:
    return _json(request.app[WORLD].board.knobs.model_dump(mode="json"))


async def _turn_knobs(request: web.Request) -> web.StreamResponse:
    try:
        knobs = request.app[WORLD].board.turn(await request.json())
    except (ValidationError, TypeError, ValueError) as error:
        return _json({"error": str(error)}, status=400)
    return _json(knobs.model_dump(mode="json"))


async def _reset_knobs(request: web.Request) -> web.StreamResponse:
    return _json(request.app[WORLD].board.reset().model_dump(mode="json"))


async def _show_updates(request: web.Request) -> web.StreamResponse:
    return _json({"pending": request.app[WORLD].updates.count()})


async def _push_update(request: web.Request) -> web.StreamResponse:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return _json({"error": "An update is a JSON object."}, status=400)
    world = request.app[WORLD]
    with world.records.transaction():
        return _json({"update_id": world.updates.push_raw(body)})


def _refusal(error: ApiError) -> web.Response:
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return _json(body, status=error.code)


def _json(body: object, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, dumps=lambda content: json.dumps(content, ensure_ascii=False))
