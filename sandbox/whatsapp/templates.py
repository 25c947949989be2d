"""The business's message templates, and their review."""

import json
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from unicodedata import category

from sandbox.records import Json, Records, dump
from sandbox.whatsapp.errors import GraphError, bad_parameter
from sandbox.whatsapp.fields import mappings, text, web_address

LONGEST_BODY: Final = 1024
LONGEST_HEADER: Final = 60
LONGEST_FOOTER: Final = 60
LONGEST_BUTTON: Final = 25
MOST_BUTTONS: Final = 10

BLANK: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")

_MARKS: Final = re.compile(r"[\n*~_`]")

_FIRST: Final = 600_000_000_000_000
_NAME: Final = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
_CATEGORIES: Final = ("UTILITY", "MARKETING", "AUTHENTICATION")
_BUTTON_TYPES: Final = ("QUICK_REPLY", "URL", "PHONE_NUMBER")


@dataclass(frozen=True)
class Template:
    """`status` is Meta's: PENDING, APPROVED or REJECTED."""

    id: str
    name: str
    language: str
    category: str
    components: list[Json]
    status: str
    reason: str | None

    def component(self, kind: str) -> Json | None:
        return next((each for each in self.components if each["type"].upper() == kind), None)

    def as_details(self) -> Json:
        told: Json = {
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "status": self.status,
            "components": self.components,
            "parameter_format": "POSITIONAL",
        }
        return {**told, "rejected_reason": self.reason} if self.reason else told


class Templates:
    def __init__(self, records: Records) -> None:
        self._records = records
        if not self._records.one("SELECT 1 FROM sqlite_sequence WHERE name = 'whatsapp_templates'"):
            self._records.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('whatsapp_templates', ?)", _FIRST)

    def create(self, body: Json) -> Template:
        """Submit a template for review; raises Meta's 100 when it cannot be one."""
        name, language, category = (str(body.get(field, "")) for field in ("name", "language", "category"))
        if not _NAME.fullmatch(name):
            raise bad_parameter("Param name must be lowercase letters, digits and underscores, at most 512.")
        if not _LANGUAGE.fullmatch(language):
            raise bad_parameter(f'Param language must be one of the supported languages - got "{language}".')
        if category.upper() not in _CATEGORIES:
            raise bad_parameter(f'Param category must be one of {{{", ".join(_CATEGORIES)}}} - got "{category}".')
        if str(body.get("parameter_format", "POSITIONAL")).upper() != "POSITIONAL":
            raise bad_parameter("The sandbox only knows positional parameters.")
        components = mappings(body, "components")
        _check_components(components)
        if self.named(name, language) is not None:
            raise GraphError(100, title="Content in this language already exists", subcode=2388024)
        template_id = self._records.run(
            "INSERT INTO whatsapp_templates (name, language, category, components, status) VALUES (?, ?, ?, ?, ?)",
            name,
            language,
            category.upper(),
            dump(components),
            "PENDING",
        )
        return self.require(str(template_id))

    def review(self, template: Template, status: str, reason: str | None = None) -> Template:
        self._records.run(
            "UPDATE whatsapp_templates SET status = ?, reason = ? WHERE id = ?", status, reason, template.id
        )
        return self.require(template.id)

    def delete(self, name: str, template_id: str | None = None) -> bool:
        """Delete a template in all its languages, or in one; False when there is none."""
        doomed = [each for each in self.all() if each.name == name and template_id in (None, each.id)]
        for template in doomed:
            self._records.run("DELETE FROM whatsapp_templates WHERE id = ?", template.id)
        return bool(doomed)

    def all(self) -> list[Template]:
        return [_template(row) for row in self._records.all("SELECT * FROM whatsapp_templates ORDER BY id")]

    def require(self, template_id: str) -> Template:
        template = self.get(template_id)
        if template is None:
            raise LookupError(f"no template {template_id}")
        return template

    def get(self, template_id: str) -> Template | None:
        row = self._records.one("SELECT * FROM whatsapp_templates WHERE id = ?", template_id)
        return _template(row) if row else None

    def named(self, name: str, language: str) -> Template | None:
        row = self._records.one("SELECT * FROM whatsapp_templates WHERE name = ? AND language = ?", name, language)
        return _template(row) if row else None


def blanks(words: str) -> int:
    """How many parameters these words want."""
    return len(set(BLANK.findall(words)))


def _check_components(components: list[Json]) -> None:
    kinds = [str(component.get("type", "")).upper() for component in components]
    if kinds.count("BODY") != 1 or len(set(kinds)) < len(kinds):
        raise bad_parameter("Param components must have exactly one BODY, and each other type once at most.")
    for kind, component in zip(kinds, components, strict=True):
        if kind not in _CHECKS:
            raise bad_parameter(f"Param components type must be one of {{{', '.join(_CHECKS)}}}.")
        _CHECKS[kind](component)


def _check_header(header: Json) -> None:
    if str(header.get("format", "TEXT")).upper() == "TEXT":
        words = text(header, "text", "Header text", LONGEST_HEADER)
        _check_plain(BLANK.sub("", words), "Headers")
        _check_blanks(header, words, "header_text", most=1)


def _check_body(body: Json) -> None:
    words = text(body, "text", "Body text", LONGEST_BODY)
    _check_blanks(body, words, "body_text")
    if BLANK.match(words.strip()) or re.search(rf"{BLANK.pattern}\Z", words.strip()):
        raise GraphError(100, title="Variables can't be at the start or end of the template.", subcode=2388299)


def _check_blanks(component: Json, words: str, example: str, most: int = 1000) -> None:
    found = sorted(set(BLANK.findall(words)), key=lambda name: int(name) if name.isdigit() else 0)
    if found != [str(number) for number in range(1, len(found) + 1)] or len(found) > most:
        raise GraphError(100, title="The variables must be numbered {{1}}, {{2}} and so on.", subcode=2388024)
    if len(_examples(component, example)) != len(found):
        raise GraphError(
            100, title="Message templates with variables must have an example for each variable.", subcode=2388043
        )


def _examples(component: Json, name: str) -> list[object]:
    """The examples of a text, which Meta wants in a list within a list for the body only."""
    example = component.get("example")
    given = example.get(name) if isinstance(example, dict) else None
    if not isinstance(given, list):
        return []
    return given[0] if given and isinstance(given[0], list) else given


def _check_footer(footer: Json) -> None:
    if BLANK.search(text(footer, "text", "Footer text", LONGEST_FOOTER)):
        raise bad_parameter("The footer cannot have variables.")


def _check_plain(words: str, what: str) -> None:
    if BLANK.search(words) or _MARKS.search(words) or any(category(each) == "So" for each in words):
        raise GraphError(
            100, title=f"{what} can't have any variables, newlines, emojis or formatting characters.", subcode=2388047
        )


def _check_buttons(component: Json) -> None:
    buttons = mappings(component, "buttons")
    if not 1 <= len(buttons) <= MOST_BUTTONS:
        raise bad_parameter(f"A template has from 1 to {MOST_BUTTONS} buttons.")
    for button in buttons:
        if str(button.get("type", "")).upper() not in _BUTTON_TYPES:
            raise bad_parameter(f"Param buttons type must be one of {{{', '.join(_BUTTON_TYPES)}}}.")
        _check_plain(text(button, "text", "Button text", LONGEST_BUTTON), "Buttons")
        if str(button["type"]).upper() == "URL":
            web_address(button, "url", "Button url")


_CHECKS: Final[dict[str, Callable[[Json], None]]] = {
    "HEADER": _check_header,
    "BODY": _check_body,
    "FOOTER": _check_footer,
    "BUTTONS": _check_buttons,
}


def _template(row: sqlite3.Row) -> Template:
    return Template(
        str(row["id"]),
        row["name"],
        row["language"],
        row["category"],
        json.loads(row["components"]),
        row["status"],
        row["reason"],
    )
