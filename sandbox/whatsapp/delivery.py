"""What becomes of a message the business sent: the ladder of statuses, told by webhook."""

import time
from typing import Final

from sandbox.records import Json
from sandbox.whatsapp.accounts import Account
from sandbox.whatsapp.errors import GraphError, undeliverable, window_closed
from sandbox.whatsapp.messages import Author, Message, Status
from sandbox.whatsapp.world import World

_PRICED: Final = frozenset({Status.SENT, Status.DELIVERED, Status.READ})


def refusal(account: Account | None, message_type: str) -> GraphError | None:
    """Why this person cannot get such a message now."""
    if account is None or account.blocked:
        return undeliverable()
    if message_type != "template" and not account.is_open:
        return window_closed()
    return None


def deliver(world: World, message: Message, account: Account | None, error: GraphError | None, to: str) -> list[int]:
    """Bring the message to the person's phone, or fail; returns the notices of it. `to` is the number asked."""
    if error is not None or account is None:
        failed = world.messages.mark(message, Status.FAILED, (error or undeliverable()).as_notice())
        return [tell(world, failed, account, 1, to)]
    steps = [Status.SENT, Status.DELIVERED]
    if world.board.knobs.auto_read:
        steps.append(Status.READ)
    return [
        tell(world, world.messages.mark(message, status), account, number)
        for number, status in enumerate(steps, start=1)
    ]


def read(world: World, account: Account) -> int:
    """The person looks at the chat: what is there is read, and the business is told; returns how many messages."""
    unread = [each for each in world.messages.unread_up_to(account.person.id, Author.BUSINESS) if each.arrived]
    for message in unread:
        tell(world, world.messages.mark(message, Status.READ), account, 1)
    return len(unread)


def tell(world: World, message: Message, account: Account | None, step: int, to: str = "") -> int:
    """Queue the webhook of a message's present status."""
    value: Json = {
        "contacts": [account.as_contact() if account else {"wa_id": to}],
        "statuses": [_status(world, message, account, to)],
    }
    return world.notices.push(
        value,
        person_id=message.person_id or 0,
        delay_s=world.board.knobs.status_delay_s * step,
    )


def _status(world: World, message: Message, account: Account | None, to: str) -> Json:
    told: Json = {
        "id": message.wamid,
        "status": message.status,
        "timestamp": str(int(time.time())),
        **(account.as_recipient() if account else {"recipient_id": to}),
    }
    if message.status in _PRICED:
        told["pricing"] = _pricing(world, message, account)
    if message.error is not None:
        told["errors"] = [message.error]
    if message.tracker is not None:
        told["biz_opaque_callback_data"] = message.tracker
    return told


def _pricing(world: World, message: Message, account: Account | None) -> Json:
    """Free within the window; a template outside of it is paid for by the piece."""
    category = "service"
    if message.type == "template":
        template = world.templates.named(message.content["name"], message.content["language"]["code"])
        category = template.category.lower() if template else "utility"
    is_open = account is not None and account.is_open
    billable = category == "marketing" or (message.type == "template" and not is_open)
    kind = "regular" if billable else "free_customer_service"
    return {"billable": billable, "pricing_model": "PMP", "type": kind, "category": category}
