"""How the console's pages are made: a template, the operator's language, and headers that let nothing else in."""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from console import showing
from core import i18n

_TEMPLATES = Path(__file__).parent.parent / "templates" / "console"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATES), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True,
    undefined=StrictUndefined,
)  # fmt: skip
_MARK = (_TEMPLATES / "mark.html").read_text(encoding="utf-8")
_STYLE = (_TEMPLATES / "console.css").read_text(encoding="utf-8")
_IN_THEIR_LANGUAGE: dict[str, Callable[..., object]] = {
    "say": i18n.text, "at": showing.at, "ago": showing.ago, "span": showing.span, "named": showing.named,
    "owner_name": showing.owner_name, "tell": showing.tell, "short_day": showing.short_day,
}  # fmt: skip
_ALIKE: dict[str, Callable[..., object]] = {
    "amount": i18n.amount, "money": showing.money, "francs": showing.francs, "signed": showing.signed,
    "tone": showing.tone, "short_amount": showing.short_amount, "masked_id": showing.masked_id,
    "masked_number": showing.masked_number, "masked_words": showing.masked_words,
    "path_of": showing.path_of,
}  # fmt: skip

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}


def page(
    language: str, template: str, facts: Mapping[str, Any], status: int = HTTPStatus.OK
) -> web.Response:  # fmt: skip
    """The template in `language`; in it `say` gives sentences, and what `console.showing` has shows times and numbers.

    Whatever members wrote is escaped: a name can never become markup.
    """
    known = {name: partial(word, language) for name, word in _IN_THEIR_LANGUAGE.items()}
    text = _ENVIRONMENT.get_template(template).render(language=language, **known, **_ALIKE, **facts)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


async def icon(_: web.Request) -> web.Response:
    """The house's mark."""
    return web.Response(text=_MARK, content_type="image/svg+xml", headers=HEADERS)


async def style(_: web.Request) -> web.Response:
    """The pages' one style sheet."""
    return web.Response(text=_STYLE, content_type="text/css", headers=HEADERS)
