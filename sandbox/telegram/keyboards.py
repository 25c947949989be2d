"""Keyboards: Telegram's rules for the buttons a bot may send."""

import ipaddress
import json
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from sandbox.records import Json
from sandbox.telegram.errors import ApiError, bad_request

MOST_BUTTONS: Final = 100
LONGEST_CALLBACK_BYTES: Final = 64
LONGEST_COPIED: Final = 256

KINDS: Final = ("inline_keyboard", "keyboard", "remove_keyboard", "force_reply")
_INLINE_ACTIONS: Final = (
    "callback_data",
    "url",
    "web_app",
    "copy_text",
    "switch_inline_query",
    "switch_inline_query_current_chat",
)


def read_markup(source: object, *, private: bool) -> Json | None:
    """The `reply_markup` of a call, checked; raises Telegram's 400."""
    markup = _decoded(source)
    if not markup:
        return None
    kinds = [kind for kind in KINDS if kind in markup]
    if len(kinds) != 1:
        raise bad_request("can't parse reply keyboard markup JSON object")
    if kinds == ["inline_keyboard"]:
        return {"inline_keyboard": _rows(markup["inline_keyboard"], lambda button: _inline_button(button, private))}
    if kinds == ["keyboard"]:
        return {**markup, "keyboard": _rows(markup["keyboard"], lambda button: _reply_button(button, private))}
    return markup


def is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _decoded(source: object) -> Json | None:
    try:
        markup = json.loads(source) if isinstance(source, str) else source
    except ValueError as error:
        raise bad_request("can't parse reply keyboard markup JSON object") from error
    if markup is not None and not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    return markup


def _rows(rows: object, check: Callable[[object], Json]) -> list[list[Json]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse keyboard: the keyboard must be an Array of Arrays")
    checked = [[check(button) for button in row] for row in rows if row]
    if sum(len(row) for row in checked) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    return checked


def _inline_button(button: object, private: bool) -> Json:  # noqa: FBT001 (bound by name where it is used)
    if not isinstance(button, dict):
        raise _unreadable("inline keyboard button must be an Object")
    if not str(button.get("text", "")).strip():
        raise _unreadable("inline keyboard button text must be non-empty")
    actions = [action for action in _INLINE_ACTIONS if action in button]
    if len(actions) != 1:
        raise _unreadable("Text buttons are unallowed in the inline keyboard")
    if "web_app" in button and not private:
        raise bad_request("BUTTON_TYPE_INVALID")
    _ACTION_RULES.get(actions[0], _anything)(button[actions[0]])
    return button


def _callback_data(data: object) -> None:
    if not 1 <= len(str(data).encode()) <= LONGEST_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")


def _url(address: object) -> None:
    """Real Telegram also refuses addresses without a dot; loopback is allowed here, where everything lives."""
    parts = urlsplit(str(address))
    if parts.scheme == "tg":
        return
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not ("." in host or is_loopback(str(address))):
        raise bad_request(f"inline keyboard button URL '{address}' is invalid: Wrong HTTP URL")


def _web_app(content: object) -> None:
    """Real Telegram opens HTTPS alone; on this machine plain HTTP will do."""
    address = str(content.get("url", "")) if isinstance(content, dict) else ""
    if not (address.startswith("https://") or is_loopback(address)):
        raise bad_request(f"inline keyboard button Web App URL '{address}' is invalid: Only HTTPS links are allowed")


def _copy_text(content: object) -> None:
    text = content.get("text", "") if isinstance(content, dict) else ""
    if not 1 <= len(str(text)) <= LONGEST_COPIED:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _anything(_: object) -> None:
    """Inline queries are drawn but not played."""


_ACTION_RULES: Final[dict[str, Callable[[object], None]]] = {
    "callback_data": _callback_data,
    "url": _url,
    "web_app": _web_app,
    "copy_text": _copy_text,
}


def _reply_button(button: object, private: bool) -> Json:  # noqa: FBT001 (bound by name where it is used)
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict):
        raise _unreadable("keyboard button must be a String or an Object")
    if not str(button.get("text", "")).strip():
        raise _unreadable("keyboard button text must be non-empty")
    if button.get("request_contact") and not private:
        raise bad_request("phone number can be requested in private chats only")
    if button.get("request_location") and not private:
        raise bad_request("location can be requested in private chats only")
    return button


def _unreadable(reason: str) -> ApiError:
    return bad_request(f"can't parse keyboard button: {reason}")
