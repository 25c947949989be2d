"""Telegram's HTML: parsed into plain text and entities, with the service's own complaints."""

import html
from dataclasses import dataclass
from typing import Final

from sandbox.records import Json
from sandbox.telegram.errors import ApiError, bad_request

ENTITY_BY_TAG: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
}

# The only named references Telegram knows; any other stays as it was typed.
REFERENCES: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Return the text and its entities (offsets in UTF-16 units); raise Telegram's 400 for a mistake in the markup."""
    return _Parser(source).parse()


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class _Tag:
    name: str
    attributes: dict[str, str]
    begins: int


class _Parser:
    """Walks through the source once; Telegram's own parser does the same, so mistakes are told alike."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._text = ""
        self._open: list[_Tag] = []
        self._entities: list[Json] = []

    def parse(self) -> tuple[str, list[Json]]:
        while self._at < len(self._source):
            if self._source.startswith("</", self._at):
                self._end_tag()
            elif self._source[self._at] == "<":
                self._start_tag()
            else:
                self._text += self._character()
        if self._open:
            raise _mistake(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return self._text, sorted(self._entities, key=lambda entity: (entity["offset"], -entity["length"]))

    def _start_tag(self) -> None:
        begin = self._at
        self._at += 1
        name = self._until(">").lower()
        if self._peek() == "":
            raise _mistake(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if name not in ENTITY_BY_TAG:
            raise _mistake(f'Unsupported start tag "{name}" at byte offset {self._byte(begin)}')
        attributes = self._attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise _mistake(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self._open.append(_Tag(name, attributes, utf16_length(self._text)))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            self._skip_spaces()
            if self._peek() == ">":
                self._at += 1
                return found
            name = self._until("=>/").lower()
            if not name:
                raise _mistake(f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}')
            self._skip_spaces()
            found[name] = self._attribute_value(begin) if self._peek() == "=" else ""

    def _attribute_value(self, begin: int) -> str:
        self._at += 1
        self._skip_spaces()
        quote = self._peek()
        if quote not in {"'", '"'}:
            return self._until(">").lower()
        self._at += 1
        value = ""
        while self._peek() not in {"", quote}:
            value += self._character()
        if self._peek() == "":
            raise _mistake(f"Unclosed start tag at byte offset {self._byte(begin)}")
        self._at += 1
        return value

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise _mistake(f"Unexpected end tag at byte offset {self._byte(begin)}")
        self._at += 2
        name = self._until(">").lower()
        self._skip_spaces()
        if self._peek() != ">":
            raise _mistake(f"Unclosed end tag at byte offset {self._byte(begin)}")
        self._at += 1
        tag = self._open.pop()
        if name and name != tag.name:
            raise _mistake(
                f'Unmatched end tag at byte offset {self._byte(begin)}, expected "</{tag.name}>", found "</{name}>"'
            )
        self._close(tag)

    def _close(self, tag: _Tag) -> None:
        length = utf16_length(self._text) - tag.begins
        entity: Json = {"type": ENTITY_BY_TAG[tag.name], "offset": tag.begins, "length": length}
        if tag.name == "a":
            # A link without an address, or around nothing, is plain text.
            entity["url"] = tag.attributes.get("href") or self._source_text(tag.begins)
        elif tag.name == "blockquote" and "expandable" in tag.attributes:
            entity["type"] = "expandable_blockquote"
        if length:
            self._entities.append(entity)

    def _source_text(self, begins: int) -> str:
        return self._text.encode("utf-16-le")[begins * 2 :].decode("utf-16-le")

    def _character(self) -> str:
        if self._source[self._at] == "&":
            end = self._source.find(";", self._at, self._at + 12)
            reference = self._source[self._at + 1 : end] if end > 0 else ""
            decoded = _dereference(reference)
            if decoded:
                self._at = end + 1
                return decoded
        self._at += 1
        return self._source[self._at - 1]

    def _until(self, stops: str) -> str:
        begin = self._at
        while self._peek() and not self._peek().isspace() and self._peek() not in stops:
            self._at += 1
        return self._source[begin : self._at]

    def _skip_spaces(self) -> None:
        while self._peek().isspace():
            self._at += 1

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _byte(self, index: int) -> int:
        return len(self._source[:index].encode())


def _dereference(reference: str) -> str:
    if reference.startswith("#"):
        decoded = html.unescape(f"&{reference};")
        return "" if decoded.startswith("&#") else decoded
    return REFERENCES.get(reference, "")


def _mistake(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")
