"""WhatsApp's webhooks, decoded to what people did and to what became of our messages.

Decoded by us: pywa's own dispatcher takes the first message of a batch only, and fails where a person has no `user_id`.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from bot.incoming import Incoming, SentFile, SharedContact

NAME = "whatsapp"

Raw: TypeAlias = dict[str, Any]
ReceiptState: TypeAlias = Literal["sent", "delivered", "read", "failed"]

_STATES: dict[str, ReceiptState] = {
    "sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed",
}  # fmt: skip
_LONGEST_ID = 128
# Gestures, not words: nobody expects an answer to them, and each answer costs.
_NO_MESSAGES = {"reaction", "edit", "revoke", "system"}
_RENUMBERED = {"user_changed_number", "customer_changed_number", "user_changed_user_id"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message of ours. `chat` and `alias` are the two names its reader may go by; see `Incoming`."""

    external_id: str
    chat: str
    alias: str | None
    state: ReceiptState
    code: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Renumbered:
    """Somebody has a new number, and with it a new user id; what Meta does not tell is None.

    Numbers are wa_ids, digits without the plus sign.
    """

    id: str
    old_number: str | None
    new_number: str | None
    old_user_id: str | None
    new_user_id: str | None
    raw: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Something that is no message to us: a reaction, a message changed or withdrawn, a telephone's own report."""

    id: str
    kind: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One entry of a webhook that cannot be read: kept aside, so that those beside it are answered all the same."""

    id: str
    error: Exception
    raw: Raw = field(repr=False)


Heard: TypeAlias = Incoming | Receipt | Renumbered | Unanswered | Unreadable


def decode(body: Raw, phone_id: str | None = None) -> list[Heard]:
    """Every message and status of every change of every entry, in their order; never raises.

    With `phone_id` only what was sent to that number of ours: an app may have others, which answer for themselves.
    """
    heard: list[Heard] = []
    for entry in _list(body, "entry"):
        for change in _list(entry, "changes"):
            value = change.get("value")
            if change.get("field") == "messages" and isinstance(value, dict) and _is_ours(value, phone_id):
                heard += _read_each(value, "messages", _message)
                heard += _read_each(value, "statuses", _status)
    return heard


def _read_each(value: Raw, name: str, read: Callable[[Raw, Raw], Heard]) -> Iterator[Heard]:
    items = value.get(name)
    for item in items if isinstance(items, list) else []:
        # The entry by itself, in a webhook of its own: what is kept aside can be read again as it is.
        alone = value | {other: [] for other in ("messages", "statuses") if other in value} | {name: [item]}
        raw: Raw = {"entry": [{"changes": [{"field": "messages", "value": alone}]}]}
        try:
            yield read(item, raw)
        except Exception as error:  # noqa: BLE001 - whatever is odd about one entry, the others are read
            yield Unreadable(_id_of(item), error, raw)


def _message(message: Raw, raw: Raw) -> Heard:
    kind = str(message["type"])
    if _id_of(message) != message["id"]:
        raise ValueError("an id that cannot be kept")
    if kind == "system" and message["system"]["type"] in _RENUMBERED:
        return _renumbered(message, raw)
    if kind in _NO_MESSAGES:
        return Unanswered(message["id"], kind)
    return _incoming(message, raw)


def _incoming(message: Raw, raw: Raw) -> Incoming:
    value = raw["entry"][0]["changes"][0]["value"]
    number = _digits(message.get("from"))
    profile = _profile(message, value)
    user_id = message.get("from_user_id") or profile.get("user_id") or None
    number = number or _digits(profile.get("wa_id"))
    person = user_id or number
    if person is None:
        raise ValueError("a message from nobody")
    tapped = _tapped(message)
    card = _card(message, number, user_id, person)
    text = _text(message)
    return Incoming(
        channel=NAME, id=message["id"], chat=message.get("group_id") or person, person=person,
        kind="tap" if tapped is not None else "contact" if card else "text" if text else "other",
        name=_name(profile, person), is_private="group_id" not in message, text=tapped if tapped is not None else text,
        contact=card, file=_file(message),
        message_id=message.get("context", {}).get("id") if tapped is not None else message["id"],
        phone=f"+{number}" if number else None, alias=number if user_id else None, raw=raw,
    )  # fmt: skip


def _profile(message: Raw, value: Raw) -> Raw:
    """What is told of the sender beside the message; in a batch that is only who has the same id."""
    contacts = _list(value, "contacts")
    number, user_id = message.get("from"), message.get("from_user_id")
    for contact in contacts:
        if (user_id and contact.get("user_id") == user_id) or (number and contact.get("wa_id") == number):
            return contact
    alone = len(contacts) == 1 and not number and not user_id
    return contacts[0] if alone else {}


def _tapped(message: Raw) -> str | None:
    """The data of the button or row that was tapped; None when it was none."""
    if message["type"] == "button":
        return str(message["button"]["payload"])
    reply = message.get("interactive") or {}
    chosen = reply.get("button_reply") or reply.get("list_reply") or {}
    return str(chosen["id"]) if "id" in chosen else None


def _text(message: Raw) -> str:
    return str(message["text"]["body"]) if message["type"] == "text" else ""


def _file(message: Raw) -> SentFile | None:
    """A picture, or a document as it was sent."""
    kind = message["type"]
    if kind not in {"image", "document"}:
        return None
    return SentFile(str(message[kind]["id"]), str(message[kind].get("mime_type", "")))


def _card(message: Raw, number: str | None, user_id: str | None, person: str) -> SharedContact | None:
    """The first card with a number on it.

    A card can be written by hand, with one number to read and another one behind it: of the sender's own card only the
    number that WhatsApp itself knows them by counts.
    """
    for card in _list(message, "contacts"):
        for phone in _list(card, "phones"):
            wa_id = _digits(phone.get("wa_id"))
            if wa_id is None and not phone.get("phone"):
                continue
            is_own = wa_id is not None and (
                wa_id == number or (user_id is not None and phone.get("user_id") == user_id)
            )
            name = card.get("name", {}).get("formatted_name") or ""
            shown = f"+{wa_id}" if wa_id else str(phone["phone"])
            return SharedContact(
                phone=shown, name=name, external_id=person if is_own else phone.get("user_id") or wa_id
            )
    return None


def _renumbered(message: Raw, raw: Raw) -> Renumbered:
    system = message["system"]
    return Renumbered(
        id=message["id"],
        old_number=_digits(system.get("customer")) or _digits(message.get("from")),
        new_number=_digits(system.get("wa_id")) or _digits(system.get("new_wa_id")),
        old_user_id=system.get("previous_user_id") or message.get("from_user_id"),
        new_user_id=system.get("user_id"),
        raw=raw,
    )


def _status(status: Raw, raw: Raw) -> Receipt | Unanswered:
    if status["status"] not in _STATES or status.get("recipient_type") == "group":
        return Unanswered(status["id"], str(status["status"]))
    value = raw["entry"][0]["changes"][0]["value"]
    number = _digits(status.get("recipient_id"))
    user_id = status.get("recipient_user_id") or _user_id_of(number, _list(value, "contacts"))
    # A person without a number is named by their user id in either place.
    chat = user_id or number or status["recipient_id"]
    errors = _list(status, "errors")
    return Receipt(
        external_id=status["id"], chat=chat, alias=number if number != chat else None,
        state=_STATES[status["status"]], code=int(errors[0]["code"]) if errors else None,
        reason=str(errors[0].get("title", "")) if errors else "",
    )  # fmt: skip


def _user_id_of(number: str | None, contacts: Iterable[Raw]) -> str | None:
    return next((each.get("user_id") for each in contacts if number and each.get("wa_id") == number), None)


def _name(profile: Raw, person: str) -> str:
    """What they call themselves; the end of their id where they show no name, so that two of them can be told apart."""
    shown = profile.get("profile") or {}
    return (shown.get("name") or "").strip() or shown.get("username") or f"…{person[-4:]}"


def _digits(wa_id: object) -> str | None:
    """A wa_id, which is the number's digits; None for anything else."""
    return wa_id if isinstance(wa_id, str) and wa_id.isascii() and wa_id.isdigit() else None


def _is_ours(value: Raw, phone_id: str | None) -> bool:
    return phone_id is None or (value.get("metadata") or {}).get("phone_number_id") == phone_id


def _list(holder: Raw, name: str) -> list[Raw]:
    """The objects in a list; none where Meta sends something else there, or nothing."""
    found = holder.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _id_of(item: Any) -> str:
    """By which it is claimed: its own id, or one that is the same each time it is delivered."""
    own = item.get("id") if isinstance(item, dict) else None
    if isinstance(own, str) and 0 < len(own) <= _LONGEST_ID:
        return own
    return hashlib.sha256(json.dumps(item, sort_keys=True, default=str).encode()).hexdigest()
