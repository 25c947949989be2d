"""Every call of the merchant, whatever its dialect: written down, answered, refused in words."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.getmipay import journal
from sandbox.getmipay.answers import AFTERWARDS, INSTEAD
from sandbox.getmipay.faults import Fault
from sandbox.getmipay.refusals import RefusalError
from sandbox.getmipay.room import ROOM, Room

Name = Callable[[str], None]
Act = Callable[[Room, Name], Awaitable[web.Response]]


async def answered(request: web.Request, act: Act) -> web.Response:
    """What `act` answers, or the refusal it raises; it is given the room, and a way to name the call in the journal."""
    room = request.app[ROOM]
    call = journal.open_call(room.store, request.method, request.path, room.settings.calls_kept)
    try:
        answer = await act(room, lambda name: journal.name_call(room.store, call, name))
    except RefusalError as refusal:
        answer = refusal.response()
    journal.close_call(room.store, call, answer.status, answer.text or "")
    return answer


async def looked_up(request: web.Request, room: Room, look: Callable[[], web.Response]) -> web.Response:
    """What a status look-up sees, bent by the fault of look-ups."""
    fault = room.spend(room.knobs.status_fault)
    if instead := INSTEAD.get(fault):
        return await instead(request, room.knobs, "TEMPORARILY_UNAVAILABLE")
    return await bent(request, room, fault, look())


async def bent(request: web.Request, room: Room, fault: Fault | None, answer: web.Response) -> web.Response:
    """The answer to a call that was obeyed, on its way back."""
    afterwards = AFTERWARDS.get(fault)
    return await afterwards(request, room.knobs, answer) if afterwards else answer


def read_json(raw: bytes) -> dict[str, object]:
    """The object that a body is; raise a 400 `RefusalError` where it is none."""
    try:
        fields = json.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise RefusalError(400, "the body is not JSON") from error
    if not isinstance(fields, dict):
        raise RefusalError(400, "the body is not a JSON object")
    return fields
