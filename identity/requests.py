"""Requests for verification: what a member says and shows, and how it stands."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime, insert_once, word
from core.errors import Refusal
from core.events import publish
from core.ids import new_id, new_reference
from members import Member, Tier
from members.members import NAME_AT_MOST

NOTE_AT_MOST = 300


class IdentityState(StrEnum):
    ASKED = "asked"
    """Written down; the picture is still on its way to us."""
    WAITING = "waiting"
    """An operator has to look."""
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Document(StrEnum):
    """What is shown."""

    IDENTITY_CARD = "identity_card"
    PASSPORT = "passport"
    DRIVING_LICENCE = "driving_licence"
    RESIDENCE_PERMIT = "residence_permit"
    VOTER_CARD = "voter_card"


class Reason(StrEnum):
    """Why a request is refused: each is a sentence that tells the member what to send instead."""

    UNREADABLE = "unreadable"
    NO_DOCUMENT = "no_document"
    OTHER_NAME = "other_name"
    EXPIRED = "expired"
    MINOR = "minor"
    DOUBTFUL = "doubtful"


class AlreadyIdentified(Refusal):
    key = "refusal.identity.already"


class AlreadyAsked(Refusal):
    """Params: `reference` of the request that waits."""

    key = "refusal.identity.asked"


class NotWaiting(Refusal):
    """Somebody has decided already, or the picture is not there yet. Params: `reference`."""

    key = "refusal.identity.not_waiting"


_OPEN = text("state IN ('asked', 'waiting')")


class IdentityRequest(Model):
    """One request. A member has one open at a time; `key` is the run of the dialogue that made it."""

    __tablename__ = "identity_request"
    __table_args__ = (
        Index("uq_identity_request_open", "member_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_identity_request_member_id_asked_at", "member_id", "asked_at"),
        Index("ix_identity_request_state_asked_at", "state", "asked_at"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"))
    key: Mapped[str] = mapped_column(String(128), unique=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[IdentityState] = mapped_column(word(IdentityState))
    name: Mapped[str] = mapped_column(String(NAME_AT_MOST))
    """As it stands on the document."""
    document: Mapped[Document] = mapped_column(word(Document))
    reason: Mapped[Reason | None] = mapped_column(word(Reason))
    note: Mapped[str | None] = mapped_column(String(NOTE_AT_MOST))
    """The operator's own words to the member."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None] = mapped_column(Id, ForeignKey("operator.id"))
    """None for a picture that no operator had to look at: it could not be read."""


class IdentityPicture(Model):
    """The picture of a request, sealed; a row of its own, so that lists never touch it and forgetting is deleting."""

    __tablename__ = "identity_picture"

    request_id: Mapped[UUID] = mapped_column(Id, ForeignKey("identity_request.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def request_verification(
    session: AsyncSession, member: Member, name: str, document: Document, *, key: str
) -> IdentityRequest:
    """Write down what a member says of themselves; the picture follows. The same key again gives the first one back.

    Raises AlreadyIdentified and AlreadyAsked.
    """
    known = await session.scalar(select(IdentityRequest).where(IdentityRequest.key == key))
    if known is not None:
        return known
    if member.tier == Tier.IDENTIFIED:
        raise AlreadyIdentified
    request_id = new_id()
    is_ours = await insert_once(
        session, IdentityRequest, id=request_id, member_id=member.id, key=key, reference=new_reference("I"),
        state=IdentityState.ASKED, name=name, document=document, asked_at=clock.now(),
    )  # fmt: skip
    if not is_ours:
        waiting = await last_request(session, member.id)
        raise AlreadyAsked(reference=waiting.reference if waiting else "")
    return await session.get_one(IdentityRequest, request_id)


async def keep_picture(session: AsyncSession, request_id: UUID, sealed: bytes) -> None:
    """The picture is here: an operator can look. Does nothing the second time."""
    request = await lock_request(session, request_id)
    if request.state is not IdentityState.ASKED:
        return
    await insert_once(session, IdentityPicture, request_id=request.id, sealed=sealed, kept_at=clock.now())
    request.state = IdentityState.WAITING
    await publish(session, "identity.waiting", {"id": str(request.id), "reference": request.reference})


async def give_up_on_picture(session: AsyncSession, request_id: UUID) -> None:
    """What was sent is no picture that anybody could look at; the member sends another one."""
    request = await lock_request(session, request_id)
    if request.state is IdentityState.ASKED:
        request.state, request.reason, request.decided_at = IdentityState.REFUSED, Reason.UNREADABLE, clock.now()
        await publish(session, "identity.refused", {"id": str(request.id)})


async def last_request(session: AsyncSession, member_id: UUID) -> IdentityRequest | None:
    """The member's newest request."""
    theirs = select(IdentityRequest).where(IdentityRequest.member_id == member_id)
    return await session.scalar(theirs.order_by(IdentityRequest.asked_at.desc(), IdentityRequest.id.desc()).limit(1))


async def request_named(session: AsyncSession, reference: str) -> IdentityRequest | None:
    """The request with this reference."""
    return await session.scalar(select(IdentityRequest).where(IdentityRequest.reference == reference.strip().upper()))


async def waiting_requests(session: AsyncSession, limit: int = 50) -> list[IdentityRequest]:
    """What operators have to look at, who has waited longest first."""
    waiting = select(IdentityRequest).where(IdentityRequest.state == IdentityState.WAITING)
    return list(await session.scalars(waiting.order_by(IdentityRequest.asked_at).limit(limit)))


async def count_waiting(session: AsyncSession) -> int:
    """How many of them there are."""
    waiting = select(func.count()).where(IdentityRequest.state == IdentityState.WAITING)
    return await session.scalar(waiting) or 0


async def lock_request(session: AsyncSession, request_id: UUID) -> IdentityRequest:
    """The request as it stands now, nobody else's until this transaction ends."""
    await session.flush()
    return await session.get_one(IdentityRequest, request_id, with_for_update=True, populate_existing=True)


async def follow(session: AsyncSession, given_up: UUID, kept: UUID) -> None:
    """The two turned out to be one person. Where both have asked, the request of the one who is kept stands."""
    open_there = select(IdentityRequest.id).where(IdentityRequest.member_id == kept, _OPEN)
    if await session.scalar(open_there) is not None:
        theirs = select(IdentityRequest.id).where(IdentityRequest.member_id == given_up, _OPEN)
        for request_id in list(await session.scalars(theirs)):
            await session.execute(delete(IdentityPicture).where(IdentityPicture.request_id == request_id))
            withdrawn = update(IdentityRequest).where(IdentityRequest.id == request_id)
            await session.execute(withdrawn.values(state=IdentityState.REFUSED, decided_at=clock.now()))
    moved = update(IdentityRequest).where(IdentityRequest.member_id == given_up).values(member_id=kept)
    await session.execute(moved)
