"""`POST /{phone number id}/messages`: send a message, or mark one as read."""

import time
from typing import Final

from sandbox.changes import Kind
from sandbox.records import Json
from sandbox.whatsapp.accounts import Account
from sandbox.whatsapp.calls import Call, digits, recipient
from sandbox.whatsapp.contents import read_content
from sandbox.whatsapp.delivery import deliver, refusal
from sandbox.whatsapp.errors import GraphError, bad_parameter, missing, unknown_object
from sandbox.whatsapp.knobs import FaultKind
from sandbox.whatsapp.messages import Author, Status
from sandbox.whatsapp.world import World

# How long an answer waits for its own status to be told first, when the knob asks for it.
_TOLD_FIRST_S: Final = 3.0


async def send_or_read(call: Call) -> Json:
    """Accept a message, whose fate is told by webhook, or mark what a person wrote as read."""
    if call.node != call.world.business.phone_id:
        raise unknown_object(call.node)
    if call.body.get("messaging_product") != "whatsapp":
        raise bad_parameter("(#100) The parameter messaging_product is required.")
    if call.body.get("status") == "read":
        return _mark_as_read(call)
    with call.world.records.transaction():
        answer, notices = _send(call)
    if call.world.board.knobs.status_before_answer:
        await _until_told(call.world, notices)
    return answer


def _send(call: Call) -> tuple[Json, list[int]]:
    world, body = call.world, call.body
    named = str(body.get("recipient") or body.get("to") or "")
    if not named:
        raise bad_parameter("(#100) The parameter to is required.")
    if digits(named) == world.business.number:
        raise GraphError(131021, "Recipient cannot be the sender.")
    kind, content = read_content(world, body)
    account = recipient(world, body)
    if world.board.knobs.rate_limits:
        world.rates.spend(account.user_id if account else named, world.board.knobs.throughput)
    error = _failure(call, account, kind)
    message = world.messages.add(
        account.person.id if account else None,
        Author.BUSINESS,
        kind,
        content,
        reply_to=_answered(world, body),
        tracker=body.get("biz_opaque_callback_data"),
    )
    notices = deliver(world, message, account, error, digits(named))
    contact = {"user_id": named} if body.get("recipient") else {"wa_id": digits(named)}
    told = {"id": message.wamid, **({"message_status": "accepted"} if kind == "template" else {})}
    answer = {"messaging_product": "whatsapp", "contacts": [{"input": named, **contact}], "messages": [told]}
    return answer, notices


def _failure(call: Call, account: Account | None, kind: str) -> GraphError | None:
    """Why the message will fail later; raises at once where the knob wants a closed window told so."""
    if call.fault is not None and call.fault.kind is FaultKind.FAILS_LATER:
        return GraphError(call.fault.code, call.fault.description)
    error = refusal(account, kind)
    if error is not None and error.code == 131047 and call.world.board.knobs.window_at_once:  # noqa: PLR2004 (Meta's)
        raise error
    return error


def _answered(world: World, body: Json) -> str | None:
    context = body.get("context")
    if not isinstance(context, dict):
        return None
    answered = world.messages.named(str(context.get("message_id")))
    return answered.wamid if answered else None


def _mark_as_read(call: Call) -> Json:
    world = call.world
    if not call.body.get("message_id"):
        raise missing("message_id is required.")
    message = world.messages.named(str(call.body["message_id"]))
    if message is None or message.is_from_business or message.person_id is None:
        raise bad_parameter("(#100) Invalid parameter: message_id")
    with world.records.transaction():
        for each in world.messages.unread_up_to(message.person_id, Author.PERSON, message.message_id):
            world.messages.mark(each, Status.READ)
        if "typing_indicator" in call.body:
            if call.body["typing_indicator"] != {"type": "text"}:
                raise bad_parameter("(#100) Param typing_indicator['type'] must be one of {TEXT}.")
            world.changes.add(Kind.TYPING, chat_id=message.person_id, action="typing")
    return {"success": True}


async def _until_told(world: World, notices: list[int]) -> None:
    deadline = time.monotonic() + _TOLD_FIRST_S
    left_s = _TOLD_FIRST_S
    while left_s > 0 and any(world.notices.is_pending(notice) for notice in notices):
        await world.notices.wait(left_s)
        left_s = deadline - time.monotonic()
