"""Showing who one is, to have higher limits: /identite."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import identity
from bot.channels import Channel, NotAccepted
from bot.chat import Chat, Flow
from bot.dialogue import GO
from bot.incoming import SentFile
from bot.notify import notice, tell
from bot.questions import OneOf, Question
from bot.views import Button
from core import i18n
from core.db import Database
from core.errors import Refusal
from core.events import subscribe
from core.jobs import Jobs, Payload, TransactionalHandler, enqueue
from handlers.alerts import Alerts
from identity import Document, IdentityRequest, IdentityState, Safe
from members import Member, Tier, limits_of
from members.limits import limits_of_tier
from members.members import NAME_AT_MOST

_FETCH = "fetch_identity_picture"
_NAME_AT_LEAST = 3
_OPEN = {IdentityState.ASKED, IdentityState.WAITING}


class NameUnreadable(Refusal):
    """Params: `at_least`, `at_most` (letters)."""

    key = "refusal.identity.name"


class PictureNeeded(Refusal):
    key = "refusal.identity.picture"


class FullName(Question[str]):
    """Somebody's name as it stands on their document."""

    async def read_text(self, text: str, session: AsyncSession) -> str:
        name = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
        letters = sum(letter.isalpha() for letter in name)
        if letters < _NAME_AT_LEAST or len(name) > NAME_AT_MOST or any(letter.isdigit() for letter in name):
            raise NameUnreadable(at_least=_NAME_AT_LEAST, at_most=NAME_AT_MOST)
        return name


class PictureOf(Question[SentFile]):
    """A picture, sent as a photo or as a file; what it shows is for a person to judge."""

    async def read_text(self, text: str, session: AsyncSession) -> SentFile:
        raise PictureNeeded

    async def read_file(self, file: SentFile, session: AsyncSession) -> SentFile:
        if not file.mime_type.startswith("image/"):
            raise PictureNeeded
        return file

    def dump(self, value: SentFile) -> Any:
        return [value.id, value.mime_type]

    def load(self, saved: Any) -> SentFile:
        return SentFile(*saved)

    def told(self, value: SentFile, language: str) -> str:
        return "📷"


def show_identity(*, takes_documents: bool) -> Flow:
    """Say what the limits are, and take in who the member is; `takes_documents` where there is a key to keep them."""

    async def run(chat: Chat) -> None:
        if chat.member.tier == Tier.IDENTIFIED:
            chat.say("identity.is_verified", buttons=[[_menu(chat.member)]], **_limits(chat.member))
            return
        last = await identity.last_request(chat.session, chat.member.id)
        if last is not None and last.state in _OPEN:
            chat.say("identity.is_waiting", reference=last.reference, buttons=[[_menu(chat.member)]])
            return
        if not takes_documents:
            chat.say("identity.not_here", buttons=[[_menu(chat.member)]], **_limits(chat.member))
            return
        name = await chat.ask("name", FullName(), **_limits(chat.member))
        documents = [(each.value, str(chat.text(f"identity.document.{each.value}"))) for each in Document]
        document = Document(await chat.ask("document", OneOf(documents, columns=1)))
        picture = await chat.ask("picture", PictureOf())
        request = await identity.request_verification(chat.session, chat.member, name, document, key=str(chat.run_id))
        sent = {"id": str(request.id), "channel": chat.here.channel, "file": picture.id}
        await enqueue(chat.session, _FETCH, str(request.id), sent)
        chat.say("identity.received", subject=_subject(request), reference=request.reference)

    return run


def register_identity(jobs: Jobs, safe: Safe, channels: Mapping[str, Channel], alerts: Alerts) -> None:
    """Fetch what members show, tell them what came of it, and operators that somebody waits."""

    async def fetch(database: Database, payload: Payload) -> None:
        """The channel is asked while nothing is locked; the picture is drawn anew beside other people's messages."""
        request_id = UUID(payload["id"])
        try:
            sent = await channels[payload["channel"]].fetch(payload["file"], identity.LARGEST)
            picture = await asyncio.to_thread(identity.cleaned, sent)
        except (NotAccepted, identity.Unreadable):
            await database.run(lambda session: identity.give_up_on_picture(session, request_id))
            return
        sealed = safe.close(picture, request_id)
        await database.run(lambda session: identity.keep_picture(session, request_id, sealed))

    async def tell_operators(session: AsyncSession, payload: Payload) -> None:
        await alerts.tell(session, "identity_waiting", payload["reference"])

    jobs.calling(_FETCH, fetch)
    subscribe(jobs, "identity.waiting", _telling("identity.waiting", IdentityState.WAITING), tell_operators)
    subscribe(jobs, "identity.accepted", _telling("identity.accepted", IdentityState.ACCEPTED))
    subscribe(jobs, "identity.refused", _telling("identity.refused", IdentityState.REFUSED))


def _telling(key: str, state: IdentityState) -> TransactionalHandler:
    async def tell_member(session: AsyncSession, payload: Payload) -> None:
        request = await session.get_one(IdentityRequest, UUID(payload["id"]))
        if request.state is not state:
            return
        member = await session.get_one(Member, request.member_id)
        is_refused = state is IdentityState.REFUSED
        again = [Button(i18n.text(member.language, "button.identity_again"), data=f"{GO}:identity")]
        view = notice(
            member, key, [*(again if is_refused else []), _menu(member)], reference=request.reference,
            name=request.name, document=i18n.text(member.language, f"identity.document.{request.document.value}"),
            reason=_reason(member, request) if is_refused else "", **_limits(member),
        )  # fmt: skip
        await tell(session, member, view, subject=_subject(request), is_final=state is not IdentityState.WAITING)

    return tell_member


def _reason(member: Member, request: IdentityRequest) -> str:
    """Why, in a sentence of ours and, where there are any, the operator's own words."""
    reason = request.reason or identity.Reason.UNREADABLE
    ours = i18n.text(member.language, f"identity.reason.{reason.value}")
    return (
        i18n.text(member.language, "identity.reason_and_note", reason=ours, note=request.note) if request.note else ours
    )


def _limits(member: Member) -> dict[str, Any]:
    """What holds for the member now, and what would once they are identified."""
    now, then = limits_of(member), limits_of_tier(Tier.IDENTIFIED)
    return {
        "hold": now.hold_at_most,
        "month": now.load_a_month,
        "out": now.take_out_a_month,
        "hold_then": then.hold_at_most,
        "month_then": then.load_a_month,
    }


def _subject(request: IdentityRequest) -> str:
    return f"identity:{request.id}"


def _menu(member: Member) -> Button:
    return Button(i18n.text(member.language, "button.menu"), data=f"{GO}:start")
