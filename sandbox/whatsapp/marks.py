"""WhatsApp's marks in a text: *bold*, _italic_, ~struck~, ```code``` and `code`, as a phone shows them."""

import re
from typing import Final

from sandbox.records import Json
from sandbox.telegram.markup import utf16_length

_KINDS: Final = {"*": "bold", "_": "italic", "~": "strikethrough", "```": "code", "`": "code"}

# A mark opens at the beginning of a word and closes at the end of one, within a line; code may have several lines.
_MARKED: Final = re.compile(
    r"(?<![^\W_])(?:(?P<code>```)(?P<block>(?s:.+?))```"
    r"|(?P<tick>`)(?P<line>[^`\n]+)`"
    r"|(?P<mark>[*_~])(?P<words>[^\s](?:[^\n]*?[^\s])??)(?P=mark))(?![^\W_])"
)

_LINK: Final = re.compile(r"\bhttps?://[^\s<>\"]+[^\s<>\"'.,;:!?»)\]]|\bwa\.me/[A-Za-z0-9_?=&/%+-]+")


def shown(source: str) -> tuple[str, list[Json]]:
    """What a person reads, and its entities as the Telegram room has them, so that one page draws both."""
    text, entities = _unmarked(source, 0)
    links = [
        {"type": "url", "offset": utf16_length(text[: link.start()]), "length": utf16_length(link.group())}
        for link in _LINK.finditer(text)
    ]
    return text, sorted([*entities, *links], key=lambda entity: (entity["offset"], -entity["length"]))


def _unmarked(source: str, offset: int) -> tuple[str, list[Json]]:
    text, entities, begin = "", [], 0
    for found in _MARKED.finditer(source):
        text += source[begin : found.start()]
        begin = found.end()
        kind = _KINDS[found["code"] or found["tick"] or found["mark"]]
        at = offset + utf16_length(text)
        inner, nested = (found["block"] or found["line"], []) if kind == "code" else _unmarked(found["words"], at)
        entities += [{"type": kind, "offset": at, "length": utf16_length(inner)}, *nested]
        text += inner
    return text + source[begin:], entities
