"""Template messages: an approved template with its blanks filled in, as the person reads it."""

import re
from typing import Final

from sandbox.records import Json
from sandbox.whatsapp.errors import GraphError, bad_parameter, missing
from sandbox.whatsapp.fields import mapping, mappings
from sandbox.whatsapp.templates import BLANK, LONGEST_BODY, Template, Templates, blanks

# Meta's own words: no new line, no tab, at most four spaces in a row.
_FORBIDDEN: Final = re.compile(r"[\n\r\t]| {5,}")


def filled_template(templates: Templates, content: Json) -> Json:
    """The template named, as `content` of a message: its words filled in, and its buttons with what a tap sends."""
    name = str(content.get("name", ""))
    language = str(mapping(content, "language", "template.").get("code", ""))
    template = templates.named(name, language)
    if template is None or template.status != "APPROVED":
        raise GraphError(132001, f"template name ({name}) does not exist in {language}")
    given = mappings(content, "components", "template.")
    filled: Json = {"name": name, "language": {"code": language}}
    for part in ("header", "body", "footer"):
        words = (template.component(part.upper()) or {}).get("text")
        if words is not None:
            filled[part] = _fill(part, words, _parameters(given, part))
    if len(filled["body"]) > LONGEST_BODY:
        raise GraphError(132005, f"body: the translated text has {len(filled['body'])} characters")
    buttons = _buttons(template, given)
    return {**filled, "buttons": buttons} if buttons else filled


def _parameters(given: list[Json], kind: str) -> list[str]:
    component = next((each for each in given if str(each.get("type", "")).lower() == kind), {})
    return [_value(parameter) for parameter in mappings(component, "parameters", f"{kind}.")]


def _value(parameter: Json) -> str:
    if parameter.get("type") != "text":
        raise bad_parameter("(#100) The sandbox only fills in parameters of type text.")
    value = parameter.get("text")
    if not isinstance(value, str) or not value.strip():
        raise missing("Parameter of type text is missing text value")
    if _FORBIDDEN.search(value):
        raise GraphError(132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
    return value


def _fill(part: str, words: str, values: list[str]) -> str:
    expected = blanks(words)
    if len(values) != expected:
        raise GraphError(
            132000,
            f"{part}: number of localizable_params ({len(values)}) does not match the expected number of params"
            f" ({expected})",
        )
    return BLANK.sub(lambda blank: values[int(blank[1]) - 1], words)


def _buttons(template: Template, given: list[Json]) -> list[Json]:
    drawn = (template.component("BUTTONS") or {}).get("buttons", [])
    return [_button(button, index, given) for index, button in enumerate(drawn)]


def _button(button: Json, index: int, given: list[Json]) -> Json:
    kind = str(button["type"]).lower()
    ours = (each for each in given if each.get("type") == "button" and str(each.get("index")) == str(index))
    parameters = mappings(next(ours, {}), "parameters", "button.")
    if kind == "quick_reply":
        payload = parameters[0].get("payload") if parameters else None
        return {"type": kind, "text": button["text"], "payload": str(payload or button["text"])}
    if kind == "url":
        values = [_value(parameter) for parameter in parameters]
        return {"type": kind, "text": button["text"], "url": _fill(f"buttons[{index}]", button["url"], values)}
    return {"type": kind, "text": button["text"], "phone_number": button.get("phone_number", "")}
