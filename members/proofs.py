"""Proofs: somebody is asked for their PIN, on a page of ours, by a link that is good once and for five minutes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime, word
from core.events import publish
from core.ids import new_id

LINK_LIFE = timedelta(minutes=5)
# Whoever proved who they are and then has other questions to answer is not asked again for so long.
GOOD_FOR = timedelta(minutes=15)
PROVEN = "guard.proven"
_KEPT_FOR = timedelta(days=1)


class Wants(StrEnum):
    """What the page asks for: the PIN, or the PIN and the one that is to replace it."""

    PIN = "pin"
    NEW_PIN = "new_pin"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody was asked: a conversation of the channel, and the run of the dialogue that waits there."""

    channel: str
    chat: str
    person: str
    run_id: UUID


class Proof(Model):
    """One asking for a PIN; `token_hash` is all that is kept of its link, `proven_at` when it was answered rightly.

    `member_id` is whose PIN is asked for. `is_app` says that the link opens inside Telegram, which then vouches for
    `person`. `about` is what is agreed to, in the sentence that the member reads.
    """

    __tablename__ = "proof"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"), index=True)
    wants: Mapped[Wants] = mapped_column(word(Wants))
    channel: Mapped[str] = mapped_column(String(16))
    chat: Mapped[str] = mapped_column(String(64))
    person: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[UUID] = mapped_column(Id, index=True)
    is_app: Mapped[bool]
    about: Mapped[str] = mapped_column(String(1000))
    language: Mapped[str] = mapped_column(String(8))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When what waited for it went on."""

    @property
    def is_open(self) -> bool:
        """Whether it can still be answered."""
        return self.proven_at is None and clock.now() < self.expires_at


async def ask_for_proof(
    session: AsyncSession,
    member_id: UUID,
    wants: Wants,
    place: Place,
    *,
    about: str,
    language: str,
    is_app: bool,
) -> tuple[UUID, str]:
    """Ask in that place; gives the proof's id and the token of its link. What this run was asked before is closed."""
    await session.execute(delete(Proof).where(Proof.run_id == place.run_id, Proof.proven_at.is_(None)))
    token = secrets.token_urlsafe(32)
    proof = Proof(
        id=new_id(), token_hash=_hash(token), member_id=member_id, wants=wants, channel=place.channel, chat=place.chat,
        person=place.person, run_id=place.run_id, is_app=is_app, about=about, language=language,
        expires_at=clock.now() + LINK_LIFE,
    )  # fmt: skip
    session.add(proof)
    await session.flush()
    return proof.id, token


async def find_proof(session: AsyncSession, token: str, *, lock: bool = False) -> Proof | None:
    """The proof that a link asks for; None where there never was one, or it is long over."""
    found = select(Proof).where(Proof.token_hash == _hash(token)).execution_options(populate_existing=True)
    return await session.scalar(found.with_for_update() if lock else found)


async def give_proof(session: AsyncSession, proof: Proof) -> None:
    """The PIN was right: the link has done its work, and the dialogue that waits for it goes on."""
    proof.proven_at = clock.now()
    await session.flush()
    await publish(session, PROVEN, {"proof": str(proof.id)})


async def use_proof(session: AsyncSession, proof_id: UUID, member_id: UUID, run_id: UUID) -> bool:
    """Go on with it; False unless this member has proven, in this run of a dialogue and not long ago, who they are."""
    proof = await session.get(Proof, proof_id, populate_existing=True)
    if proof is None or proof.proven_at is None or (proof.member_id, proof.run_id) != (member_id, run_id):
        return False
    if clock.now() - proof.proven_at >= GOOD_FOR:
        return False
    proof.used_at = proof.used_at or clock.now()
    await session.flush()
    return True


async def close_proofs(session: AsyncSession, member_id: UUID) -> None:
    """No link of this member's is good any more."""
    await session.execute(delete(Proof).where(Proof.member_id == member_id))


async def purge_proofs(session: AsyncSession) -> None:
    """Forget what was asked long ago."""
    await session.execute(delete(Proof).where(Proof.expires_at < clock.now() - _KEPT_FOR))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
