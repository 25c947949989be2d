"""Interactive messages: reply buttons, lists and call-to-action links, within Meta's limits."""

from collections.abc import Callable
from typing import Final

from sandbox.records import Json
from sandbox.whatsapp.errors import bad_parameter, invalid
from sandbox.whatsapp.fields import mapping, mappings, text, web_address

LONGEST_BODY: Final = 1024
LONGEST_LIST_BODY: Final = 4096
LONGEST_HEADER: Final = 60
LONGEST_FOOTER: Final = 60

MOST_BUTTONS: Final = 3
LONGEST_BUTTON: Final = 20
LONGEST_BUTTON_ID: Final = 256

MOST_ROWS: Final = 10
MOST_SECTIONS: Final = 10
LONGEST_SECTION: Final = 24
LONGEST_ROW: Final = 24
LONGEST_DESCRIPTION: Final = 72
LONGEST_ROW_ID: Final = 200

HEADER_MEDIA: Final = ("image", "document", "video")


def check_interactive(interactive: Json) -> None:
    """Raise Meta's refusal unless a phone could show this."""
    kind = str(interactive.get("type"))
    if kind not in _ACTIONS:
        raise bad_parameter(f"(#100) Param interactive['type'] must be one of {{{', '.join(_ACTIONS).upper()}}}.")
    most = LONGEST_LIST_BODY if kind == "list" else LONGEST_BODY
    text(mapping(interactive, "body", "interactive."), "text", "Body text", most)
    if "footer" in interactive:
        text(mapping(interactive, "footer"), "text", "Footer text", LONGEST_FOOTER)
    if "header" in interactive:
        _check_header(mapping(interactive, "header"), allow_media=kind != "list")
    _ACTIONS[kind](mapping(interactive, "action", "interactive."))


def _check_header(header: Json, *, allow_media: bool) -> None:
    kind = header.get("type")
    if kind == "text":
        text(header, "text", "Header text", LONGEST_HEADER)
    elif kind not in HEADER_MEDIA or not allow_media:
        raise invalid("Header type is not supported for this interactive message.")
    else:
        mapping(header, str(kind), "header.")


def _check_buttons(action: Json) -> None:
    buttons = mappings(action, "buttons", "interactive.action.")
    if not 1 <= len(buttons) <= MOST_BUTTONS:
        raise invalid(f"Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {MOST_BUTTONS}")
    replies = [_reply(button) for button in buttons]
    for name in ("id", "title"):
        if len({reply[name] for reply in replies}) < len(replies):
            raise invalid(f"Button {name}s must be unique.")


def _reply(button: Json) -> Json:
    if button.get("type") != "reply":
        raise invalid("Button type must be reply.")
    reply = mapping(button, "reply", "interactive.action.buttons.")
    text(reply, "title", "Button title", LONGEST_BUTTON)
    text(reply, "id", "Button id", LONGEST_BUTTON_ID)
    if reply["id"] != reply["id"].strip():
        raise invalid("Button id must not have leading or trailing spaces.")
    return reply


def _check_list(action: Json) -> None:
    text(action, "button", "Button label", LONGEST_BUTTON)
    sections = mappings(action, "sections", "interactive.action.")
    if not 1 <= len(sections) <= MOST_SECTIONS:
        raise invalid(f"Invalid sections count. Min allowed sections: 1, Max allowed sections: {MOST_SECTIONS}")
    rows: list[Json] = []
    for section in sections:
        if len(sections) > 1 or "title" in section:
            text(section, "title", "Section title", LONGEST_SECTION)
        found = mappings(section, "rows", "interactive.action.sections.")
        if not found:
            raise invalid("A section must have at least one row.")
        rows += found
    if len(rows) > MOST_ROWS:
        raise invalid(f"Total row count exceed max allowed count: {MOST_ROWS}")
    for row in rows:
        text(row, "id", "Row id", LONGEST_ROW_ID)
        text(row, "title", "Row title", LONGEST_ROW)
        if row.get("description"):
            text(row, "description", "Row description", LONGEST_DESCRIPTION)
    if len({row["id"] for row in rows}) < len(rows):
        raise invalid("Duplicated row id.")


def _check_link(action: Json) -> None:
    if action.get("name") != "cta_url":
        raise invalid("Action name must be cta_url.")
    parameters = mapping(action, "parameters", "interactive.action.")
    text(parameters, "display_text", "Button display text", LONGEST_BUTTON)
    web_address(parameters, "url", "Button url")


_ACTIONS: Final[dict[str, Callable[[Json], None]]] = {
    "button": _check_buttons,
    "list": _check_list,
    "cta_url": _check_link,
}
