"""What came in: each message's id is claimed once, and one that made our code raise is kept aside for a person."""

from datetime import datetime, timedelta

from sqlalchemy import Index, String, delete, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Json, Model, UtcDateTime, insert_once
from core.jobs import Payload

KEPT_ASIDE_FOR = timedelta(days=30)
_KEPT_ASIDE = text("error IS NOT NULL")


class InboundMessage(Model):
    """One message from a channel, known by the channel's own id for it; `raw` and `error` only when kept aside."""

    __tablename__ = "inbound_message"
    __table_args__ = (
        Index("ix_inbound_message_kept_aside", "received_at", sqlite_where=_KEPT_ASIDE, postgresql_where=_KEPT_ASIDE),
    )

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    raw: Mapped[Payload | None] = mapped_column(Json)
    error: Mapped[str | None]


async def claim(session: AsyncSession, channel: str, external_id: str) -> bool:
    """Take this message for oneself; False when somebody has it already, because channels deliver twice."""
    return await insert_once(session, InboundMessage, channel=channel, external_id=external_id, received_at=clock.now())


async def keep_aside(session: AsyncSession, channel: str, external_id: str, raw: Payload, error: str) -> bool:
    """Keep a message that we failed on, whole, with its error; False when it was claimed already."""
    return await insert_once(
        session, InboundMessage, channel=channel, external_id=external_id, received_at=clock.now(), raw=raw,
        error=error[:2000],
    )  # fmt: skip


async def purge(session: AsyncSession) -> None:
    """Forget what came in more than 30 days ago: channels repeat a message within hours, and people's words go."""
    await session.execute(delete(InboundMessage).where(InboundMessage.received_at < clock.now() - KEPT_ASIDE_FOR))
