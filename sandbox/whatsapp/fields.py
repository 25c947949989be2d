"""Reading the fields of a call, with Meta's refusal where one is missing, of another type, or too long."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from sandbox.records import Json
from sandbox.telegram.keyboards import is_loopback
from sandbox.whatsapp.errors import bad_parameter, invalid, missing

LONGEST_URL: Final = 2000


def mapping(source: Json, name: str, path: str = "") -> Json:
    """The object under this name."""
    value = source.get(name)
    if value is None:
        raise missing(f"{path}{name} is required.")
    if not isinstance(value, dict):
        raise bad_parameter(f"Param {path}{name} must be a JSON object.")
    return value


def mappings(source: Json, name: str, path: str = "") -> list[Json]:
    """The list of objects under this name; empty when it is left out."""
    value = source.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise bad_parameter(f"Param {path}{name} must be an array of JSON objects.")
    return value


def text(source: Json, name: str, what: str, most: int) -> str:
    """A text that must be there, of at most so many characters; `what` is Meta's name for it."""
    value = source.get(name)
    if not isinstance(value, str):
        raise missing(f"{what} is required.")
    return bounded(value, what, most)


def bounded(value: str, what: str, most: int) -> str:
    if not 1 <= len(value) <= most or not value.strip():
        raise invalid(f"{what} length invalid. Min length: 1, Max length: {most}")
    return value


def web_address(source: Json, name: str, what: str) -> str:
    """An address that a phone may open: https, or anything on this machine, where the sandbox lives."""
    value = text(source, name, what, LONGEST_URL)
    parts = urlsplit(value)
    host = parts.hostname or ""
    is_proper = parts.scheme == "https" and ("." in host or _is_ip(host))
    if not is_proper and not (parts.scheme in {"http", "https"} and is_loopback(value)):
        raise invalid(f"{what} is not a valid URL.")
    return value


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
