"""Accounts and messages as the page and the JSON API show them: alike to Telegram's, so that one story reads both."""

from collections.abc import Callable
from typing import Final

from sandbox.chat.views import person_view
from sandbox.records import Json
from sandbox.telegram.entities import as_html
from sandbox.telegram.errors import ApiError
from sandbox.telegram.files import dimensions
from sandbox.whatsapp.accounts import Account
from sandbox.whatsapp.business import NAME
from sandbox.whatsapp.marks import shown
from sandbox.whatsapp.messages import Message, Status
from sandbox.whatsapp.world import World


def account_view(account: Account) -> Json:
    return {
        **person_view(account.person),
        "started": True,
        "phone": account.phone,
        "wa_id": account.wa_id,
        "user_id": account.user_id,
        "ids": account.ids,
        "blocked": account.blocked,
        "window_open": account.is_open,
    }


def business_view(world: World) -> Json:
    return {"id": int(world.business.phone_id), "name": NAME, "phone": f"+{world.business.number}"}


def message_view(world: World, message: Message) -> Json:
    """A message as the person sees it; `text` reads as on the phone, `body` is as it was sent, with its marks."""
    body = _words(message)
    text, entities = shown(body)
    return {
        "message_id": message.message_id,
        "wamid": message.wamid,
        "chat_id": message.person_id,
        "deleted": False,
        "from": _author_view(world, message),
        "date": message.date,
        "edited": False,
        "edit_date": None,
        "type": message.type,
        "text": text,
        "body": body,
        "entities": entities,
        "html": as_html(text, entities),
        "inline_keyboard": keyboard(message),
        "reply_to": _reply_view(world, message),
        "status": message.status,
        "delivered": message.status in {Status.DELIVERED, Status.READ},
        **_extras(world, message),
    }


def keyboard(message: Message) -> list[list[Json]]:
    """What can be touched, one button in each row, as Telegram's buttons are told."""
    if message.type == "template":
        return [[_template_button(button)] for button in message.content.get("buttons", [])]
    if message.type != "interactive" or not message.is_from_business:
        return []
    action = message.content["action"]
    if message.content["type"] == "cta_url":
        return [[{"text": action["parameters"]["display_text"], "url": action["parameters"]["url"]}]]
    if message.content["type"] == "list":
        rows = [row for section in action["sections"] for row in section["rows"]]
        return [[_row_button(row)] for row in rows]
    replies = [button["reply"] for button in action["buttons"]]
    return [[{"text": reply["title"], "callback_data": reply["id"]}] for reply in replies]


def _row_button(row: Json) -> Json:
    button = {"text": row["title"], "callback_data": row["id"]}
    return {**button, "description": row["description"]} if row.get("description") else button


def _template_button(button: Json) -> Json:
    if button["type"] == "quick_reply":
        return {"text": button["text"], "callback_data": button["payload"]}
    return {"text": button["text"], "url": button.get("url") or f"tel:{button['phone_number']}"}


def _words(message: Message) -> str:
    content = message.content
    if message.type == "interactive" and not message.is_from_business:
        return str(content[content["type"]]["title"])
    if message.type == "interactive":
        return str(content["body"]["text"])
    return str(content.get(_WORDS_IN.get(message.type, "caption")) or "")


_WORDS_IN: Final = {"text": "body", "button": "text", "template": "body"}


def _author_view(world: World, message: Message) -> Json:
    if message.is_from_business or message.person_id is None:
        return {**business_view(world), "is_bot": True, "anonymous": False}
    person = world.people.require(message.person_id)
    return {"id": person.id, "name": person.full_name, "is_bot": False, "anonymous": False}


def _reply_view(world: World, message: Message) -> Json | None:
    answered = world.messages.named(message.reply_to) if message.reply_to else None
    if answered is None:
        return None
    name = _author_view(world, answered)["name"]
    return {
        "message_id": answered.message_id,
        "wamid": answered.wamid,
        "name": name,
        "text": shown(_words(answered))[0],
    }


def _extras(world: World, message: Message) -> Json:
    """What only some types have: the frame around the words, and what is attached."""
    content = message.content
    extras: Json = {}
    for part in ("header", "footer"):
        framed = content.get(part)
        if framed:
            extras[part] = framed if isinstance(framed, str) else framed.get("text")
    if message.type == "interactive" and message.is_from_business and content["type"] == "list":
        extras["list"] = {"button": content["action"]["button"], "sections": content["action"]["sections"]}
    if message.type == "template":
        extras["template"] = {"name": content["name"], "language": content["language"]["code"]}
    attached = {message.type: content}
    if message.type == "interactive":
        attached = content.get("header", {})
    for kind, draw in _ATTACHED.items():
        if isinstance(attached.get(kind), dict):
            extras.update(draw(world, attached[kind]))
    return extras


def _photo(world: World, content: Json) -> Json:
    stored = world.media.even_deleted(str(content["id"]))
    try:
        width, height = dimensions(stored.upload.body) if stored else (0, 0)
    except ApiError:
        width, height = 0, 0
    return {"photo": [{"file_id": str(content["id"]), "width": width, "height": height}]}


def _document(world: World, content: Json) -> Json:
    stored = world.media.even_deleted(str(content["id"]))
    upload = stored.upload if stored else None
    return {
        "document": {
            "file_id": str(content["id"]),
            "file_name": content.get("filename") or (upload.name if upload else "document"),
            "file_size": len(upload.body) if upload else 0,
            "mime_type": upload.mime_type if upload else "application/octet-stream",
        }
    }


def _contact(_: World, content: Json) -> Json:
    card = content["contacts"][0]
    return {
        "contact": {
            "first_name": card["name"]["formatted_name"],
            "phone_number": card["phones"][0]["phone"],
        }
    }


def _reaction(world: World, content: Json) -> Json:
    target = world.messages.named(str(content["message_id"]))
    return {"reaction": {"emoji": content.get("emoji", ""), "message_id": target.message_id if target else None}}


_ATTACHED: Final[dict[str, Callable[[World, Json], Json]]] = {
    "image": _photo,
    "document": _document,
    "contacts": _contact,
    "reaction": _reaction,
    "sticker": lambda _, content: {"sticker": {"emoji": content.get("emoji", "🙂")}},
    "audio": lambda _, __: {"voice": {"duration": 4}},
    "location": lambda _, content: {"location": content},
    "unsupported": lambda _, content: {"unsupported": content},
}
