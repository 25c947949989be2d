"""Who somebody is: one person with one wallet, and the numbers they have used."""

from datetime import datetime
from uuid import UUID

import phonenumbers
from phonenumbers import timezone as phone_timezone
from sqlalchemy import ForeignKey, Index, String, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime

DEFAULT_ZONE = "Africa/Ouagadougou"

# Telegram's two names and the space between them come to 129.
NAME_AT_MOST = 128
_VERIFIED = text("verified_at IS NOT NULL")


class Member(Model):
    """A person. `frozen_at` stops money from leaving their wallet; `tier` says how well we know them.

    `tap_limit` is their own: how many francs a tap in a group pays without asking them again in private. `united_with`
    is set when this turned out to be somebody we knew already: all that was theirs is that member's since.
    """

    __tablename__ = "member"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_AT_MOST))
    language: Mapped[str] = mapped_column(String(8))
    time_zone: Mapped[str] = mapped_column(String(64))
    tier: Mapped[str] = mapped_column(String(16))
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tap_limit: Mapped[int] = mapped_column(default=10_000, server_default="10000")
    united_with: Mapped[UUID | None] = mapped_column(Id, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MemberPhone(Model):
    """A number a member has used. It is theirs only while `verified_at` is set, and then nobody else's.

    `payout_since` is when they first agreed, with their PIN, to a withdrawal to it.
    """

    __tablename__ = "member_phone"
    __table_args__ = (
        Index("ix_member_phone_e164", "e164"),
        Index("uq_member_phone_verified", "e164", unique=True, sqlite_where=_VERIFIED, postgresql_where=_VERIFIED),
    )

    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    e164: Mapped[str] = mapped_column(String(20), primary_key=True)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    payout_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


def wallet_owner(member_id: UUID) -> str:
    """The ledger's name for a member."""
    return f"member:{member_id}"


def member_of(owner: str) -> UUID | None:
    """The member whose account it is; None where its owner is no member."""
    whose, _, id_ = owner.partition(":")
    return UUID(id_) if whose == "member" else None


async def find_by_phone(session: AsyncSession, e164: str) -> Member | None:
    """The member who has shown that this number is theirs."""
    return await session.scalar(
        select(Member).join(MemberPhone).where(MemberPhone.e164 == e164, MemberPhone.verified_at.is_not(None))
    )


async def phones_of(session: AsyncSession, member_id: UUID, limit: int = 3) -> list[str]:
    """The numbers a member used last, newest first, as E.164."""
    rows = await session.scalars(
        select(MemberPhone.e164)
        .where(MemberPhone.member_id == member_id)
        .order_by(MemberPhone.last_used_at.desc())
        .limit(limit)
    )
    return list(rows)


async def use_phone(session: AsyncSession, member: Member, e164: str) -> None:
    """Remember that `member` used this number; their first one also tells their time zone."""
    used = await session.get(MemberPhone, (member.id, e164))
    if used is not None:
        used.last_used_at = clock.now()
        return
    if not await phones_of(session, member.id, limit=1):
        member.time_zone = _zone_of(e164)
    session.add(MemberPhone(member_id=member.id, e164=e164, last_used_at=clock.now()))
    await session.flush()


async def verify_phone(session: AsyncSession, member: Member, e164: str) -> None:
    """The channel vouches that this number is `member`'s now.

    Operators give old numbers to new people: the number leaves whoever had it, their wallet stays where it is.
    """
    known = await session.get(MemberPhone, (member.id, e164))
    if known is not None and known.verified_at is not None:
        return
    await session.execute(update(MemberPhone).where(MemberPhone.e164 == e164).values(verified_at=None))
    await use_phone(session, member, e164)
    mine = update(MemberPhone).where(MemberPhone.member_id == member.id, MemberPhone.e164 == e164)
    await session.execute(mine.values(verified_at=clock.now()))


def _zone_of(e164: str) -> str:
    zones = phone_timezone.time_zones_for_number(phonenumbers.parse(e164))
    return zones[0] if zones and zones[0].startswith("Africa/") else DEFAULT_ZONE
