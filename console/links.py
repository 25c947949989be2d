"""The one-time link by which an operator comes in: said in private, good for five minutes and once."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime
from operators import Act, Operator, may, require

LINK_LIFE = timedelta(minutes=5)
_SECRET_BYTES = 32


class ConsoleLink(Model):
    """The link that an operator was given last, as a hash: who reads the table cannot use it."""

    __tablename__ = "console_link"

    operator_id: Mapped[UUID] = mapped_column(Id, ForeignKey("operator.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def make_link(session: AsyncSession, operator: Operator) -> str:
    """A new token for this operator; the one before it is worth nothing any more. Raises NotAllowed."""
    require(operator, Act.LOG_IN)
    token = secrets.token_urlsafe(_SECRET_BYTES)
    await session.execute(delete(ConsoleLink).where(ConsoleLink.operator_id == operator.id))
    expires_at = clock.now() + LINK_LIFE
    session.add(ConsoleLink(operator_id=operator.id, token_hash=hashed(token), expires_at=expires_at))
    await session.flush()
    return token


async def is_good(session: AsyncSession, token: str) -> bool:
    """Whether the token would let somebody in now. Only looking: a stranger who tries costs no commit."""
    link = select(ConsoleLink.operator_id).where(ConsoleLink.token_hash == hashed(token))
    return await session.scalar(link.where(ConsoleLink.expires_at > clock.now())) is not None


async def use_link(session: AsyncSession, token: str) -> Operator | None:
    """Whose link this is, once: of two who come with it at the same time only one is let in."""
    used = delete(ConsoleLink).where(ConsoleLink.token_hash == hashed(token), ConsoleLink.expires_at > clock.now())
    operator_id = await session.scalar(used.returning(ConsoleLink.operator_id))
    operator = await session.get(Operator, operator_id, populate_existing=True) if operator_id else None
    is_let_in = operator is not None and operator.dismissed_at is None and may(operator.role, Act.LOG_IN)
    return operator if is_let_in else None


def way_in(public: str, token: str) -> str:
    """The address that the token opens; `public` is where our pages are."""
    return f"{public}/console/login?token={token}"


def hashed(token: str) -> bytes:
    """What is kept of a token: enough to know it again, and nothing that opens a door."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
