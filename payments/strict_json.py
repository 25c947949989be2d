"""JSON from outside, read so strictly that what was signed is what we act upon."""

import json
import math
import re

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]

_DEEPEST = 32
_LONGEST_INTEGER = 19
_LARGEST_AMOUNT = 10**12
_WHOLE = re.compile(r"[0-9]{1,15}(?:\.0{1,6})?")
_IDENTIFIER = re.compile(r"[\x21-\x7e]{1,100}")
_CANONICAL = json.JSONEncoder(sort_keys=True, allow_nan=False)


class UnreadableJson(ValueError):
    """Not an object that two readers would understand alike; the message says why, without the content."""


def read_object(body: bytes) -> JsonObject:
    """The one object that `body` is.

    Refuses what Python's reader takes and a signature over the re-written object would not see: other encodings,
    duplicate keys (the last would win), NaN and Infinity (`1e400` becomes one silently), integers and nesting that cost
    more to read than to send.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=_short_integer,
            parse_float=_finite,
        )
    except UnreadableJson:
        raise
    except (ValueError, RecursionError):
        raise UnreadableJson("not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise UnreadableJson("not an object")
    # What has few brackets cannot be deep; nearly all have one.
    if body.count(b"{") + body.count(b"[") > _DEEPEST:
        _refuse_depth(value)
    return value


def canonical(value: JsonObject) -> str:
    """The text that GetMiPay signs: Python's own defaults, keys sorted, everything in ASCII."""
    return _CANONICAL.encode(value)


def whole_francs(value: JsonValue) -> int | None:
    """`5000`, `5000.0` and `"5000"` are five thousand francs; nonsense, or more than anybody ever paid, is None."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value.partition(".")[0])
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LARGEST_AMOUNT:
        return None
    return int(value) if value == int(value) else None


def identifier(value: JsonValue) -> str | None:
    """An id or a reference as it may stand in our tables; None when it is not printable ASCII of a sane length."""
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None


def printable(text: str, length: int = 200) -> str:
    """A provider's words as a database takes them: PostgreSQL refuses NUL and half characters."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")[:length]


def _without_duplicates(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise UnreadableJson("duplicate keys")
    return value


def _refuse_constant(_: str) -> JsonValue:
    raise UnreadableJson("not a number")


def _short_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _LONGEST_INTEGER:
        raise UnreadableJson("integer too long")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise UnreadableJson("number too large")
    return number


def _refuse_depth(value: JsonValue) -> None:
    level: list[JsonValue] = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return
    raise UnreadableJson("nested too deep")


def _children(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
