"""The pages of tontines: a draw that anybody recomputes, and a statement that anybody checks."""

import asyncio
import json
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from core.db import Database
from pages.draws import DrawShown, draw_of
from pages.rendering import come_again, kindly, page
from tontines.chain import lines_kept
from tontines.statement_file import check_file

# Ten years of weekly rounds of fifty members take some 24 MB, fines and arrears aside.
LARGEST_MB = 32
LARGEST_FILE = LARGEST_MB * 1024 * 1024
# So many files are held in memory at a time, each for as long as it takes to send and to check it.
_AT_ONCE = 2
_SENT_WITHIN_S = 120

_CHECK = (Path(__file__).parent.parent / "templates" / "check_draw.txt").read_text(encoding="utf-8")
_CHUNK = 64 * 1024


def tontine_routes(database: Database) -> list[web.RouteDef]:
    """The routes. They show what a tontine's members may see; its ids are known to whom they were told, only."""
    pages = _TontinePages(database)
    return [
        web.get("/tontine/draw/{cycle}", kindly(pages.explain_draw)),
        web.get("/tontine/draw/{cycle}/record.json", kindly(pages.give_record)),
        web.get("/tontine/verify", pages.ask_for_statement),
        web.post("/tontine/verify", kindly(pages.check_statement)),
    ]


class _FileTooLarge(Exception):
    """More than LARGEST_FILE was sent."""


class _TontinePages:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def explain_draw(self, request: web.Request) -> web.Response:
        """A draw in plain words, recomputed now, with what one needs to recompute it oneself."""
        draw = await self._draw(request)
        if draw is None:
            return page(request, "unknown.html", HTTPStatus.NOT_FOUND)
        return page(request, "draw.html", draw=draw, check=_CHECK, record_path=f"{request.path}/record.json")

    async def give_record(self, request: web.Request) -> web.Response:
        """The public record of a revealed draw, as the lines of Python on its page read it."""
        draw = await self._draw(request)
        if draw is None or draw.record is None:
            return page(request, "unknown.html", HTTPStatus.NOT_FOUND)
        headers = {"Content-Disposition": 'attachment; filename="record.json"', "X-Robots-Tag": "noindex"}
        record = json.dumps(draw.record.model_dump(mode="json"), ensure_ascii=False, indent=2)
        return web.Response(text=record, content_type="application/json", headers=headers)

    async def ask_for_statement(self, request: web.Request) -> web.Response:
        """The form."""
        return page(request, "verify.html", asked="", at_most=LARGEST_MB)

    async def check_statement(self, request: web.Request) -> web.Response:
        """What became of a file that was sent. Nothing of it is kept."""
        if self._places.locked():
            return come_again(request)
        async with self._places:
            try:
                async with asyncio.timeout(_SENT_WITHIN_S):
                    content = await _uploaded(request)
            except _FileTooLarge:
                status, asked = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"
                return page(request, "verify.html", status, asked=asked, at_most=LARGEST_MB)
            except TimeoutError:
                content = b""
            if not content:
                return page(request, "verify.html", HTTPStatus.BAD_REQUEST, asked="no_file", at_most=LARGEST_MB)
            found = await asyncio.to_thread(check_file, content)
        kept = None
        if found.last is not None:
            async with self._database.reading() as session:
                kept = await lines_kept(session, found.last["hash"])
        return page(request, "verified.html", found=found, kept=kept)

    async def _draw(self, request: web.Request) -> DrawShown | None:
        try:
            cycle_id = UUID(request.match_info["cycle"])
        except ValueError:
            return None
        async with self._database.reading() as session:
            return await draw_of(session, cycle_id)


async def _uploaded(request: web.Request) -> bytes:
    """The first file of a form; nothing when there is none. Raises _FileTooLarge once more came than is read."""
    if request.content_type != "multipart/form-data":
        return b""
    try:
        form = await request.multipart()
        async for part in form:
            if isinstance(part, BodyPartReader) and part.filename:
                return await _read(part)
    except (ValueError, HttpProcessingError):
        # A form that was cut off, or never was one.
        return b""
    return b""


async def _read(part: BodyPartReader) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        content += chunk
        if len(content) > LARGEST_FILE:
            raise _FileTooLarge
    return bytes(content)
