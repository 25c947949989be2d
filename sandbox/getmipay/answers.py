"""How GetMiPay answers a call when something is wrong with it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from sandbox.getmipay.faults import Fault
from sandbox.getmipay.knobs import Knobs
from sandbox.getmipay.refusals import RefusalError

Instead = Callable[[web.Request, Knobs, str], Awaitable[web.Response]]
Afterwards = Callable[[web.Request, Knobs, web.Response], Awaitable[web.Response]]


async def _hang(request: web.Request, knobs: Knobs, _: object) -> web.Response:
    """Say nothing, then drop the connection."""
    await asyncio.sleep(knobs.hang_s)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _break_down(_: web.Request, __: Knobs, ___: object) -> web.Response:
    return RefusalError(500, "internal server error").response()


async def _refuse(_: web.Request, __: Knobs, code: str) -> web.Response:
    return RefusalError(400, code=code).response()


async def _refuse_with_200(_: web.Request, __: Knobs, code: str) -> web.Response:
    return RefusalError(200, code=code).response()


async def _hold_off(_: web.Request, knobs: Knobs, __: str) -> web.Response:
    return RefusalError(429, "too many requests", retry_after_s=knobs.retry_after_s).response()


async def _ask_for_a_new_token(_: web.Request, __: Knobs, ___: str) -> web.Response:
    return RefusalError(401, "Unauthenticated.").response()


async def _forbid(_: web.Request, __: Knobs, ___: str) -> web.Response:
    return RefusalError(403, "operation not allowed for this account").response()


async def _answer_late(_: web.Request, knobs: Knobs, answer: web.Response) -> web.Response:
    await asyncio.sleep(knobs.slow_s)
    return answer


async def _answer_gibberish(_: web.Request, __: Knobs, answer: web.Response) -> web.Response:
    # Cut in the middle and dressed up as a good answer, as a proxy in trouble does.
    return web.Response(text=(answer.text or "")[:15], content_type="application/json")


INSTEAD: Final[Mapping[Fault | None, Instead]] = {
    Fault.TIMEOUT_BEFORE_ACTING: _hang,
    Fault.SERVER_ERROR: _break_down,
    Fault.REFUSED: _refuse,
    Fault.REFUSED_WITH_200: _refuse_with_200,
    Fault.TOO_MANY_REQUESTS: _hold_off,
    Fault.UNAUTHORIZED: _ask_for_a_new_token,
    Fault.FORBIDDEN: _forbid,
}
"""Nothing is done; the text is the refusal's code."""

AFTERWARDS: Final[Mapping[Fault | None, Afterwards]] = {
    Fault.SLOW_ANSWER: _answer_late,
    Fault.TIMEOUT_AFTER_ACTING: _hang,
    Fault.ERROR_AFTER_ACTING: _break_down,
    Fault.UNREADABLE_ANSWER: _answer_gibberish,
}
"""The call was obeyed; only its answer is bent."""
