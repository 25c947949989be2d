"""The methods that put something new into a chat."""

from typing import Final

from sandbox.changes import Kind
from sandbox.records import Json
from sandbox.telegram.errors import bad_request
from sandbox.telegram.groups import Group
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.methods.addressee import existing_message, writable_chat
from sandbox.telegram.methods.call import Method
from sandbox.telegram.methods.texts import caption_content, text_content
from sandbox.telegram.params import Params
from sandbox.telegram.people import Person
from sandbox.telegram.world import World

CHAT_ACTIONS: Final = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


def send_message(world: World, params: Params) -> Json:
    chat = writable_chat(world, params)
    return _deliver(world, params, chat, text_content(params))


def send_photo(world: World, params: Params) -> Json:
    chat = writable_chat(world, params)
    photo = world.files.take(params.file("photo"))
    return _deliver(world, params, chat, {"photo": photo.as_photo(), **caption_content(params)})


def send_document(world: World, params: Params) -> Json:
    chat = writable_chat(world, params)
    document = world.files.take(params.file("document"))
    return _deliver(world, params, chat, {"document": document.as_document(), **caption_content(params)})


def send_chat_action(world: World, params: Params) -> bool:
    chat = writable_chat(world, params)
    action = params.text("action")
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.changes.add(Kind.TYPING, chat_id=chat.id, action=action)
    return True


def delete_message(world: World, params: Params) -> bool:
    message = existing_message(world, params, "delete")
    chat = world.chat(message.chat_id)
    may_delete_all = isinstance(chat, Person) or (isinstance(chat, Group) and chat.bot_status == "administrator")
    if message.author_id != world.bot.id and not may_delete_all:
        raise bad_request("message can't be deleted")
    world.messages.delete(message)
    return True


def _deliver(world: World, params: Params, chat: Person | Group, content: Json) -> Json:
    markup = read_markup(params.structure("reply_markup"), private=isinstance(chat, Person))
    reply_to = _answered_message(world, params, chat)
    if params.flag("protect_content"):
        content = {**content, "has_protected_content": True}
    message = world.messages.add(chat.id, world.bot.id, content, reply_to=reply_to, reply_markup=markup)
    if markup and "inline_keyboard" not in markup:
        _change_keyboards(world, chat, markup, content, reply_to)
    return world.as_message(message)


def _answered_message(world: World, params: Params, chat: Person | Group) -> int | None:
    """The message this one answers; forgiven when it is gone only if the bot said so."""
    parameters = params.mapping("reply_parameters") or {}
    message_id = Params(parameters).integer("message_id") or params.integer("reply_to_message_id")
    if message_id is None:
        return None
    if world.messages.get(chat.id, message_id) is not None:
        return message_id
    if parameters.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def _change_keyboards(world: World, chat: Person | Group, markup: Json, content: Json, reply_to: int | None) -> None:
    for person in world.persons_in(chat):
        if markup.get("selective") and not _is_addressed(world, person, content, reply_to):
            continue
        if "remove_keyboard" in markup:
            world.keyboards.hide(chat.id, person.id)
        else:
            world.keyboards.show(chat.id, person.id, markup)


def _is_addressed(world: World, person: Person, content: Json, reply_to: int | None) -> bool:
    """A selective keyboard is for those mentioned and for the author of the message answered."""
    answered = world.messages.even_deleted(reply_to) if reply_to else None
    mentioned = bool(person.username) and f"@{person.username}" in content.get("text", "")
    return mentioned or (answered is not None and answered.author_id == person.id)


METHODS: Final[dict[str, Method]] = {
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "sendChatAction": send_chat_action,
    "deleteMessage": delete_message,
}
