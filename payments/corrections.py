"""Corrections: money that two operators moved on a member's account, told to the member and kept in their history."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime, word
from core.events import publish
from core.ids import new_reference
from core.money import Money

CORRECTED = "correction.made"


class CorrectionKind(StrEnum):
    CREDITED = "credited"
    """From suspense into the wallet: it was theirs."""
    RECOVERED = "recovered"
    """Out of the wallet: a payout was given back, and had arrived all the same."""
    DEBT_PAID = "debt_paid"
    """Out of the wallet, for what they owe us."""


class Correction(Model):
    """One movement, under the id of the decision that made it. `amount` is above zero, in whole francs."""

    __tablename__ = "correction"
    __table_args__ = (Index("ix_correction_member_id_created_at_id", "member_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"))
    kind: Mapped[CorrectionKind] = mapped_column(word(CorrectionKind))
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    about: Mapped[str] = mapped_column(String(64))
    """What it corrects: a payment's reference, or empty."""
    amount: Mapped[int] = mapped_column(BigInteger)
    owed: Mapped[int] = mapped_column(BigInteger)
    """The part of what was recovered that the wallet did not have: the member's debt since."""
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def correct(
    session: AsyncSession, correction_id: UUID, kind: CorrectionKind, member_id: UUID, amount: Money, *,
    about: str = "", owed: int = 0,
) -> Correction:  # fmt: skip
    """Write down what the caller has moved, and have the member told."""
    correction = Correction(
        id=correction_id, member_id=member_id, kind=kind, reference=new_reference("C"), about=about,
        amount=amount.amount, owed=owed, currency=amount.currency, created_at=clock.now(),
    )  # fmt: skip
    session.add(correction)
    await session.flush()
    await publish(session, CORRECTED, {"id": str(correction.id)})
    return correction
