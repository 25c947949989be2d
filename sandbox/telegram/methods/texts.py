"""The words of a message or below a picture, within Telegram's limits."""

from sandbox.records import Json
from sandbox.telegram.entities import LONGEST_CAPTION, LONGEST_TEXT, formatted
from sandbox.telegram.errors import bad_request
from sandbox.telegram.markup import utf16_length
from sandbox.telegram.params import Params


def text_content(params: Params) -> Json:
    """`text` and `entities`, or Telegram's 400 when there is nothing to read or too much of it."""
    source = params.text("text")
    if source is None:
        raise bad_request("message text is empty")
    text, entities = formatted(source, params.text("parse_mode"), params.mappings("entities"))
    if not text.strip():
        raise bad_request("text must be non-empty")
    if utf16_length(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return {"text": text, **({"entities": entities} if entities else {})}


def caption_content(params: Params) -> Json:
    """`caption` and `caption_entities`; nothing when there is no caption."""
    source = params.text("caption")
    if source is None:
        return {}
    text, entities = formatted(source, params.text("parse_mode"), params.mappings("caption_entities"))
    if utf16_length(text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return {"caption": text, **({"caption_entities": entities} if entities else {})} if text else {}
