"""Telegram's updates, decoded to what a person did."""

from typing import Any

from telegram import Bot, CallbackQuery, Chat, ChatMemberUpdated, Contact, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType

from bot.channels.telegram import NAME
from bot.incoming import Incoming, Kind, SentFile, SharedContact

_GONE = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}


def decode(raw: dict[str, Any], bot: Bot) -> Incoming | None:
    """What happened, or None where it is nothing for us. Raises whatever the library raises on an odd update."""
    update = Update.de_json(raw, bot)
    if update.callback_query is not None:
        return _tap(update, update.callback_query, raw)
    if update.my_chat_member is not None:
        return _membership(update, update.my_chat_member, raw)
    if update.message is not None and update.message.from_user is not None:
        return _message(update, update.message, update.message.from_user, raw)
    return None


def _message(update: Update, message: Message, sender: User, raw: dict[str, Any]) -> Incoming | None:
    kind: Kind = "text" if message.text else "contact" if message.contact else "other"
    if message.migrate_to_chat_id:
        kind = "moved"
    return Incoming(
        channel=NAME, id=str(update.update_id), kind=kind, chat=str(message.chat.id), person=str(sender.id),
        name=sender.full_name, is_private=_is_private(message.chat), text=message.text or "",
        language=sender.language_code, message_id=str(message.message_id), raw=raw,
        contact=_card(message.contact), file=_file(message),
        moved_to=str(message.migrate_to_chat_id) if message.migrate_to_chat_id else None,
        is_anonymous=message.sender_chat is not None,
    )  # fmt: skip


def _file(message: Message) -> SentFile | None:
    """A photo in its largest size, which Telegram makes a JPEG of; or a document as it was sent."""
    if message.photo:
        return SentFile(message.photo[-1].file_id, "image/jpeg")
    if message.document:
        return SentFile(message.document.file_id, message.document.mime_type or "")
    return None


def _card(contact: Contact | None) -> SharedContact | None:
    """The contact card; telephones send its number with or without the plus sign."""
    if contact is None:
        return None
    name = " ".join(filter(None, [contact.first_name, contact.last_name]))
    return SharedContact(
        phone="+" + contact.phone_number.lstrip("+"),
        name=name,
        external_id=str(contact.user_id) if contact.user_id else None,
    )


def _tap(update: Update, tap: CallbackQuery, raw: dict[str, Any]) -> Incoming | None:
    if tap.message is None or tap.data is None:
        return None
    return Incoming(
        channel=NAME, id=str(update.update_id), kind="tap", chat=str(tap.message.chat.id),
        person=str(tap.from_user.id), name=tap.from_user.full_name, is_private=_is_private(tap.message.chat),
        text=tap.data, language=tap.from_user.language_code, callback_id=tap.id,
        message_id=str(tap.message.message_id), raw=raw,
    )  # fmt: skip


def _membership(update: Update, change: ChatMemberUpdated, raw: dict[str, Any]) -> Incoming | None:
    was_gone = change.old_chat_member.status in _GONE
    is_gone = change.new_chat_member.status in _GONE
    if was_gone == is_gone:
        return None
    return Incoming(
        channel=NAME, id=str(update.update_id), kind="removed" if is_gone else "added", chat=str(change.chat.id),
        person=str(change.from_user.id), name=change.from_user.full_name, is_private=_is_private(change.chat),
        language=change.from_user.language_code, raw=raw,
    )  # fmt: skip


def _is_private(chat: Chat) -> bool:
    return chat.type == ChatType.PRIVATE
