"""The methods that change a message in place."""

from typing import Final

from sandbox.records import Json
from sandbox.telegram.errors import bad_request
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.messages import Message
from sandbox.telegram.methods.addressee import existing_message
from sandbox.telegram.methods.call import Method
from sandbox.telegram.methods.texts import caption_content, text_content
from sandbox.telegram.params import Params
from sandbox.telegram.world import World

NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
_CAPTION: Final = ("caption", "caption_entities")
_MEDIA: Final = ("photo", "document")


def edit_message_text(world: World, params: Params) -> Json:
    message = _editable_message(world, params)
    if "text" not in message.content:
        raise bad_request("there is no text in the message to edit")
    kept = {name: value for name, value in message.content.items() if name not in {"text", "entities"}}
    return _change(world, params, message, {**kept, **text_content(params)})


def edit_message_caption(world: World, params: Params) -> Json:
    message = _editable_message(world, params)
    if not any(kind in message.content for kind in _MEDIA):
        raise bad_request("there is no caption in the message to edit")
    kept = {name: value for name, value in message.content.items() if name not in _CAPTION}
    return _change(world, params, message, {**kept, **caption_content(params)})


def edit_message_reply_markup(world: World, params: Params) -> Json:
    message = _editable_message(world, params)
    return _change(world, params, message, message.content)


def edit_message_media(world: World, params: Params) -> Json:
    message = _editable_message(world, params)
    media = params.mapping("media")
    if media is None or media.get("type") not in _MEDIA:
        raise bad_request("can't parse InputMedia: type photo or document is expected")
    stored = world.files.take(params.attached(str(media.get("media", ""))))
    shown = stored.as_photo() if media["type"] == "photo" else stored.as_document()
    return _change(world, params, message, {media["type"]: shown, **caption_content(Params(media))})


def _editable_message(world: World, params: Params) -> Message:
    """One of the bot's own, without a reply keyboard: Telegram edits no other."""
    message = existing_message(world, params, "edit")
    has_reply_keyboard = bool(message.reply_markup) and not message.inline_keyboard
    if message.author_id != world.bot.id or has_reply_keyboard or "forward_origin" in message.content:
        raise bad_request("message can't be edited")
    return message


def _change(world: World, params: Params, message: Message, content: Json) -> Json:
    """Put the new content in place; an inline keyboard that is not sent again goes away."""
    markup = read_markup(params.structure("reply_markup"), private=message.chat_id > 0)
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    if markup is not None and not markup["inline_keyboard"]:
        markup = None
    if content == message.content and markup == (message.reply_markup or None):
        raise bad_request(NOT_MODIFIED)
    return world.as_message(world.messages.edit(message, content, markup))


METHODS: Final[dict[str, Method]] = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "editMessageMedia": edit_message_media,
}
