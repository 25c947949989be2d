"""Payouts: money on its way from a member's wallet to a mobile money account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Id, Model, UtcDateTime, word
from core.money import Money
from payments.deposits import IN_REVIEW, UNDECIDED, Doubt
from payments.failures import FailureCode
from payments.payout_states import PayoutState, PayoutStep, next_payout_state


class Payout(Model):
    """One withdrawal. `key` is the run of the dialogue that asked for it, so that two taps make one payout."""

    __tablename__ = "payout"
    __table_args__ = (
        Index("ix_payout_member_id_created_at_id", "member_id", "created_at", "id"),
        Index("ix_payout_provider_id", "provider_id"),
        Index("ix_payout_pay_id", "pay_id"),
        Index("ix_payout_undecided", "state", "watch_since", sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
        Index("ix_payout_in_review", "created_at", sqlite_where=IN_REVIEW, postgresql_where=IN_REVIEW),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"))
    key: Mapped[str] = mapped_column(String(128), unique=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[PayoutState] = mapped_column(word(PayoutState))
    amount: Mapped[int] = mapped_column(BigInteger)
    """What is to arrive, in whole francs."""
    fee: Mapped[int] = mapped_column(BigInteger)
    """Ours, held on top of the amount."""
    currency: Mapped[str] = mapped_column(String(3))
    method: Mapped[str] = mapped_column(String(32))
    phone: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str | None] = mapped_column(String(100))
    pay_id: Mapped[str | None] = mapped_column(String(100))
    """GetMiPay's second id, in the dialect that asks by both."""
    hinted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a callback that nobody signed last made us look it up."""
    doubt: Mapped[Doubt | None] = mapped_column(word(Doubt))
    failure: Mapped[FailureCode | None] = mapped_column(word(FailureCode))
    said: Mapped[str | None] = mapped_column(String(200))
    """The refusal in GetMiPay's own words, for operators."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    watch_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when the look-ups' schedule counts."""
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reversed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def asked(self) -> Money:
        return Money(self.amount, self.currency)

    def take(self, step: PayoutStep) -> None:
        """Change the state; raises IllegalPayoutStep."""
        self.state = next_payout_state(self.state, step)


async def lock_payout(session: AsyncSession, payout_id: UUID) -> Payout:
    """The payout as it stands now, nobody else's until this transaction ends."""
    await session.flush()
    return await session.get_one(Payout, payout_id, with_for_update=True, populate_existing=True)


async def payouts_named(session: AsyncSession, names: set[str]) -> list[UUID]:
    """The payouts known by any of these, be it our reference or GetMiPay's id."""
    named = or_(Payout.reference.in_(names), Payout.provider_id.in_(names))
    return list(await session.scalars(select(Payout.id).where(named).limit(2)))
