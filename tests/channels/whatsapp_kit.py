"""Webhooks as Meta writes them, for tests of the channel."""

import itertools
import json
from pathlib import Path
from typing import Any

PHONE_ID = "100000000000001"
AWA, AWA_ID = "22670000001", "BF.1000000001"
MOUSSA, MOUSSA_ID = "22670000002", "BF.1000000002"

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "data/pywa_updates.json").read_text("utf-8"))
_NUMBERS = itertools.count(1)

Json = dict[str, Any]


def message(number: str | None = AWA, *, user_id: str | None = None, wamid: str | None = None, **content: Any) -> Json:
    """One message, `{"type": …}` and what belongs to it in `content`; a text where nothing is said."""
    content = content or {"type": "text", "text": {"body": "/solde"}}
    sender = {"from": number, "from_user_id": user_id}
    known = {name: value for name, value in sender.items() if value}
    return {"id": wamid or f"wamid.in{next(_NUMBERS)}", "timestamp": "1795000000", **known, **content}


def text(words: str, number: str | None = AWA, **ids: str | None) -> Json:
    return message(number, **ids, type="text", text={"body": words})


def tap(data: str, on: str | None, number: str | None = AWA, how: str = "button_reply", **ids: str | None) -> Json:
    context = {"context": {"from": "22625000001", "id": on}} if on else {}
    return message(
        number, **ids, type="interactive", interactive={"type": how, how: {"id": data, "title": "…"}}, **context
    )


def contact(number: str | None = AWA, user_id: str | None = AWA_ID, name: str = "Awa") -> Json:
    ids = {"wa_id": number, "user_id": user_id}
    return {"profile": {"name": name}, **{key: value for key, value in ids.items() if value}}


def status(external_id: str, state: str, code: int | None = None, **about: Any) -> Json:
    errors = [{"code": code, "title": "Message failed", "message": "Message failed"}] if code else []
    return {
        "id": external_id, "status": state, "timestamp": "1795000000", "recipient_id": AWA,
        **({"errors": errors} if errors else {}), **about,
    }  # fmt: skip


def value(*messages: Json, contacts: list[Json] | None = None, statuses: tuple[Json, ...] = ()) -> Json:
    """What one change holds; who speaks is described beside it, as Meta does, unless `contacts` says otherwise."""
    if contacts is None:
        contacts = [contact()] if messages else []
    held = {"contacts": contacts, "messages": list(messages), "statuses": list(statuses)}
    metadata = {"display_phone_number": "22625000001", "phone_number_id": PHONE_ID}
    return {"messaging_product": "whatsapp", "metadata": metadata, **{key: each for key, each in held.items() if each}}


def webhook(*values: Json, field: str = "messages") -> Json:
    """One entry with a change for each value."""
    return entries([{"field": field, "value": each} for each in values])


def entries(*each: list[Json]) -> Json:
    """A webhook of several entries, each a list of changes."""
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "200000000000002", "changes": changes} for changes in each],
    }
