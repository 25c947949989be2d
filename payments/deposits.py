"""Deposits: money on its way from a payer to a member's wallet."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Id, Model, UtcDateTime, word
from core.money import Money
from payments.deposit_states import DepositState, DepositStep, next_deposit_state
from payments.failures import FailureCode

# Few of very many: the words of an index, by which they are found without reading what is done.
UNDECIDED = text("state IN ('unknown', 'review')")
IN_REVIEW = text("(state = 'review' OR doubt IS NOT NULL)")
"""What waits for a person, in the words of the index that finds it among millions."""


class Doubt(StrEnum):
    """Why GetMiPay's word alone no longer moves this payment: the look-up decides, and failing that a person."""

    AMOUNT_DIFFERS = "amount_differs"
    COMPLETED_AFTER_FAILED = "completed_after_failed"
    FAILED_AFTER_COMPLETED = "failed_after_completed"
    PAID_TWICE = "paid_twice"


class Deposit(Model):
    """One top-up. `key` is the run of the dialogue that asked for it, so that two taps make one deposit."""

    __tablename__ = "deposit"
    __table_args__ = (
        Index("ix_deposit_member_id_created_at_id", "member_id", "created_at", "id"),
        Index("ix_deposit_member_id_settled_at", "member_id", "settled_at"),
        Index("ix_deposit_provider_id", "provider_id"),
        Index("ix_deposit_pay_id", "pay_id"),
        Index("ix_deposit_undecided", "state", "watch_since", sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
        Index("ix_deposit_in_review", "created_at", sqlite_where=IN_REVIEW, postgresql_where=IN_REVIEW),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"))
    key: Mapped[str] = mapped_column(String(128), unique=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[DepositState] = mapped_column(word(DepositState))
    amount: Mapped[int] = mapped_column(BigInteger)
    """What the payer was asked for, in whole francs."""
    fee: Mapped[int] = mapped_column(BigInteger)
    """Ours, as quoted; once settled, as charged."""
    currency: Mapped[str] = mapped_column(String(3))
    method: Mapped[str] = mapped_column(String(32))
    phone: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str | None] = mapped_column(String(100))
    pay_id: Mapped[str | None] = mapped_column(String(100))
    """GetMiPay's second id, in the dialect that asks by both."""
    provider_fee: Mapped[int] = mapped_column(BigInteger, default=0)
    """What GetMiPay said it would keep of what arrives."""
    hinted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a callback that nobody signed last made us look it up."""
    payment_url: Mapped[str | None] = mapped_column(String(2000))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    doubt: Mapped[Doubt | None] = mapped_column(word(Doubt))
    claimed: Mapped[int | None] = mapped_column(BigInteger)
    """What a doubted webhook said had been paid."""
    suspended: Mapped[int] = mapped_column(BigInteger)
    """What stands in suspense for this deposit."""
    received: Mapped[int | None] = mapped_column(BigInteger)
    """What arrived, before our fee."""
    parked: Mapped[int] = mapped_column(BigInteger)
    """The part of it that a cap keeps from the wallet."""
    failure: Mapped[FailureCode | None] = mapped_column(word(FailureCode))
    said: Mapped[str | None] = mapped_column(String(200))
    """The refusal in GetMiPay's own words, for operators."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    watch_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when the look-ups' schedule counts."""
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reversed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def asked(self) -> Money:
        return Money(self.amount, self.currency)

    def take(self, step: DepositStep) -> None:
        """Change the state; raises IllegalDepositStep."""
        self.state = next_deposit_state(self.state, step)


async def lock_deposit(session: AsyncSession, deposit_id: UUID) -> Deposit:
    """The deposit as it stands now, nobody else's until this transaction ends."""
    await session.flush()
    return await session.get_one(Deposit, deposit_id, with_for_update=True, populate_existing=True)


async def deposits_named(session: AsyncSession, names: set[str]) -> list[UUID]:
    """The deposits known by any of these, be it our reference or GetMiPay's id."""
    named = or_(Deposit.reference.in_(names), Deposit.provider_id.in_(names))
    return list(await session.scalars(select(Deposit.id).where(named).limit(2)))
