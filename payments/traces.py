"""What was tried for a payment, and what was learnt of it: for whoever has to understand it later.

A deposit that is settled leaves none: its own row, its event and its transfers say so, and it is what nearly all do.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime
from core.ids import new_id

_LONGEST = 300


class Trace(Model):
    """One step: `call`, `look_up`, or the name of the event that was published."""

    __tablename__ = "payment_trace"
    __table_args__ = (Index("ix_payment_trace_payment_id_id", "payment_id", "id"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(Id)
    what: Mapped[str] = mapped_column(String(32))
    said: Mapped[str] = mapped_column(String(_LONGEST))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def leave_trace(session: AsyncSession, payment_id: UUID, what: str, said: object = "") -> None:
    """Write a step down in the transaction of what it led to."""
    session.add(
        Trace(id=new_id(), payment_id=payment_id, what=what, said=str(said)[:_LONGEST], at=clock.now())
    )  # fmt: skip


async def traces_of(session: AsyncSession, payment_id: UUID) -> list[Trace]:
    """Every step of a payment, the first one first."""
    return list(await session.scalars(select(Trace).where(Trace.payment_id == payment_id).order_by(Trace.id)))
