"""How the JSON API answers, also when it says no."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.chat.requests import Missing
from sandbox.telegram.acts import Refused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def json_answer(body: object, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, dumps=_dumps)


def answering(handler: Handler) -> Handler:
    """Turn a refusal into a 400 and a missing person, chat or button into a 404, each with a sentence."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Missing as error:
            return json_answer({"error": str(error)}, status=404)
        except (Refused, ValueError, OverflowError) as error:
            return json_answer({"error": str(error)}, status=400)

    return answer


def _dumps(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)
