"""What a person does on WhatsApp, and what the business hears of it."""

import secrets
import time
from typing import Final

import phonenumbers

from sandbox.changes import Kind
from sandbox.records import Json
from sandbox.telegram.acts import Refused
from sandbox.telegram.files import Upload
from sandbox.whatsapp.accounts import Account
from sandbox.whatsapp.business import NAME
from sandbox.whatsapp.delivery import read
from sandbox.whatsapp.messages import Author, Message
from sandbox.whatsapp.world import World

LONGEST_TEXT: Final = 4096

_UNSUPPORTED: Final = {
    "code": 131051,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}


class Acts:
    """Everything the page and the JSON API let people do; each act is one transaction of its caller."""

    def __init__(self, world: World) -> None:
        self._world = world

    def say(self, account: Account, text: str, reply_to: Message | None = None) -> Message:
        kept = text.strip()
        if not 1 <= len(kept) <= LONGEST_TEXT:
            raise Refused(f"Un message compte de 1 à {LONGEST_TEXT} caractères.")
        return self.post(account, "text", {"body": kept}, reply_to)

    def tap(self, account: Account, message: Message, button: Json) -> Message:
        """Touch a reply button, a row of a list, or a template's quick reply."""
        if message.type == "template":
            payload = {"payload": button["callback_data"], "text": button["text"]}
            return self.post(account, "button", payload, message)
        kind = "list_reply" if message.content["type"] == "list" else "button_reply"
        reply = {"id": button["callback_data"], "title": button["text"]}
        if button.get("description"):
            reply["description"] = button["description"]
        return self.post(account, "interactive", {"type": kind, kind: reply}, message)

    def share_contact(self, account: Account, name: str, phone: str) -> Message:
        """Share a contact card; it names the account behind the number where there is one."""
        known = self._world.accounts.by_phone(phone)
        number: Json = {"phone": _as_written(phone), "type": "CELL"}
        if known is not None and known.wa_id is not None:
            number["wa_id"] = known.wa_id
        first, _, last = name.partition(" ")
        names = {"formatted_name": name, "first_name": first, **({"last_name": last} if last else {})}
        return self.post(account, "contacts", {"contacts": [{"name": names, "phones": [number]}]})

    def send_media(self, account: Account, kind: str, upload: Upload, **details: object) -> Message:
        """Send a picture, a sticker or a voice note."""
        stored = self._world.media.add(upload)
        return self.post(account, kind, {**stored.as_received(), **details})

    def react(self, account: Account, message: Message, emoji: str) -> Message:
        """Put an emoji on a message; an empty one takes it away."""
        return self.post(account, "reaction", {"message_id": message.wamid, "emoji": emoji})

    def post(self, account: Account, kind: str, content: Json, reply_to: Message | None = None) -> Message:
        """Send content of any kind to the business; it begins the 24 hours again."""
        self._require_phone(account)
        if account.blocked:
            raise Refused("Le compte est bloqué : débloquez-le d’abord.")
        world = self._world
        read(world, account)
        account = world.accounts.open_window(account)
        message = world.messages.add(
            account.person.id, Author.PERSON, kind, content, reply_to=reply_to.wamid if reply_to else None
        )
        told: Json = {**account.as_sender(), **self._stamp(message), "type": kind}
        if reply_to is not None:
            author = world.business.number if reply_to.is_from_business else account.wa_id
            told["context"] = {"from": author, "id": reply_to.wamid}
        told.update(_payload(kind, content))
        value = {"contacts": [account.as_contact()], "messages": [told]}
        world.notices.push(value, person_id=account.person.id, about=[message.message_id])
        return message

    def change_number(self, account: Account, phone: str, *, silently: bool, new_user_id: bool) -> Account:
        """Move to another number. `silently` as by a new card in the phone: nobody is told, and the account is new."""
        if not silently:
            self._require_phone(account)
        before = account.wa_id
        if phone == account.phone:
            raise Refused("C’est déjà le numéro de cette personne.")
        changed = self._world.accounts.renumber(account, phone, new_user_id=new_user_id or silently)
        if silently:
            return self._world.accounts.open_window(changed, is_open=False)
        name = account.person.full_name
        system: Json = {
            "body": f"User {name} changed from {before} to {changed.wa_id}",
            "type": "user_changed_number",
            "wa_id": changed.wa_id,
        }
        if changed.shows_user_id:
            system["user_id"] = changed.user_id
        self._tell_system(changed, {"from": before}, system)
        if changed.shows_user_id and changed.user_id != account.user_id:
            ids = {"user_id": changed.user_id, "previous_user_id": account.user_id}
            body = f"User changed from {account.user_id} to {changed.user_id}"
            self._tell_system(changed, {}, {"body": body, "type": "user_changed_user_id", **ids})
        return changed

    def set_blocked(self, account: Account, *, blocked: bool) -> Account:
        return account if account.blocked == blocked else self._world.accounts.block(account, blocked=blocked)

    def _tell_system(self, account: Account, sender: Json, system: Json) -> None:
        stamp = {"id": f"wamid.{secrets.token_hex(16)}", "timestamp": str(int(time.time()))}
        value = {"messages": [{**sender, **stamp, "type": "system", "system": system}]}
        self._world.notices.push(value, person_id=account.person.id)
        self._world.changes.add(Kind.CHATS, chat_id=account.person.id, person_id=account.person.id)

    @staticmethod
    def _stamp(message: Message) -> Json:
        return {"id": message.wamid, "timestamp": str(message.date)}

    @staticmethod
    def _require_phone(account: Account) -> None:
        if account.phone is None:
            raise Refused(f"Cette personne n’a plus WhatsApp : {NAME} ne peut pas l’entendre.")


def _payload(kind: str, content: Json) -> Json:
    """What stands beside the `type` of a message."""
    if kind == "contacts":
        return {"contacts": content["contacts"]}
    if kind == "unsupported":
        return {"errors": [_UNSUPPORTED], "unsupported": content}
    if kind == "sticker":
        # Its emoji is only for the sandbox's own page.
        return {kind: {name: value for name, value in content.items() if name != "emoji"}}
    return {kind: content}


def _as_written(phone: str) -> str:
    """A number as phones keep it, with spaces."""
    try:
        parsed = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
