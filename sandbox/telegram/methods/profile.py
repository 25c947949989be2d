"""The methods by which a bot introduces itself: names, descriptions, commands."""

import re
from typing import Final

from sandbox.records import Json
from sandbox.telegram.bots import FIRST_NAME
from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.call import Method
from sandbox.telegram.params import Params
from sandbox.telegram.world import World

MOST_COMMANDS: Final = 100
LONGEST_COMMAND_DESCRIPTION: Final = 256
LONGEST: Final = {"name": 64, "description": 512, "short_description": 120}

_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE: Final = re.compile(r"([a-z]{2})?")
_PLAIN_SCOPES: Final = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
_CHAT_SCOPES: Final = ("chat", "chat_administrators", "chat_member")


def get_me(world: World, _: Params) -> Json:
    return world.bot.as_me()


def set_my_commands(world: World, params: Params) -> bool:
    commands = params.mappings("commands")
    if len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= LONGEST_COMMAND_DESCRIPTION:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    named = [{**command, "command": command["command"].removeprefix("/")} for command in commands]
    world.commands.put(_scope(params), _language(params), named)
    return True


def get_my_commands(world: World, params: Params) -> list[Json]:
    return world.commands.get(_scope(params), _language(params))


def delete_my_commands(world: World, params: Params) -> bool:
    world.commands.delete(_scope(params), _language(params))
    return True


def set_my_name(world: World, params: Params) -> bool:
    return _introduce(world, params, "name")


def set_my_description(world: World, params: Params) -> bool:
    return _introduce(world, params, "description")


def set_my_short_description(world: World, params: Params) -> bool:
    return _introduce(world, params, "short_description")


def get_my_name(world: World, params: Params) -> Json:
    return {"name": world.profile.get("name", _language(params)) or FIRST_NAME}


def get_my_description(world: World, params: Params) -> Json:
    return {"description": world.profile.get("description", _language(params))}


def get_my_short_description(world: World, params: Params) -> Json:
    return {"short_description": world.profile.get("short_description", _language(params))}


def set_chat_menu_button(world: World, params: Params) -> bool:
    """Accepted: the page always shows the commands button."""
    params.mapping("menu_button")
    return bool(world.bot.id)


def _introduce(world: World, params: Params, fact: str) -> bool:
    text = params.text(fact) or ""
    if len(text) > LONGEST[fact]:
        raise bad_request(f"bot {fact.replace('_', ' ')} is too long")
    world.profile.put(fact, _language(params), text)
    return True


def _language(params: Params) -> str:
    language = params.text("language_code") or ""
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return language


def _scope(params: Params) -> str:
    """The scope as one word, such as `default` or `chat_member:-5:7`."""
    scope = params.mapping("scope") or {"type": "default"}
    if scope.get("type") in _PLAIN_SCOPES:
        return str(scope["type"])
    if scope.get("type") not in _CHAT_SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    parts = [scope["type"], scope.get("chat_id"), scope.get("user_id")]
    return ":".join(str(part) for part in parts if part is not None)


METHODS: Final[dict[str, Method]] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": set_my_name,
    "getMyName": get_my_name,
    "setMyDescription": set_my_description,
    "getMyDescription": get_my_description,
    "setMyShortDescription": set_my_short_description,
    "getMyShortDescription": get_my_short_description,
    "setChatMenuButton": set_chat_menu_button,
}
