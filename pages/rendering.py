"""How a page is made: a template, the reader's language, one style for all, and headers that let nothing else in."""

from base64 import b64encode
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from core import i18n

_TEMPLATES = Path(__file__).parent.parent / "templates"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATES), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True,
    undefined=StrictUndefined,
)  # fmt: skip
_STYLE = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=31536000",
}


def page(request: web.Request, template: str, status: int = HTTPStatus.OK, **facts: object) -> web.Response:
    """The template in the reader's language; in it, `say` gives sentences, `moment` and `amount` what they name."""
    language = language_of(request)
    text = _ENVIRONMENT.get_template(template).render(
        language=language,
        languages=i18n.LANGUAGES,
        style=Markup(_STYLE),  # noqa: S704 - ours
        say=partial(i18n.text, language),
        moment=partial(i18n.moment, language),
        **facts,
    )
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)


def language_of(request: web.Request) -> str:
    """What the reader chose on the page, else what their telephone says."""
    chosen = request.query.get("lang", "")
    if chosen in i18n.LANGUAGES:
        return chosen
    return i18n.closest_language(request.headers.get("Accept-Language", "").split(",")[0])
