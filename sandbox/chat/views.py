"""Chats and messages as the page and the JSON API show them."""

from sandbox.records import Json
from sandbox.telegram.bots import FIRST_NAME
from sandbox.telegram.entities import as_html
from sandbox.telegram.groups import Group
from sandbox.telegram.messages import Message, words
from sandbox.telegram.people import Person
from sandbox.telegram.world import World


def person_view(person: Person) -> Json:
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "name": person.full_name,
        "username": person.username,
        "language_code": person.language_code,
        "phone": person.phone,
        "started": person.started,
        "blocked": person.blocked,
    }


def bot_view(world: World, language_code: str) -> Json:
    return {
        "id": world.bot.id,
        "username": world.bot.username,
        "name": world.profile.get("name", language_code) or FIRST_NAME,
        "description": world.profile.get("description", language_code),
        "short_description": world.profile.get("short_description", language_code),
    }


def chat_view(world: World, person: Person, chat: Person | Group) -> Json:
    """One chat in a person's list, with its last message."""
    newest = world.messages.newest(chat.id, 1)
    view: Json = {
        "id": chat.id,
        "type": "private" if isinstance(chat, Person) else chat.type,
        "title": bot_view(world, person.language_code)["name"] if isinstance(chat, Person) else chat.title,
        "last_message": message_view(world, newest[0]) if newest else None,
    }
    if isinstance(chat, Person):
        return {**view, "started": chat.started, "blocked": chat.blocked}
    return {
        **view,
        "bot_status": chat.bot_status,
        "members": [
            {"id": member_id, "name": world.people.require(member_id).full_name, "status": status}
            for member_id, status in world.groups.members(chat.id).items()
        ],
    }


def message_view(world: World, message: Message) -> Json:
    """A message as anyone in its chat sees it; only its number and place remain once it is deleted."""
    place: Json = {"message_id": message.message_id, "chat_id": message.chat_id, "deleted": message.deleted}
    if message.deleted:
        return place
    told = world.as_message(message)
    text, entities = words(message.content)
    return {
        **place,
        "from": _author_view(world, message),
        "date": message.date,
        "edited": message.edit_date is not None,
        "edit_date": message.edit_date,
        "text": text,
        "entities": entities,
        "html": as_html(text, entities),
        "inline_keyboard": message.inline_keyboard,
        "reply_to": _answered_view(told.get("reply_to_message")),
        "delivered": not world.updates.is_pending(message.message_id),
        **{name: value for name, value in message.content.items() if name not in _SHOWN_ALREADY},
    }


_SHOWN_ALREADY = frozenset({"text", "caption", "entities", "caption_entities", "sender_chat"})


def _author_view(world: World, message: Message) -> Json:
    """`id` is who really wrote; `anonymous` when the chat shows the group's name instead."""
    if message.author_id == world.bot.id:
        return {"id": world.bot.id, "name": FIRST_NAME, "is_bot": True, "anonymous": False}
    person = world.people.require(message.author_id)
    if message.is_anonymous:
        title = message.content["sender_chat"]["title"]
        return {"id": person.id, "name": title, "is_bot": False, "anonymous": True}
    return {"id": person.id, "name": person.full_name, "is_bot": False, "anonymous": False}


def _answered_view(told: Json | None) -> Json | None:
    if told is None:
        return None
    return {"message_id": told["message_id"], "name": told["from"]["first_name"], "text": words(told)[0]}
