"""The bodies of the JSON API, and who and what its addresses name."""

import json
from typing import TypeVar

import phonenumbers
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.records import Json
from sandbox.telegram.acts import Refused
from sandbox.telegram.groups import Group
from sandbox.telegram.messages import Message
from sandbox.telegram.params import number
from sandbox.telegram.people import People, Person
from sandbox.telegram.world import WORLD, World


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Empty(Body):
    """An act that needs no words."""


class NewPerson(Body):
    first_name: str = Field(min_length=1, max_length=64)
    last_name: str = ""
    username: str = ""
    language_code: str = "fr"
    phone: str = Field(pattern=r"^\+[1-9]\d{6,14}$")


class Say(Body):
    text: str
    reply_to: int | None = None
    anonymous: bool = False


class Edit(Body):
    message_id: int
    text: str = Field(min_length=1)


class Tap(Body):
    """Which inline button: by `label` (part of its text is enough) or by `row` and `column`, from 0."""

    message_id: int | None = None
    label: str | None = None
    row: int | None = None
    column: int | None = None


class Press(Body):
    label: str


class ShareContact(Body):
    """Whose contact: another person's id, or any name and number; one's own when left out."""

    person: int | None = None
    phone: str | None = None
    first_name: str | None = None


class Start(Body):
    payload: str = ""


class Follow(Body):
    url: str


class Attachment(Body):
    caption: str = ""
    emoji: str = "👍"


class Forward(Body):
    message_id: int
    to: int


class NewGroup(Body):
    title: str = Field(min_length=1, max_length=128)
    creator: int
    members: list[int] = []
    with_bot: bool = True


class BotStatus(Body):
    by: int
    status: str = Field(pattern="^(member|administrator|left|kicked)$")


class MemberStatus(Body):
    by: int
    person: int
    status: str = Field(pattern="^(member|administrator|left|kicked)$")


class Migrate(Body):
    by: int


AnyBody = TypeVar("AnyBody", bound=Body)


class Missing(Exception):
    """The address names nobody, or nothing, that exists."""


async def read_body(request: web.Request, model: type[AnyBody]) -> AnyBody:
    """The body as this model; raises `Refused` with the fields that are wrong."""
    try:
        source: Json = await request.json() if await request.text() else {}
        return model.model_validate(source)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise Refused("; ".join(faults)) from error
    except json.JSONDecodeError as error:
        raise Refused("La demande n’est pas du JSON.") from error


def named_person(request: web.Request) -> Person:
    """The person in the address, by id, user name or first name."""
    name = request.match_info.get("person") or request.query.get("person", "")
    return find_person(request.app[WORLD].people, name)


def find_person(people: People, name: str) -> Person:
    person_id = number(name)
    if person_id is not None:
        person = people.get(person_id)
    else:
        first_names = (each for each in people.all() if each.first_name.lower() == name.lower())
        person = people.named(name) or next(first_names, None)
    if person is None:
        raise Missing(f"Il n’y a personne du nom de « {name} ».")
    return person


def person_by_id(people: People, person_id: int) -> Person:
    person = people.get(person_id)
    if person is None:
        raise Missing(f"Il n’y a personne du nom de « {person_id} ».")
    return person


def named_chat_id(request: web.Request, person: Person) -> int:
    """The chat in the address, by id; `private` is the person's chat with the bot, `group` their first group."""
    name = request.match_info.get("chat") or request.query.get("chat", "private")
    world = request.app[WORLD]
    if name == "private":
        return person.id
    if name == "group" and (groups := world.groups.of(person.id)):
        return groups[0].id
    chat_id = number(name)
    if chat_id is None or world.chat(chat_id) is None:
        raise Missing(f"Il n’y a pas de discussion « {name} ».")
    return chat_id


def named_group(request: web.Request) -> Group:
    name = request.match_info["group"]
    group_id = number(name)
    group = request.app[WORLD].groups.get(group_id) if group_id is not None else None
    if group is None:
        raise Missing(f"Il n’y a pas de groupe « {name} ».")
    return group


def is_possible(phone: str) -> bool:
    """Whether anybody could have this number."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return False


def find_button(world: World, chat_id: int, tap: Tap) -> tuple[Message, Json]:
    """The inline button meant; without a message id, the newest message that has such a button."""
    if tap.message_id is not None:
        message = world.messages.get(chat_id, tap.message_id)
        candidates = [message] if message else []
    else:
        candidates = list(reversed(world.messages.newest(chat_id, 50)))
    for candidate in candidates:
        button = matching_button(candidate.inline_keyboard, tap)
        if button is not None:
            return candidate, button
    raise Missing("Ce bouton n’existe pas ou plus.")


def find_key(markup: Json | None, label: str) -> Json:
    """The button of a reply keyboard with this text."""
    for row in (markup or {}).get("keyboard", []):
        for button in row:
            if label in button["text"]:
                found: Json = button
                return found
    raise Missing("Ce bouton n’existe pas ou plus.")


def matching_button(keyboard: list[list[Json]], tap: Tap) -> Json | None:
    """The button meant: by its place, by its whole label, or by a part of it."""
    if tap.row is not None and tap.column is not None:
        in_reach = 0 <= tap.row < len(keyboard) and 0 <= tap.column < len(keyboard[tap.row])
        return keyboard[tap.row][tap.column] if in_reach else None
    buttons = [button for row in keyboard for button in row]
    exact = (button for button in buttons if button["text"] == tap.label)
    partial = (button for button in buttons if tap.label and tap.label in button["text"])
    return next(exact, None) or next(partial, None)
