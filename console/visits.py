"""A visit: one request of an operator who was let in, and what a page needs to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from console.house import House
from console.rendering import HEADERS, page
from core import i18n
from core.canonical import Fact
from operators import Act, Operator, may, record

_FORM_AT_MOST = 64 * 1024
_DIGITS = 20


MENU = (
    ("search", "/console", Act.SEE),
    ("decisions", "/console/decisions", Act.SEE),
    ("complaints", "/console/complaints", Act.SEE),
    ("documents", "/console/documents", Act.SEE_DOCUMENT),
    ("balance", "/console/balance", Act.SEE),
    ("queues", "/console/queues", Act.SEE),
    ("reports", "/console/reports", Act.SEE),
    ("log", "/console/log", Act.MANAGE_OPERATORS),
    ("operators", "/console/operators", Act.MANAGE_OPERATORS),
)
# What a page may be asked to say that was just done: only what stands here is ever said.
DONE = {
    name: name
    for name in (
        "added",
        "role",
        "dismissed",
        "sessions",
        "approved",
        "rejected",
        "identified",
        "refused",
        "frozen",
        "unfrozen",
        "pin",
        "proposed",
        "answered",
        "ended",
    )
}


class NotFound(Exception):
    """There is no such thing; the page says so."""


@dataclass(frozen=True, slots=True)
class Visit:
    """`form` holds what was typed, `query` what the address says; `form_word` goes into every form."""

    house: House
    operator: Operator
    request: web.Request
    form_word: str
    form: Mapping[str, str]

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    def named(self, name: str) -> str:
        """A part of the address, such as a payment's reference."""
        return self.request.match_info[name]

    def id_named(self, name: str) -> UUID:
        """A part of the address that is an id; raises NotFound for anything else."""
        try:
            return UUID(self.request.match_info[name])
        except ValueError:
            raise NotFound from None

    def typed(self, name: str) -> str:
        """What was typed into a field, on one line and without what no eye sees."""
        return printable(self.form.get(name, ""))

    def written(self, name: str) -> str:
        """What was written into a larger field, line by line."""
        return "\n".join(self.form.get(name, "").splitlines())

    def number(self, name: str, at_most: int = 2**63 - 1) -> int | None:
        """A number that the address says, if it does; raises NotFound for anything that is none."""
        said = self.query.get(name, "")
        if not said:
            return None
        if not (said.isascii() and said.isdecimal() and len(said) < _DIGITS and int(said) <= at_most):
            raise NotFound
        return int(said)

    def may(self, act: Act) -> bool:
        """Whether this operator's role does that: what it does not is not offered either."""
        return may(self.operator.role, act)

    def page(self, template: str, status: int = HTTPStatus.OK, **facts: Any) -> web.Response:
        """A page of the console, in the operator's language."""
        known: dict[str, Any] = {
            "operator": self.operator, "may": self.may, "Act": Act, "form_word": self.form_word,
            "menu": MENU, "here": _here(self.request.path), "done": DONE.get(self.query.get("done", ""), ""),
        }  # fmt: skip
        return page(self.operator.language, template, {**known, **facts}, status)

    def text(self, key: str, **params: object) -> Markup:
        """The sentence `key` in the operator's language."""
        return i18n.text(self.operator.language, key, **params)

    async def note(self, act: Act, subject: str, **detail: Fact) -> None:
        """Write into the log of acts what is being looked at, before it is shown."""
        await self.house.database.run(lambda session: record(session, self.operator, act, subject, **detail))


def printable(words: str) -> str:
    """Words on one line: what cannot be printed cannot be kept on every engine either."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def cursor(token: str) -> tuple[datetime, UUID] | None:
    """Where a page of a list begins, as its address says it; raises NotFound for what is no such place."""
    at, _, id_ = token.partition("|")
    try:
        when = datetime.fromisoformat(at) if token else None
        place = (when, UUID(id_)) if when else None
    except ValueError:
        raise NotFound from None
    if place is not None and place[0].utcoffset() != timedelta(0):
        raise NotFound
    return place


def _here(path: str) -> str:
    """Which entry of the menu leads to this page."""
    found = [(len(address), name) for name, address, _ in MENU if f"{path}/".startswith(f"{address}/")]
    return max(found)[1] if found else ""


def led_to(path: str, **query: str) -> web.Response:
    """After an act: the page where it is seen, asked for anew, so that going back repeats nothing."""
    address = f"{path}?{urlencode(query)}" if query else path
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={**HEADERS, "Location": address})


async def form_of(request: web.Request) -> Mapping[str, str]:
    """What was typed into a form; nothing where the body is no form. Raises HTTPRequestEntityTooLarge."""
    if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
        return {}
    length = request.content_length or 0
    if length > _FORM_AT_MOST:
        raise web.HTTPRequestEntityTooLarge(_FORM_AT_MOST, length)
    try:
        fields = await request.post()
    except (ValueError, LookupError):
        # Not in the letters that it says it is in.
        return {}
    return {name: value for name, value in fields.items() if isinstance(value, str)}
