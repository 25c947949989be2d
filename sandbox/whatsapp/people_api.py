"""The JSON API of people: everything the page does on WhatsApp, as a person would do it."""

import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from pydantic import Field

from sandbox.chat import samples
from sandbox.chat.answers import json_answer
from sandbox.chat.feeds import Feed, stream, wait
from sandbox.chat.requests import (
    Body,
    Empty,
    Missing,
    Tap,
    find_person,
    is_possible,
    matching_button,
    person_by_id,
    read_body,
)
from sandbox.records import Json
from sandbox.telegram.acts import Refused
from sandbox.whatsapp import delivery
from sandbox.whatsapp.accounts import Account, Ids
from sandbox.whatsapp.acts import Acts
from sandbox.whatsapp.business import NAME
from sandbox.whatsapp.messages import Message
from sandbox.whatsapp.views import account_view, business_view, keyboard, message_view
from sandbox.whatsapp.world import WHATSAPP, World

MOST_MESSAGES: Final = 200
_SEARCHED: Final = 50

_PHONE: Final = r"^\+[1-9]\d{6,14}$"


class Named(Body):
    """A message, by the sandbox's number or by WhatsApp's name."""

    message_id: int | str


class Say(Body):
    text: str
    reply_to: int | str | None = None


class ShareContact(Body):
    """Whose contact: another person's id, or any name and number; one's own when left out."""

    person: int | None = None
    phone: str | None = None
    first_name: str | None = None


class Attachment(Body):
    caption: str = ""
    emoji: str = "👍"


class Reaction(Named):
    emoji: str = "👍"


class Location(Body):
    latitude: float = 12.3714
    longitude: float = -1.5197
    name: str | None = None


class Unsupported(Body):
    type: str = "poll"


class Follow(Body):
    url: str


class NewNumber(Body):
    """`silently`: by a new card in the phone, so that the business is not told and the account is a new one."""

    phone: str = Field(pattern=_PHONE)
    silently: bool = False
    new_user_id: bool = False


class Shown(Body):
    ids: Ids


class WhatsAppTap(Tap):
    """Which button: of which message, by the sandbox's number or WhatsApp's name."""

    message_id: int | str | None = None  # type: ignore[assignment]  # WhatsApp's own names are texts


Act = Callable[[web.Request, World, Account], Awaitable[Json]]


def routes() -> list[web.RouteDef]:
    person = "/whatsapp/api/people/{person}"
    acts: dict[str, Act] = {
        "say": _say,
        "tap": _tap,
        "contact": _contact,
        "sticker": _sticker,
        "voice": _voice,
        "photo": _photo,
        "location": _location,
        "react": _react,
        "unsupported": _unsupported,
        "follow": _follow,
        "read": _read,
        "block": _block,
        "unblock": _unblock,
        "number": _number,
        "unregister": _unregister,
        "ids": _ids,
    }
    return [
        web.get("/whatsapp/api/people", _list_people),
        web.get(person, _show_person),
        web.get(f"{person}/chats", _chats),
        web.get(f"{person}/messages", _messages),
        web.get("/whatsapp/api/wait", _wait),
        web.get("/whatsapp/api/events", _stream),
        web.get("/whatsapp/api/files/{file_id}", _file),
        *(web.post(f"{person}/{name}", _acting(act)) for name, act in acts.items()),
    ]


def named_account(request: web.Request) -> Account:
    """The account of the person in the address, by id, user name or first name."""
    world = request.app[WHATSAPP]
    return account_of(world, request.match_info.get("person") or request.query.get("person", ""))


def account_of(world: World, name: str) -> Account:
    return world.accounts.of(find_person(world.people, name))


def _acting(act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def perform(request: web.Request) -> web.StreamResponse:
        return json_answer(await act(request, request.app[WHATSAPP], named_account(request)))

    return perform


async def _list_people(request: web.Request) -> web.StreamResponse:
    world = request.app[WHATSAPP]
    people = [account_view(account) for account in world.accounts.all()]
    return json_answer({"business": business_view(world), "people": people, "change": world.changes.latest()})


async def _show_person(request: web.Request) -> web.StreamResponse:
    return json_answer(account_view(named_account(request)))


async def _chats(request: web.Request) -> web.StreamResponse:
    """The one chat a person has here, told as the Telegram room tells its chats."""
    world, account = request.app[WHATSAPP], named_account(request)
    newest = world.messages.newest(account.person.id, 1)
    chat: Json = {
        "id": account.person.id,
        "type": "private",
        "title": NAME,
        "last_message": message_view(world, newest[0]) if newest else None,
        "started": bool(newest),
        "blocked": account.blocked,
        "registered": account.phone is not None,
        "window_open": account.is_open,
        "ids": account.ids,
    }
    return json_answer({"bot": business_view(world), "chats": [chat], "change": world.changes.latest()})


async def _messages(request: web.Request) -> web.StreamResponse:
    world, account = request.app[WHATSAPP], named_account(request)
    limit = min(int(request.query.get("limit", 100)), MOST_MESSAGES)
    before = int(request.query["before"]) if "before" in request.query else None
    found = world.messages.newest(account.person.id, limit, before)
    return json_answer(
        {"change": world.changes.latest(), "messages": [message_view(world, message) for message in found]}
    )


async def _wait(request: web.Request) -> web.StreamResponse:
    person_id = named_account(request).person.id
    return await wait(request, feed(request.app[WHATSAPP]), person_id, person_id)


async def _stream(request: web.Request) -> web.StreamResponse:
    return await stream(request, feed(request.app[WHATSAPP]))


async def _file(request: web.Request) -> web.StreamResponse:
    media = request.app[WHATSAPP].media.even_deleted(request.match_info["file_id"])
    if media is None:
        raise web.HTTPNotFound
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    content_type = media.upload.mime_type.partition(";")[0].strip()
    return web.Response(body=media.upload.body, content_type=content_type, headers=headers)


async def _say(request: web.Request, world: World, account: Account) -> Json:
    body = await read_body(request, Say)
    reply_to = _message(world, account, body.reply_to) if body.reply_to is not None else None
    with world.records.transaction():
        return message_view(world, Acts(world).say(account, body.text, reply_to))


async def _tap(request: web.Request, world: World, account: Account) -> Json:
    message, button = _find_button(world, account, await read_body(request, WhatsAppTap))
    place = {"message_id": message.message_id, "wamid": message.wamid}
    if "callback_data" not in button:
        return {**place, **button}
    with world.records.transaction():
        return {**place, "said": message_view(world, Acts(world).tap(account, message, button))}


async def _contact(request: web.Request, world: World, account: Account) -> Json:
    body = await read_body(request, ShareContact)
    if body.phone is not None:
        name, phone = body.first_name or body.phone, body.phone
    else:
        shared = account if body.person is None else world.accounts.of(person_by_id(world.people, body.person))
        name, phone = shared.person.full_name, shared.phone or shared.person.phone
    with world.records.transaction():
        return message_view(world, Acts(world).share_contact(account, name, phone))


async def _sticker(request: web.Request, world: World, account: Account) -> Json:
    body = await read_body(request, Attachment)
    with world.records.transaction():
        return message_view(
            world, Acts(world).send_media(account, "sticker", samples.STICKER, animated=False, emoji=body.emoji)
        )


async def _voice(request: web.Request, world: World, account: Account) -> Json:
    await read_body(request, Attachment)
    with world.records.transaction():
        return message_view(world, Acts(world).send_media(account, "audio", samples.VOICE, voice=True))


async def _photo(request: web.Request, world: World, account: Account) -> Json:
    body = await read_body(request, Attachment)
    caption = {"caption": body.caption} if body.caption else {}
    with world.records.transaction():
        return message_view(world, Acts(world).send_media(account, "image", samples.sunset(), **caption))


async def _location(request: web.Request, world: World, account: Account) -> Json:
    body = await read_body(request, Location)
    return _post(world, account, "location", body.model_dump(exclude_none=True))


async def _react(request: web.Request, world: World, account: Account) -> Json:
    body = await read_body(request, Reaction)
    message = _message(world, account, body.message_id)
    with world.records.transaction():
        return message_view(world, Acts(world).react(account, message, body.emoji))


async def _unsupported(request: web.Request, world: World, account: Account) -> Json:
    return _post(world, account, "unsupported", {"type": (await read_body(request, Unsupported)).type})


async def _follow(request: web.Request, world: World, account: Account) -> Json:
    """Follow a `wa.me` link to the business: its words are written and sent."""
    link = urlsplit((await read_body(request, Follow)).url)
    words = parse_qs(link.query).get("text", [""])[0]
    if link.hostname != "wa.me" or re.sub(r"\D", "", link.path) != world.business.number:
        raise Refused("Ce lien ne mène pas à l’assistant.")
    with world.records.transaction():
        return message_view(world, Acts(world).say(account, words or "Bonjour"))


async def _read(request: web.Request, world: World, account: Account) -> Json:
    """Look at the chat: whatever is there counts as read."""
    await read_body(request, Empty)
    with world.records.transaction():
        return {"read": delivery.read(world, account)}


async def _block(_: web.Request, world: World, account: Account) -> Json:
    with world.records.transaction():
        return account_view(Acts(world).set_blocked(account, blocked=True))


async def _unblock(_: web.Request, world: World, account: Account) -> Json:
    with world.records.transaction():
        return account_view(Acts(world).set_blocked(account, blocked=False))


async def _number(request: web.Request, world: World, account: Account) -> Json:
    body = await read_body(request, NewNumber)
    if not is_possible(body.phone):
        raise Refused("phone: ce numéro ne peut pas exister.")
    with world.records.transaction():
        changed = Acts(world).change_number(account, body.phone, silently=body.silently, new_user_id=body.new_user_id)
    return account_view(changed)


async def _unregister(_: web.Request, world: World, account: Account) -> Json:
    with world.records.transaction():
        return account_view(world.accounts.unregister(account))


async def _ids(request: web.Request, world: World, account: Account) -> Json:
    body = await read_body(request, Shown)
    with world.records.transaction():
        return account_view(world.accounts.show(account, body.ids))


def _post(world: World, account: Account, kind: str, content: Json) -> Json:
    with world.records.transaction():
        return message_view(world, Acts(world).post(account, kind, content))


def _message(world: World, account: Account, name: int | str) -> Message:
    message = world.messages.get(name) if isinstance(name, int) else world.messages.named(name)
    if message is None or message.person_id != account.person.id:
        raise Missing("Ce message n’est pas là.")
    return message


def _find_button(world: World, account: Account, tap: WhatsAppTap) -> tuple[Message, Json]:
    """The button meant; without a message id, the newest message that has such a button."""
    if tap.message_id is not None:
        candidates = [_message(world, account, tap.message_id)]
    else:
        candidates = list(reversed(world.messages.newest(account.person.id, _SEARCHED)))
    for candidate in candidates:
        button = matching_button(keyboard(candidate), tap)
        if button is not None:
            return candidate, button
    raise Missing("Ce bouton n’existe pas ou plus.")


def feed(world: World) -> Feed:
    """What changes on WhatsApp."""

    def show(message_id: int) -> Json | None:
        message = world.messages.get(message_id)
        return message_view(world, message) if message and message.arrived else None

    return Feed(world.changes, show)
