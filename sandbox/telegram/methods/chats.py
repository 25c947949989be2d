"""The methods about chats: who they are, who belongs to them, what is pinned."""

from typing import Final

from sandbox.records import Json
from sandbox.telegram.errors import bad_request
from sandbox.telegram.groups import Group
from sandbox.telegram.methods.addressee import existing_message, known_chat, writable_chat
from sandbox.telegram.methods.call import Method
from sandbox.telegram.params import Params
from sandbox.telegram.people import Person
from sandbox.telegram.world import World

_ADMINISTRATORS: Final = ("creator", "administrator")


def get_chat(world: World, params: Params) -> Json:
    chat = known_chat(world, params)
    full: Json = {
        **chat.as_chat(),
        "accent_color_id": 3,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
        ),
    }
    pinned = world.records.one(
        "SELECT message_id FROM telegram_pins WHERE chat_id = ? ORDER BY message_id DESC", chat.id
    )
    message = world.messages.get(chat.id, pinned["message_id"]) if pinned else None
    return {**full, "pinned_message": world.as_message(message)} if message else full


def get_chat_member(world: World, params: Params) -> Json:
    chat = known_chat(world, params)
    user_id = params.integer("user_id") or 0
    if user_id != world.bot.id and world.people.get(user_id) is None:
        raise bad_request("user not found")
    return world.standing(user_id, _status(world, chat, user_id))


def get_chat_administrators(world: World, params: Params) -> list[Json]:
    chat = writable_chat(world, params)
    if not isinstance(chat, Group):
        raise bad_request("there are no administrators in the private chat")
    statuses = world.groups.members(chat.id)
    if chat.bot_status in _ADMINISTRATORS:
        statuses[world.bot.id] = chat.bot_status
    return [world.standing(user_id, status) for user_id, status in statuses.items() if status in _ADMINISTRATORS]


def pin_chat_message(world: World, params: Params) -> bool:
    message = existing_message(world, params, "pin")
    chat = writable_chat(world, params)
    if isinstance(chat, Group) and chat.bot_status != "administrator":
        raise bad_request("not enough rights to manage pinned messages in the chat")
    world.records.run(
        "INSERT OR IGNORE INTO telegram_pins (chat_id, message_id) VALUES (?, ?)", chat.id, message.message_id
    )
    pinned = world.as_message(message, with_reply=False)
    world.messages.add(chat.id, world.bot.id, {"pinned_message": pinned})
    return True


def unpin_chat_message(world: World, params: Params) -> bool:
    chat = writable_chat(world, params)
    message_id = params.integer("message_id")
    world.records.run(
        "DELETE FROM telegram_pins WHERE chat_id = ? AND message_id = coalesce(?,"
        " (SELECT max(message_id) FROM telegram_pins WHERE chat_id = ?))",
        chat.id,
        message_id,
        chat.id,
    )
    return True


def _status(world: World, chat: Person | Group, user_id: int) -> str:
    if isinstance(chat, Person):
        return "member" if user_id in {chat.id, world.bot.id} else "left"
    return chat.bot_status if user_id == world.bot.id else world.groups.status(chat.id, user_id)


METHODS: Final[dict[str, Method]] = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
}
