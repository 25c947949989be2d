"""Linking: a one-time code, shown to a member at one address, makes whoever types it at another one the same person."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime
from core.ids import new_id
from members.members import Member

CODE_LIFE = timedelta(minutes=10)
_DIGITS = 8
# Eight digits, ten minutes and five tries an hour: a thousand people guessing for a year find one code in eight.
_TRIES_AT_MOST = 5
_TRIES_COUNT_FOR = timedelta(hours=1)


class LinkCode(Model):
    """The code that a member was shown last, as a hash: who reads the table cannot use it."""

    __tablename__ = "link_code"

    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LinkMiss(Model):
    """A wrong code that somebody typed: nobody may guess for long."""

    __tablename__ = "link_miss"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class WrongCode:
    """What was typed is nobody's code now; `tries_left` more may be typed in this hour."""

    tries_left: int


async def show_code(session: AsyncSession, member: Member) -> str:
    """A new code for `member`, eight digits; the one before it is worth nothing any more."""
    await session.execute(delete(LinkCode).where(LinkCode.member_id == member.id))
    code = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
    session.add(LinkCode(member_id=member.id, code_hash=_hash(code), expires_at=clock.now() + CODE_LIFE))
    await session.flush()
    return code


async def try_code(session: AsyncSession, member: Member, code: str) -> Member | WrongCode:
    """Whose code this is; a wrong one is counted, and a guesser is told nothing even when they guess right.

    A member's own code is wrong too: it has to come from another address.
    """
    left = _TRIES_AT_MOST - await _misses(session, member)
    if left > 0 and (owner := await _owner(session, code)) is not None and owner.id != member.id:
        return owner
    if left > 0:
        session.add(LinkMiss(id=new_id(), member_id=member.id, at=clock.now()))
        await session.flush()
    return WrongCode(max(0, left - 1))


async def use_code(session: AsyncSession, code: str) -> None:
    """The code has done its work."""
    await session.execute(delete(LinkCode).where(LinkCode.code_hash == _hash(code)))


async def _owner(session: AsyncSession, code: str) -> Member | None:
    found = select(Member).join(LinkCode).where(LinkCode.code_hash == _hash(code), LinkCode.expires_at > clock.now())
    return await session.scalar(found)


async def _misses(session: AsyncSession, member: Member) -> int:
    since = clock.now() - _TRIES_COUNT_FOR
    counted = select(func.count()).where(LinkMiss.member_id == member.id, LinkMiss.at > since)
    return await session.scalar(counted) or 0


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
