"""The page of the PIN: chosen, typed or changed there, and never in a chat. A form that needs no script."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from http import HTTPStatus
from pathlib import Path
from typing import TypeAlias

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.telegram_app import who_opened
from core import clock, i18n
from core.db import Database
from members import Member, Pins, has_pin
from members.guard import PinLocked, WeakPin, choose_pin, claim_try, forgive, guard_of, refuse_weak, tries_left
from members.proofs import Proof, Wants, find_proof, give_proof
from members.safety import SAFETY
from pages.rendering import Guarded, kindly, page

_SCRIPT = (Path(__file__).parent.parent / "templates" / "pin.js").read_text(encoding="utf-8")


class Ask(Enum):
    """What the form asks for: the PIN, a first one, or the one there is and another."""

    PIN = auto()
    FIRST = auto()
    CHANGE = auto()

    @property
    def is_new(self) -> bool:
        return self is not Ask.PIN

    @property
    def is_known(self) -> bool:
        return self is not Ask.FIRST


class How(Enum):
    """How a visit ends that has no form."""

    DONE = auto()
    GONE = auto()
    STRANGER = auto()


@dataclass(frozen=True, slots=True)
class End:
    """Nothing more to do here, but to go back to the chat on `channel`, where it is known."""

    how: How
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Form:
    """The form, and what was wrong with what was sent: a sentence's key, and how many tries are left."""

    proof: Proof
    ask: Ask
    wrong: str | None = None
    left: int = 0

    @property
    def fields(self) -> list[str]:
        """The names of what is typed, in order."""
        return [*(["pin"] if self.ask.is_known else []), *(["new", "again"] if self.ask.is_new else [])]


@dataclass(frozen=True, slots=True)
class Locked:
    """Nobody may try before `until`, said in the member's own zone."""

    proof: Proof
    until: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class _Typed:
    pin: str
    new: str
    again: str
    opened_by: str
    """What Telegram says of who opened the page, signed; empty in any other browser."""


@dataclass(frozen=True, slots=True)
class _Try:
    """A try that counts already, and the hash it is compared with (none where there is no PIN yet)."""

    proof: Proof
    ask: Ask
    kept: str


Shown: TypeAlias = Form | Locked | End

_STATUSES = {How.DONE: HTTPStatus.OK, How.GONE: HTTPStatus.GONE, How.STRANGER: HTTPStatus.FORBIDDEN}


def pin_routes(
    database: Database, pins: Pins, bot_token: str, home: Callable[[str], str], framed_by: Sequence[str] = ()
) -> list[web.RouteDef]:
    """The page behind each link of `members.proofs`.

    `home` leads back to the chat on a channel; `framed_by` may show the page within theirs.
    """
    pages = _PinPages(database, pins, bot_token, home, Guarded(_SCRIPT, tuple(framed_by)))
    return [web.get("/pin/{token}", kindly(pages.show)), web.post("/pin/{token}", kindly(pages.take))]


class _PinPages:
    def __init__(
        self, database: Database, pins: Pins, bot_token: str, home: Callable[[str], str], guarded: Guarded
    ) -> None:
        self._database = database
        self._pins = pins
        self._bot_token = bot_token
        self._home = home
        self._guarded = guarded

    async def show(self, request: web.Request) -> web.Response:
        """The form. Looking changes nothing: chats fetch what is linked in them."""
        async with self._database.reading() as session:
            proof = await find_proof(session, request.match_info["token"])
            is_open = proof is not None and proof.is_open
            shown = Form(proof, await _ask_of(session, proof)) if proof and is_open else _end_of(proof)
        return self._page(request, shown, "")

    async def take(self, request: web.Request) -> web.Response:
        """What was typed. It counts as a try before it is looked at, and is compared while nothing is locked."""
        typed, token = await _typed(request), request.match_info["token"]
        begun = await self._database.run(lambda session: self._begin(session, token, typed))
        if not isinstance(begun, _Try):
            return self._page(request, begun, typed.opened_by)
        member_id = begun.proof.member_id
        is_right = begun.ask is Ask.FIRST or await self._pins.is_right(member_id, typed.pin, begun.kept)
        new_hash = await self._pins.hash(member_id, typed.new) if is_right and begun.ask.is_new else None
        ended = await self._database.run(
            lambda session: _end(session, token, begun, new_hash, is_right=is_right)
        )  # fmt: skip
        return self._page(request, ended, typed.opened_by)

    async def _begin(self, session: AsyncSession, token: str, typed: _Typed) -> _Try | Shown:
        proof = await find_proof(session, token, lock=True)
        if proof is None or not proof.is_open:
            return _end_of(proof)
        if proof.is_app and who_opened(typed.opened_by, self._bot_token) != proof.person:
            return End(How.STRANGER, proof)
        ask = await _ask_of(session, proof)
        if (wrong := _unfit(ask, typed)) is not None:
            return Form(proof, ask, wrong)
        if not ask.is_known:
            return _Try(proof, ask, "")
        try:
            return _Try(proof, ask, await claim_try(session, proof.member_id))
        except PinLocked:
            return await _locked(session, proof)

    def _page(self, request: web.Request, shown: Shown, opened_by: str) -> web.Response:
        if isinstance(shown, Form):
            status = HTTPStatus.UNPROCESSABLE_ENTITY if shown.wrong else HTTPStatus.OK
            return page(
                request, "pin.html", status, language=shown.proof.language, guarded=self._guarded, form=shown,
                opened_by=opened_by, safety=SAFETY,
            )  # fmt: skip
        if isinstance(shown, Locked):
            until = i18n.moment(shown.proof.language, shown.until, shown.zone)
            return self._short(request, "locked", HTTPStatus.LOCKED, shown.proof, until)
        return self._short(request, shown.how.name.lower(), _STATUSES[shown.how], shown.proof)

    def _short(self, request: web.Request, how: str, status: int, proof: Proof | None, until: str = "") -> web.Response:
        return page(
            request, "pin_end.html", status, language=proof.language if proof else None, guarded=self._guarded,
            how=how, until=until, home=self._home(proof.channel if proof else ""),
        )  # fmt: skip


async def _end(session: AsyncSession, token: str, begun: _Try, new_hash: str | None, *, is_right: bool) -> Shown:
    """What becomes of a try, in one transaction with what waits for it."""
    proof = await find_proof(session, token, lock=True)
    if proof is None or not proof.is_open:
        return _end_of(proof)
    if not is_right:
        left = await tries_left(session, proof.member_id)
        return Form(proof, begun.ask, "wrong", left) if left else await _locked(session, proof)
    if begun.ask is Ask.FIRST and (await guard_of(session, proof.member_id)).pin_hash is not None:
        # Two pages side by side: the other one's choice stands, and is what is asked for now.
        return Form(proof, await _ask_of(session, proof), "chosen_elsewhere")
    if begun.ask.is_known:
        await forgive(session, proof.member_id)
    if new_hash is not None:
        await choose_pin(session, proof.member_id, new_hash)
    await give_proof(session, proof)
    return End(How.DONE, proof)


def _end_of(proof: Proof | None) -> End:
    """What to say behind a link that is good no more: who sends a form twice on a bad line reads that it is done."""
    return End(How.DONE if proof is not None and proof.proven_at is not None else How.GONE, proof)


async def _ask_of(session: AsyncSession, proof: Proof) -> Ask:
    if not await has_pin(session, proof.member_id):
        return Ask.FIRST
    return Ask.CHANGE if proof.wants is Wants.NEW_PIN else Ask.PIN


def _unfit(ask: Ask, typed: _Typed) -> str | None:
    """Why what was typed cannot be it; that is no try."""
    if ask.is_known and not (typed.pin.isascii() and typed.pin.isdecimal() and _has_length(typed.pin)):
        return "not_a_pin"
    if not ask.is_new:
        return None
    try:
        refuse_weak(typed.new)
    except WeakPin:
        return "weak"
    return None if typed.new == typed.again else "differs"


def _has_length(pin: str) -> bool:
    return SAFETY.digits_at_least <= len(pin) <= SAFETY.digits_at_most


async def _locked(session: AsyncSession, proof: Proof) -> Locked:
    member = await session.get_one(Member, proof.member_id)
    guard = await guard_of(session, proof.member_id)
    return Locked(proof, guard.locked_until or clock.now(), member.time_zone)


async def _typed(request: web.Request) -> _Typed:
    form = await request.post()
    said = {name: value for name, value in form.items() if isinstance(value, str)}
    return _Typed(said.get("pin", ""), said.get("new", ""), said.get("again", ""), said.get("opened_by", ""))
