"""Texts as Telegram keeps them: trimmed, measured, with their entities found and drawn."""

import html
import re
from collections.abc import Iterator
from typing import Final

from sandbox.records import Json
from sandbox.telegram.errors import bad_request
from sandbox.telegram.markup import parse_html, utf16_length

LONGEST_TEXT: Final = 4096
LONGEST_CAPTION: Final = 1024

_FOUND: Final = re.compile(
    r"(?P<bot_command>(?<![\w/@>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/]))"
    r"|(?P<url>\bhttps?://[^\s<>\"]+[^\s<>\"'.,;:!?»)\]]|\bt\.me/[A-Za-z0-9_?=&/-]+)"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?P<mention>(?<![\w@])@[A-Za-z][A-Za-z0-9_]{3,31}\b)"
    r"|(?P<hashtag>(?<![\w#])#\w*[^\W\d]\w*)"
)

_HTML_TAG: Final = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "spoiler": "tg-spoiler",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}


def formatted(source: str, parse_mode: str | None, entities: list[Json]) -> tuple[str, list[Json]]:
    """The text a bot sends, without its markup; raises Telegram's 400."""
    if not parse_mode:
        text = source.rstrip()
        _check_entities(entities, utf16_length(text))
        return with_found_entities(text, entities)
    if parse_mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    text, parsed = parse_html(source)
    lead = utf16_length(text) - utf16_length(text.lstrip())
    return with_found_entities(*_trimmed(text, parsed, lead))


def with_found_entities(text: str, given: list[Json]) -> tuple[str, list[Json]]:
    """Add the commands, links and mentions Telegram finds by itself outside the given entities."""
    taken = [(entity["offset"], entity["offset"] + entity["length"]) for entity in given if _is_opaque(entity)]
    found = [
        entity
        for entity in _find(text)
        if not any(entity["offset"] < end and begin < entity["offset"] + entity["length"] for begin, end in taken)
    ]
    return text, sorted([*given, *found], key=lambda entity: (entity["offset"], -entity["length"]))


def as_html(text: str, entities: list[Json]) -> str:
    """The text as safe HTML, for those who read through the JSON API."""
    units = text.encode("utf-16-le")
    opening: dict[int, list[str]] = {}
    closing: dict[int, list[str]] = {}
    for entity in entities:
        before, after = _tags(entity, _slice(units, entity))
        opening.setdefault(entity["offset"], []).append(before)
        closing.setdefault(entity["offset"] + entity["length"], []).insert(0, after)
    drawn = []
    at = 0
    for cut in sorted({*opening, *closing, len(units) // 2}):
        drawn.append(html.escape(units[at * 2 : cut * 2].decode("utf-16-le"), quote=False))
        drawn.extend(closing.get(cut, []))
        drawn.extend(opening.get(cut, []))
        at = cut
    return "".join(drawn)


def _check_entities(entities: list[Json], most: int) -> None:
    for entity in entities:
        begin, length = entity.get("offset"), entity.get("length")
        if "type" not in entity or not isinstance(begin, int) or not isinstance(length, int):
            raise bad_request("can't parse MessageEntity")
        if begin < 0 or length < 1 or begin + length > most:
            raise bad_request("entity begins or ends outside of the text")


def _find(text: str) -> Iterator[Json]:
    for match in _FOUND.finditer(text):
        yield {
            "type": str(match.lastgroup),
            "offset": utf16_length(text[: match.start()]),
            "length": utf16_length(match.group()),
        }


def _is_opaque(entity: Json) -> bool:
    return entity["type"] in {"code", "pre", "text_link", "text_mention"}


def _trimmed(text: str, entities: list[Json], lead: int) -> tuple[str, list[Json]]:
    kept = text.strip()
    most = utf16_length(kept)
    moved = []
    for entity in entities:
        begin = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] + entity["length"] - lead, most)
        if end > begin:
            moved.append({**entity, "offset": begin, "length": end - begin})
    return kept, moved


def _tags(entity: Json, covered: str) -> tuple[str, str]:
    if entity["type"] in {"text_link", "url"}:
        address = html.escape(entity.get("url", covered))
        return f'<a href="{address}">', "</a>"
    tag = _HTML_TAG.get(entity["type"])
    return (f"<{tag}>", f"</{tag}>") if tag else ("", "")


def _slice(units: bytes, entity: Json) -> str:
    begin = entity["offset"] * 2
    return units[begin : begin + entity["length"] * 2].decode("utf-16-le")
