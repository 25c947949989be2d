"""Sessions: who sits at the console now. The browser holds a random token, we its hash."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from console.links import hashed
from core import clock
from core.db import Id, Model, UtcDateTime, word
from operators import Operator, Role

IDLE_AT_MOST = timedelta(minutes=15)
LASTS_AT_MOST = timedelta(hours=8)
# Being seen is written down once in a while only: looking at a page should not cost a commit each time.
_SEEN_EVERY = timedelta(seconds=30)
_SECRET_BYTES = 32


class ConsoleSession(Model):
    """One browser of one operator. It ends with the role it began with: another role has to come in anew."""

    __tablename__ = "console_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    operator_id: Mapped[UUID] = mapped_column(Id, ForeignKey("operator.id"), index=True)
    role: Mapped[Role] = mapped_column(word(Role))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def begin(session: AsyncSession, operator: Operator) -> str:
    """Let an operator sit down; gives the token for their browser. Sessions that are over are forgotten."""
    moment = clock.now()
    over = or_(ConsoleSession.seen_at <= moment - IDLE_AT_MOST, ConsoleSession.began_at <= moment - LASTS_AT_MOST)
    await session.execute(delete(ConsoleSession).where(over))
    token = secrets.token_urlsafe(_SECRET_BYTES)
    kept = ConsoleSession(
        token_hash=hashed(token), operator_id=operator.id, role=operator.role, began_at=moment, seen_at=moment
    )
    session.add(kept)
    await session.flush()
    return token


async def sits(session: AsyncSession, token: str) -> tuple[Operator | None, bool]:
    """Who brings this token, if their session is not over; and whether it is time to write down that they were seen."""
    found = select(ConsoleSession, Operator).join(Operator, Operator.id == ConsoleSession.operator_id)
    row = (await session.execute(found.where(ConsoleSession.token_hash == hashed(token)))).one_or_none()
    if row is None:
        return None, False
    kept, operator = row
    moment = clock.now()
    is_over = moment - kept.seen_at >= IDLE_AT_MOST or moment - kept.began_at >= LASTS_AT_MOST
    if is_over or operator.dismissed_at is not None or operator.role is not kept.role:
        return None, False
    return operator, moment - kept.seen_at >= _SEEN_EVERY


async def see(session: AsyncSession, token: str) -> None:
    """Write down that whoever brings this token was here."""
    here = update(ConsoleSession).where(ConsoleSession.token_hash == hashed(token))
    await session.execute(here.values(seen_at=clock.now()))


async def end(session: AsyncSession, token: str) -> None:
    """Let them stand up: the token opens nothing any more."""
    await session.execute(delete(ConsoleSession).where(ConsoleSession.token_hash == hashed(token)))


async def end_all(session: AsyncSession, operator_id: UUID) -> None:
    """End an operator's sessions in every browser: their role has changed, or they were let go."""
    await session.execute(delete(ConsoleSession).where(ConsoleSession.operator_id == operator_id))


def form_word(token: str) -> str:
    """The word that every form of this session carries: another site can send a form, and does not know it."""
    return hmac.new(token.encode(errors="replace"), b"console form", hashlib.sha256).hexdigest()


def is_form_word(token: str, given: str) -> bool:
    return hmac.compare_digest(form_word(token).encode(), given.encode(errors="replace"))
