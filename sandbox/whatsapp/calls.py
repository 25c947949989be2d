"""One call of the Graph API: who may make it, what goes wrong with it on request, and how it is answered."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from sandbox.records import Json
from sandbox.whatsapp.accounts import Account
from sandbox.whatsapp.errors import GraphError, bad_parameter, bad_token
from sandbox.whatsapp.knobs import Fault, FaultKind
from sandbox.whatsapp.world import WHATSAPP, World

_FAILURES: Final[dict[FaultKind, Callable[[Fault], GraphError]]] = {
    FaultKind.TOO_MANY_REQUESTS: lambda _: GraphError(4),
    FaultKind.PAIR_LIMIT: lambda _: GraphError(131056, "Too many messages to this phone number, says the sandbox."),
    FaultKind.THROUGHPUT: lambda _: GraphError(130429, "Too many messages from this phone number, says the sandbox."),
    FaultKind.SERVER_ERROR: lambda _: GraphError(131000, "An unknown error, says the sandbox."),
    FaultKind.UNAVAILABLE: lambda _: GraphError(131016, "The service is overloaded, says the sandbox."),
    FaultKind.REFUSED: lambda fault: GraphError(fault.code, fault.description, status=fault.status),
}


@dataclass(frozen=True)
class Call:
    """`body` is the JSON of the request, empty when there is none; `fault` is what the knobs planned for it."""

    request: web.Request
    world: World
    body: Json
    fault: Fault | None

    @property
    def node(self) -> str:
        """The object in the address, by its id."""
        return self.request.match_info["node"]

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query)

    @property
    def origin(self) -> str:
        """Where the sandbox listens, whatever host the client believes it speaks to."""
        transport = self.request.transport
        host, port = transport.get_extra_info("sockname")[:2] if transport else ("127.0.0.1", 0)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


Perform = Callable[[Call], Awaitable[Json]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answering(name: str, perform: Perform, *, with_token: bool = True) -> Handler:
    """The call as a handler: its token is checked, faults for this `name` strike, refusals are told as Meta does."""

    async def answer(request: web.Request) -> web.StreamResponse:
        world = request.app[WHATSAPP]
        try:
            if with_token and not _has_token(request, world):
                raise bad_token()
            body = await _read_json(request)
            known = recipient(world, body)
            called = "read" if body.get("status") == "read" else name
            fault = world.board.next_fault(called, known.person.id if known else None)
            await _strike(request, world, fault)
            result = await perform(Call(request, world, body, fault))
        except GraphError as error:
            return json_answer(error.as_answer(), error.status)
        if fault is not None and fault.kind is FaultKind.CUT_AFTER:
            _cut(request)
        return json_answer(result)

    return answer


def recipient(world: World, body: Json) -> Account | None:
    """Whom a message is for: by number in `to`, or by their id in `recipient`."""
    if body.get("recipient"):
        return world.accounts.by_user_id(str(body["recipient"]))
    return world.accounts.by_phone(digits(str(body["to"]))) if body.get("to") else None


def digits(phone: str) -> str:
    return "".join(character for character in phone if character.isdigit())


def json_answer(body: object, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, dumps=lambda content: json.dumps(content, ensure_ascii=False))


def _has_token(request: web.Request, world: World) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.query.get("access_token", "")
    # pywa names the app's own token in the query, beside the business's in the header.
    return request.query.get("access_token", given) in {world.business.token, world.business.app_token}


async def _read_json(request: web.Request) -> Json:
    if request.content_type != "application/json" or not await request.read():
        return {}
    try:
        body = await request.json()
    except ValueError as error:
        raise bad_parameter("(#100) The request is not valid JSON.") from error
    if not isinstance(body, dict) or not _is_text(body):
        raise bad_parameter("(#100) The request must be a JSON object of proper Unicode.")
    return body


def _is_text(body: Json) -> bool:
    """Half a surrogate pair passes as JSON, and can be neither kept nor told."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


async def _strike(request: web.Request, world: World, fault: Fault | None) -> None:
    """Do what goes wrong before the call acts."""
    await asyncio.sleep(world.board.knobs.answer_delay_s)
    if fault is None:
        return
    if fault.kind is FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)
    elif fault.kind is FaultKind.CUT_BEFORE:
        _cut(request)
        raise GraphError(131000)
    elif fault.kind in _FAILURES:
        raise _FAILURES[fault.kind](fault)


def _cut(request: web.Request) -> None:
    """Close the connection, so that whatever is answered gets lost."""
    if request.transport is not None:
        request.transport.abort()
