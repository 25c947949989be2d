"""The money's tables: what is owed (dues, fines) apart from what was paid (contributions), and what pots paid out."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Id, Model, UtcDateTime, word
from tontines.columns import francs, key, refers_to
from tontines.states import ContributionState, DecisionState, FineState, PotState, Source

REASON_LENGTH = 200


class Due(Model):
    """What a part of a share owes for one round. Whether it is late is never stored: the deadline says it."""

    __tablename__ = "tontine_due"
    __table_args__ = (
        UniqueConstraint("round_id", "holding_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("paid >= 0 AND waived >= 0 AND paid + waived <= amount", name="never_negative"),
    )

    id: Mapped[UUID] = key()
    round_id: Mapped[UUID] = refers_to("tontine_round")
    holding_id: Mapped[UUID] = refers_to("tontine_holding", index=True)
    amount: Mapped[int] = francs()
    paid: Mapped[int] = francs(default=0)
    """The sum of what contributions allotted to it, kept here so that the database sees that it is never too much."""
    waived: Mapped[int] = francs(default=0)
    """No longer owed: its holder left before their turn."""
    deadline: Mapped[datetime] = mapped_column(UtcDateTime)
    """The round's, or the later one that the officers granted."""

    @property
    def outstanding(self) -> int:
        return self.amount - self.paid - self.waived


class Contribution(Model):
    """One payment for a member by somebody, themselves as a rule; `key` makes two taps one contribution."""

    __tablename__ = "tontine_contribution"
    __table_args__ = (
        Index("ix_tontine_contribution_payer_id_state", "payer_id", "state"),
        CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(String(128), unique=True)
    tontine_id: Mapped[UUID] = refers_to("tontine", index=True)
    membership_id: Mapped[UUID] = refers_to("tontine_membership", index=True)
    """For whom."""
    payer_id: Mapped[UUID] = refers_to("member")
    """By whom."""
    source: Mapped[Source] = mapped_column(word(Source))
    amount: Mapped[int] = francs()
    state: Mapped[ContributionState] = mapped_column(word(ContributionState))
    lapses_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when it may wait for money or for a confirmation."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Allotment(Model):
    """What a contribution paid of one due, or without a due: paid early. Its id is the ledger transfer's."""

    __tablename__ = "tontine_allotment"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[UUID] = key()
    contribution_id: Mapped[UUID] = refers_to("tontine_contribution", index=True)
    due_id: Mapped[UUID | None] = mapped_column(Id, index=True)
    amount: Mapped[int] = francs()
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Pot(Model):
    """The payout of a round's pot: asked for by one, approved by others, paid once."""

    __tablename__ = "tontine_pot"

    round_id: Mapped[UUID] = refers_to("tontine_round", primary_key=True)
    state: Mapped[PotState] = mapped_column(word(PotState))
    requested_by: Mapped[UUID] = refers_to("tontine_membership")
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Receipt(Model):
    """What a part of the beneficiary's share received of a pot. Cash counts as received when its holder confirms it."""

    __tablename__ = "tontine_receipt"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("taken_back >= 0 AND taken_back <= amount", name="taken_back"),
    )

    id: Mapped[UUID] = key()
    round_id: Mapped[UUID] = refers_to("tontine_round", index=True)
    holding_id: Mapped[UUID] = refers_to("tontine_holding", index=True)
    membership_id: Mapped[UUID] = refers_to("tontine_membership")
    source: Mapped[Source] = mapped_column(word(Source))
    """`wallet`, `cash`, or `set_off` for what paid the holder's own debts."""
    amount: Mapped[int] = francs()
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """For cash: when its holder said that they have it."""
    taken_back: Mapped[int] = francs(default=0)
    """For cash that was promised and not handed over: what of it a reversal took back."""

    @property
    def given(self) -> int:
        """What of it stands, in francs."""
        return self.amount - self.taken_back


class Fine(Model):
    """A fine for a late due: once for each due, apart from the contribution."""

    __tablename__ = "tontine_fine"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("waived_by IS NULL OR waived_by <> waiver_asked_by", name="second_person"),
        CheckConstraint("state <> 'waived' OR (waived_by IS NOT NULL AND waiver_reason <> '')", name="waived"),
    )

    id: Mapped[UUID] = key()
    due_id: Mapped[UUID] = mapped_column(Id, unique=True)
    tontine_id: Mapped[UUID] = refers_to("tontine")
    membership_id: Mapped[UUID] = refers_to("tontine_membership", index=True)
    amount: Mapped[int] = francs()
    state: Mapped[FineState] = mapped_column(word(FineState))
    waiver_asked_by: Mapped[UUID | None] = mapped_column(Id)
    waiver_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    waived_by: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Delay(Model):
    """A member's wish to pay a round's dues later, decided by an officer."""

    __tablename__ = "tontine_delay"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(String(128), unique=True)
    round_id: Mapped[UUID] = refers_to("tontine_round", index=True)
    membership_id: Mapped[UUID] = refers_to("tontine_membership")
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[DecisionState] = mapped_column(word(DecisionState))
    decided_by: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Grant(Model):
    """Help from the solidarity fund, given when two officers have approved it."""

    __tablename__ = "tontine_grant"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(String(128), unique=True)
    tontine_id: Mapped[UUID] = refers_to("tontine", index=True)
    membership_id: Mapped[UUID] = refers_to("tontine_membership")
    asked_by: Mapped[UUID] = refers_to("tontine_membership")
    amount: Mapped[int] = francs()
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    state: Mapped[DecisionState] = mapped_column(word(DecisionState))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SidePayment(Model):
    """Money paid apart from contributions: a caution, a gift to the fund, a fine; `key` makes two taps one payment."""

    __tablename__ = "tontine_side_payment"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(String(128), unique=True)
    tontine_id: Mapped[UUID] = refers_to("tontine", index=True)
    membership_id: Mapped[UUID] = refers_to("tontine_membership")
    kind: Mapped[str] = mapped_column(String(16))
    amount: Mapped[int] = francs()
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
