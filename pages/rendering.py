"""How a page is made: a template, the reader's language, one style for all, and headers that let nothing else in."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import TypeAlias

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from core import i18n
from core.db import is_database_away

_COME_AGAIN = {"Retry-After": "60"}
Show: TypeAlias = Callable[[web.Request], Awaitable[web.Response]]

log = structlog.get_logger(__name__)

_TEMPLATES = Path(__file__).parent.parent / "templates"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATES), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True,
    undefined=StrictUndefined,
)  # fmt: skip
_STYLE = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
_HEADERS = {
    "Content-Security-Policy": f"{_POLICY}frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=31536000",
}


class Guarded:
    """A page that runs `script`, and no other, and may be shown within the pages of `framed_by` alone."""

    def __init__(self, script: str, framed_by: Sequence[str]) -> None:
        self.script = Markup("<script>{}</script>").format(Markup(script))  # noqa: S704 - ours
        script_hash = b64encode(sha256(script.encode()).digest()).decode()
        ancestors = " ".join(framed_by) or "'none'"
        policy = f"{_POLICY}script-src 'sha256-{script_hash}'; frame-ancestors {ancestors}"
        self.headers = {**_HEADERS, "Content-Security-Policy": policy}


def page(
    request: web.Request, template: str, status: int = HTTPStatus.OK, *, language: str | None = None,
    guarded: Guarded | None = None, **facts: object,
) -> web.Response:  # fmt: skip
    """The template in the reader's language; in it, `say` gives sentences, `moment` and `amount` what they name."""
    language = language or language_of(request)
    text = _ENVIRONMENT.get_template(template).render(
        language=language,
        languages=i18n.LANGUAGES,
        style=Markup(_STYLE),  # noqa: S704 - ours
        say=partial(i18n.text, language),
        moment=partial(i18n.moment, language),
        script=guarded.script if guarded else "",
        **facts,
    )
    return web.Response(
        text=text, status=status, content_type="text/html", headers=guarded.headers if guarded else _HEADERS
    )


def language_of(request: web.Request) -> str:
    """What the reader chose on the page, else what their telephone says."""
    chosen = request.query.get("lang", "")
    if chosen in i18n.LANGUAGES:
        return chosen
    return i18n.closest_language(request.headers.get("Accept-Language", "").split(",")[0])


def kindly(show: Show) -> Show:
    """The page, or one that asks to come again in a minute while the database is away."""

    async def shown(request: web.Request) -> web.Response:
        try:
            return await show(request)
        except Exception as error:
            if not is_database_away(error):
                raise
            log.warning("page.database_away", error=type(error).__name__)
            return come_again(request)

    return shown


def come_again(request: web.Request) -> web.Response:
    """The page that asks to come again in a minute."""
    answer = page(request, "later.html", HTTPStatus.SERVICE_UNAVAILABLE)
    answer.headers.update(_COME_AGAIN)
    return answer
