"""What a person does in a private chat or a group, and what the bot hears of it."""

import re
import time
from typing import Final

from sandbox.records import Json
from sandbox.telegram.bots import USERNAME
from sandbox.telegram.entities import LONGEST_TEXT, with_found_entities
from sandbox.telegram.groups import PRESENT, Group
from sandbox.telegram.markup import utf16_length
from sandbox.telegram.messages import Message, words
from sandbox.telegram.mini_apps import opened_by
from sandbox.telegram.people import Person
from sandbox.telegram.world import World

START_PAYLOAD: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

_SERVICE: Final = frozenset(
    {"new_chat_members", "left_chat_member", "group_chat_created", "migrate_to_chat_id", "migrate_from_chat_id"}
)


class Refused(Exception):
    """A person cannot do this here; the sentence says why."""


class Acts:
    """Everything the page and the JSON API let people do; each act is one transaction of its caller."""

    def __init__(self, world: World) -> None:
        self._world = world

    def say(
        self, person: Person, chat_id: int, text: str, *, reply_to: int | None = None, anonymous: bool = False
    ) -> Message:
        """Write a text; a command or a link in it gets its entity, as on a phone."""
        kept = text.strip()
        if not 1 <= utf16_length(kept) <= LONGEST_TEXT:
            raise Refused(f"Un message compte de 1 à {LONGEST_TEXT} caractères.")
        kept, entities = with_found_entities(kept, [])
        content: Json = {"text": kept, **({"entities": entities} if entities else {})}
        return self.post(person, chat_id, content, reply_to=reply_to, anonymous=anonymous)

    def start(self, person: Person, payload: str = "") -> Message:
        """Touch START, or follow a link `t.me/<bot>?start=<payload>`; it also unblocks the bot."""
        if payload and not START_PAYLOAD.fullmatch(payload):
            raise Refused("Un lien de départ porte de 1 à 64 lettres, chiffres, « _ » ou « - ».")
        if person.blocked:
            self.unblock(person)
        return self.say(self._world.people.require(person.id), person.id, f"/start {payload}".strip())

    def post(
        self,
        person: Person,
        chat_id: int,
        content: Json,
        *,
        reply_to: int | None = None,
        anonymous: bool = False,
    ) -> Message:
        """Put content of any kind into a chat the person is in."""
        world = self._world
        chat = self._chat_of(person, chat_id)
        if isinstance(chat, Group) and anonymous:
            if world.groups.status(chat.id, person.id) not in {"creator", "administrator"}:
                raise Refused("Seuls les administrateurs écrivent au nom du groupe.")
            content = {**content, "sender_chat": chat.as_chat()}
        if isinstance(chat, Person):
            world.people.mark_started(chat)
        if reply_to is not None and world.messages.get(chat.id, reply_to) is None:
            raise Refused("Le message auquel vous répondez n’est plus là.")
        message = world.messages.add(chat.id, person.id, content, reply_to=reply_to)
        self._tell_bot("message", message, chat)
        return message

    def edit(self, person: Person, chat_id: int, message_id: int, text: str) -> Message:
        """Correct one's own text."""
        chat = self._chat_of(person, chat_id)
        message = self._message(chat, message_id)
        if message.author_id != person.id or "text" not in message.content:
            raise Refused("On ne corrige que ses propres messages.")
        kept, entities = with_found_entities(text.strip(), [])
        content: Json = {"text": kept, **({"entities": entities} if entities else {})}
        edited = self._world.messages.edit(message, content, message.reply_markup)
        self._tell_bot("edited_message", edited, chat)
        return edited

    def tap(self, person: Person, chat_id: int, message_id: int, button: Json) -> Json:
        """Tap an inline button: a callback query, an address or a Mini App to open, or a text copied."""
        chat = self._chat_of(person, chat_id)
        message = self._message(chat, message_id)
        if "web_app" in button:
            return {"web_app": {"url": opened_by(self._world.bot, person, button["web_app"]["url"])}}
        if "callback_data" not in button:
            return button
        world = self._world
        callback_id = world.callbacks.ask(person.id, chat.id, message.message_id)
        query = {
            "id": callback_id,
            "from": person.as_user(),
            "message": world.as_message(message),
            "chat_instance": str(-abs(chat.id) * 7919),
            "data": button["callback_data"],
        }
        world.updates.push("callback_query", query)
        return {"callback_query_id": callback_id}

    def press(self, person: Person, chat_id: int, button: Json, reply_to: int | None = None) -> Message:
        """Touch a button of the reply keyboard: it says its text, or shares one's contact."""
        markup = self._world.keyboards.get(chat_id, person.id) or {}
        if markup.get("one_time_keyboard"):
            self._world.keyboards.hide(chat_id, person.id)
        if button.get("request_contact"):
            return self.post(person, chat_id, {"contact": person.as_contact()}, reply_to=reply_to)
        return self.say(person, chat_id, button["text"], reply_to=reply_to)

    def forward(self, person: Person, from_chat_id: int, message_id: int, to_chat_id: int) -> Message:
        """Forward a message; its buttons stay behind."""
        world = self._world
        original = self._message(self._chat_of(person, from_chat_id), message_id)
        told = world.as_message(original, with_reply=False)
        origin: Json = {"type": "user", "sender_user": told["from"], "date": original.date}
        if original.is_anonymous:
            origin = {"type": "chat", "sender_chat": told["sender_chat"], "date": original.date}
        kept = {name: value for name, value in original.content.items() if name != "sender_chat"}
        return self.post(person, to_chat_id, {**kept, "forward_origin": kept.get("forward_origin", origin)})

    def block(self, person: Person) -> None:
        if person.blocked:
            return
        self._world.people.mark_blocked(person, blocked=True)
        self._tell_standing(person, person, "member", "kicked")

    def unblock(self, person: Person) -> None:
        if not person.blocked:
            return
        self._world.people.mark_blocked(person, blocked=False)
        self._tell_standing(person, person, "kicked", "member")

    def set_bot_status(self, person: Person, group: Group, status: str) -> None:
        """Add the bot to a group, remove it, or make it an administrator."""
        world = self._world
        if group.bot_status == status:
            return
        now_present = status in PRESENT
        world.groups.set_bot_status(group.id, status)
        changed = world.groups.require(group.id)
        if now_present != group.has_bot:
            bot = world.bot.as_user()
            content: Json = {"new_chat_members": [bot]} if now_present else {"left_chat_member": bot}
            message = world.messages.add(group.id, person.id, content)
            if now_present:
                self._tell_bot("message", message, changed)
        self._tell_standing(person, changed, group.bot_status, status)

    def set_member(self, by: Person, group: Group, member: Person, status: str) -> None:
        """Add a person to a group, remove them, or make them an administrator; the bot sees the service message."""
        world = self._world
        was_present = world.groups.status(group.id, member.id) in PRESENT
        world.groups.set_member(group.id, member.id, status)
        if was_present == (status in PRESENT):
            return
        user = member.as_user()
        content: Json = {"left_chat_member": user} if was_present else {"new_chat_members": [user]}
        self._tell_bot("message", world.messages.add(group.id, by.id, content), group)

    def create_group(self, person: Person, title: str, members: list[Person], *, with_bot: bool) -> Group:
        world = self._world
        group = world.groups.add(title, person.id, [member.id for member in members], "left")
        message = world.messages.add(group.id, person.id, {"group_chat_created": True})
        if with_bot:
            world.groups.set_bot_status(group.id, "member")
            group = world.groups.require(group.id)
            self._tell_bot("message", message, group)
            self._tell_standing(person, group, "left", "member")
        return group

    def migrate(self, person: Person, group: Group) -> Group:
        """Turn a group into a supergroup; both chats get their service message."""
        world = self._world
        if group.type != "group" or group.migrated_to is not None:
            raise Refused("Ce groupe est déjà un supergroupe.")
        farewell = world.messages.add(group.id, person.id, {"migrate_to_chat_id": world.groups.supergroup_id(group)})
        supergroup = world.groups.migrate(group)
        self._tell_bot("message", farewell, group)
        welcome = world.messages.add(supergroup.id, person.id, {"migrate_from_chat_id": group.id})
        self._tell_bot("message", welcome, supergroup)
        return supergroup

    def _chat_of(self, person: Person, chat_id: int) -> Person | Group:
        chat = self._world.chat(chat_id)
        if isinstance(chat, Person):
            if chat.id != person.id:
                raise Refused("Une discussion privée n’appartient qu’à une personne.")
            if chat.blocked:
                raise Refused("Le bot est bloqué : débloquez-le d’abord.")
            return chat
        if chat is None or self._world.groups.status(chat.id, person.id) not in PRESENT:
            raise Refused("Cette personne n’est pas dans cette discussion.")
        if chat.migrated_to is not None:
            raise Refused(f"Ce groupe continue sous le numéro {chat.migrated_to}.")
        return chat

    def _message(self, chat: Person | Group, message_id: int) -> Message:
        message = self._world.messages.get(chat.id, message_id)
        if message is None:
            raise Refused("Ce message n’est plus là.")
        return message

    def _tell_bot(self, kind: str, message: Message, chat: Person | Group) -> None:
        if isinstance(chat, Group) and not self._is_heard(message, chat):
            return
        told = self._world.as_message(message)
        self._world.updates.push(kind, told, chat_id=message.chat_id, message_id=message.message_id)

    def _is_heard(self, message: Message, group: Group) -> bool:
        """Privacy mode: in a group an ordinary bot hears commands, answers to it, its name, and service messages."""
        if not group.has_bot:
            return False
        if group.bot_status == "administrator" or _SERVICE & message.content.keys():
            return True
        answered = self._world.messages.even_deleted(message.reply_to) if message.reply_to else None
        if answered is not None and answered.author_id == self._world.bot.id:
            return True
        return _addresses_bot(message.content)

    def _tell_standing(self, person: Person, chat: Person | Group, before: str, after: str) -> None:
        bot = self._world.bot.as_user()
        member_rights = self._world.standing
        self._world.updates.push(
            "my_chat_member",
            {
                "chat": chat.as_chat(),
                "from": person.as_user(),
                "date": int(time.time()),
                "old_chat_member": member_rights(bot["id"], before),
                "new_chat_member": member_rights(bot["id"], after),
            },
        )


def _addresses_bot(content: Json) -> bool:
    text, entities = words(content)
    units = text.encode("utf-16-le")
    for entity in entities:
        begin = entity["offset"] * 2
        covered = units[begin : begin + entity["length"] * 2].decode("utf-16-le").lower()
        if entity["type"] == "mention" and covered == f"@{USERNAME}":
            return True
        if entity["type"] == "bot_command":
            _, at, named = covered.partition("@")
            if not at or named == USERNAME:
                return True
    return False
