"""Sends: money from one member's wallet to another's."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Id, Model, UtcDateTime

NOTE_LENGTH = 140


class Send(Model):
    """One send. `key` is the run of the dialogue that asked for it, so that two taps send once."""

    __tablename__ = "send"
    __table_args__ = (
        Index("ix_send_sender_id_created_at_id", "sender_id", "created_at", "id"),
        Index("ix_send_recipient_id_created_at_id", "recipient_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    sender_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"))
    recipient_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"))
    key: Mapped[str] = mapped_column(String(128), unique=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    """Whole francs."""
    parked: Mapped[int] = mapped_column(BigInteger)
    """The part of it that a cap keeps from the recipient's wallet."""
    currency: Mapped[str] = mapped_column(String(3))
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
