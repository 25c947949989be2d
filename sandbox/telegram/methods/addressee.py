"""To whom a call is meant, and whether the bot may write there."""

from sandbox.telegram.errors import bad_request, forbidden
from sandbox.telegram.groups import Group
from sandbox.telegram.messages import Message
from sandbox.telegram.params import Params, number
from sandbox.telegram.people import Person
from sandbox.telegram.world import World


def known_chat(world: World, params: Params) -> Person | Group:
    """The chat named by `chat_id`; raises Telegram's 400 for one the bot never met."""
    named = params.text("chat_id")
    if named is None:
        raise bad_request("chat_id is empty")
    chat_id = number(named)
    chat = world.chat(chat_id) if chat_id is not None else None
    if chat is None:
        raise bad_request("chat not found")
    return chat


def writable_chat(world: World, params: Params) -> Person | Group:
    """The same, where the bot may also write; raises Telegram's 403, or the 400 that tells a group's new id."""
    chat = known_chat(world, params)
    if isinstance(chat, Group):
        _check_group(chat)
    elif chat.blocked:
        raise forbidden("bot was blocked by the user")
    elif not chat.started:
        raise forbidden("bot can't initiate conversation with a user")
    return chat


def existing_message(world: World, params: Params, purpose: str) -> Message:
    """The message named by `message_id` in a writable chat; `purpose` ends Telegram's complaint when it is gone."""
    chat = writable_chat(world, params)
    message_id = params.integer("message_id")
    if message_id is None:
        raise bad_request("message identifier is not specified")
    message = world.messages.get(chat.id, message_id)
    if message is None:
        raise bad_request(f"message to {purpose} not found")
    return message


def _check_group(group: Group) -> None:
    if group.migrated_to is not None:
        raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=group.migrated_to)
    if not group.has_bot:
        kind = "supergroup" if group.type == "supergroup" else "group"
        if group.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {kind} chat")
        raise forbidden(f"bot is not a member of the {kind} chat")
