"""The way in and out, and the guard before every other page: who comes, whether they may, whether the form is ours."""

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from console import sessions
from console.doors import DOORS, Door
from console.house import House
from console.links import LINK_LIFE, is_good, use_link
from console.rendering import HEADERS, icon, page, style
from console.visits import NotFound, Visit, form_of, led_to
from core import i18n
from core.db import is_database_away
from core.errors import Refusal
from operators import Act, NotAllowed, Operator, may, record

log = structlog.get_logger(__name__)

HOME = "/console"
_LOGIN, _LOGOUT = f"{HOME}/login", f"{HOME}/logout"
_FORM_WORD = "form_word"
# With this prefix a browser takes the cookie from an HTTPS page of this very host only.
_COOKIE, _PLAIN_COOKIE = "__Host-cauri-console", "cauri-console"
# A browser says where a form comes from; those that do not are held off by the form's word alone.
_OURS = {None, "same-origin", "none"}
_TOKEN_AT_MOST = 100

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def console_routes(house: House) -> list[web.RouteDef]:
    """The console's routes. Whoever is not let in sees the way in, and nothing of what is behind it."""
    desk = _Desk(house)
    return [
        web.get(f"{HOME}/console.css", style),
        web.get(f"{HOME}/cauri.svg", icon),
        web.get(_LOGIN, _shielded(desk.ask_in)),
        web.post(_LOGIN, _shielded(desk.come_in)),
        web.post(_LOGOUT, _shielded(desk.go_out)),
        web.get(f"{HOME}/", _shielded(desk.lead_home)),
        *(web.route(door.method, HOME + door.path, _shielded(partial(desk.open, door))) for door in DOORS),
        web.route("*", f"{HOME}/{{nowhere:.*}}", _shielded(desk.lead_nowhere)),
    ]


def _shielded(answer: Answer) -> Answer:
    """The same with the console's headers on every answer, and a page that asks to come again while the database is
    away."""

    async def shielded(request: web.Request) -> web.StreamResponse:
        language = i18n.closest_language(request.headers.get("Accept-Language", "").split(",")[0])
        try:
            return await answer(request)
        except web.HTTPException as error:
            error.headers.update(HEADERS)
            raise
        except Exception as error:
            if not is_database_away(error):
                raise
            log.warning("console.database_away", error=type(error).__name__)
            later = page(
                language, "outside.html", {"what": "later", "token": "", "again": ""}, HTTPStatus.SERVICE_UNAVAILABLE
            )
            later.headers["Retry-After"] = "10"
            return later

    return shielded


class _Desk:
    def __init__(self, house: House) -> None:
        self._house = house
        self._cookie = _COOKIE if house.is_secure else _PLAIN_COOKIE

    async def lead_home(self, _: web.Request) -> web.Response:
        """The same address as people type it."""
        return led_to(HOME)

    async def lead_nowhere(self, request: web.Request) -> web.Response:
        """There is no such page, for whoever asks: it says so as shielded as every other."""
        return _outside(request, "nowhere", HTTPStatus.NOT_FOUND)

    async def ask_in(self, request: web.Request) -> web.Response:
        """The link's page. Looking at it uses nothing up: chats look at links too, before people do."""
        token = request.query.get("token", "")[:_TOKEN_AT_MOST]
        return _outside(request, "welcome" if token else "out", token=token)

    async def come_in(self, request: web.Request) -> web.Response:
        """Whoever brings a link's token sits down."""
        if not _is_from_here(request):
            return _outside(request, "refused", HTTPStatus.FORBIDDEN)
        given = (await form_of(request)).get("token", "")[:_TOKEN_AT_MOST]
        async with self._house.database.reading() as session:
            good = await is_good(session, given)
        token = await self._house.database.run(lambda session: _sit_down(session, given)) if good else None
        if token is None:
            return _outside(request, "used", HTTPStatus.FORBIDDEN)
        answer = led_to(HOME)
        answer.set_cookie(
            self._cookie, token, path="/", httponly=True, secure=self._house.is_secure, samesite="Strict",
        )  # fmt: skip
        return answer

    async def go_out(self, request: web.Request) -> web.Response:
        """Stand up."""
        token = request.cookies.get(self._cookie, "")
        if await self._who(token) is None:
            return _outside(request, "out", HTTPStatus.UNAUTHORIZED)
        if not await _is_our_form(request, token):
            return _outside(request, "refused", HTTPStatus.FORBIDDEN)
        await self._house.database.run(lambda session: sessions.end(session, token))
        answer = _outside(request, "gone")
        answer.del_cookie(self._cookie, path="/", httponly=True, secure=self._house.is_secure, samesite="Strict")
        return answer

    async def open(self, door: Door, request: web.Request) -> web.StreamResponse:
        """A page, for whoever is let in and may see it."""
        token = request.cookies.get(self._cookie, "")
        operator = await self._who(token)
        if operator is None:
            return _outside(request, "out", HTTPStatus.UNAUTHORIZED, again=request.path if door.method == "GET" else "")
        if door.method == "POST" and not await _is_our_form(request, token):
            return _outside(request, "refused", HTTPStatus.FORBIDDEN)
        visit = Visit(self._house, operator, request, sessions.form_word(token), await form_of(request))
        if not may(operator.role, door.act):
            return _refused(visit, NotAllowed(act=door.act.value))
        try:
            return await door.show(visit)
        except Refusal as refusal:
            return _refused(visit, refusal)
        except NotFound:
            return visit.page("refused.html", HTTPStatus.NOT_FOUND, why=visit.text("console.not_found"), back="")

    async def _who(self, token: str) -> Operator | None:
        if not token:
            return None
        async with self._house.database.reading() as session:
            operator, is_to_be_seen = await sessions.sits(session, token)
        if is_to_be_seen:
            await self._house.database.run(lambda session: sessions.see(session, token))
        return operator


async def _sit_down(session: AsyncSession, given: str) -> str | None:
    operator = await use_link(session, given)
    if operator is None:
        return None
    await record(session, operator, Act.LOG_IN, f"operator:{operator.name}", did="came in")
    return await sessions.begin(session, operator)


def _refused(visit: Visit, refusal: Refusal) -> web.Response:
    status = HTTPStatus.FORBIDDEN if isinstance(refusal, NotAllowed) else HTTPStatus.CONFLICT
    why = visit.text(refusal.key, **refusal.params)
    return visit.page("refused.html", status, why=why, back=visit.form.get("back", ""))


def _outside(
    request: web.Request, what: str, status: int = HTTPStatus.OK, *, token: str = "", again: str = ""
) -> web.Response:  # fmt: skip
    """A page for whoever has not been let in, in the language of their browser."""
    language = i18n.closest_language(request.headers.get("Accept-Language", "").split(",")[0])
    minutes = LINK_LIFE.seconds // 60
    return page(language, "outside.html", {"what": what, "token": token, "again": again, "minutes": minutes}, status)


def _is_from_here(request: web.Request) -> bool:
    return request.headers.get("Sec-Fetch-Site") in _OURS


async def _is_our_form(request: web.Request, token: str) -> bool:
    return _is_from_here(request) and sessions.is_form_word(token, (await form_of(request)).get(_FORM_WORD, ""))
