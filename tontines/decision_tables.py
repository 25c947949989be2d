"""The tables of what several people decide: consents, votes, replacements and reversals."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Id, Json, Model, UtcDateTime, word
from tontines.columns import francs, key, refers_to
from tontines.money_tables import REASON_LENGTH
from tontines.states import DecisionState


class Consent(Model):
    """A member's yes to something that needs one: a pot, a grant, a swap, known by its id."""

    __tablename__ = "tontine_consent"

    subject_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    membership_id: Mapped[UUID] = refers_to("tontine_membership", primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Vote(Model):
    """A question that the members decide by more than half of all of them."""

    __tablename__ = "tontine_vote"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(String(128), unique=True)
    tontine_id: Mapped[UUID] = refers_to("tontine", index=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[DecisionState] = mapped_column(word(DecisionState))
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Ballot(Model):
    """One member's vote, counted once whatever they hold."""

    __tablename__ = "tontine_ballot"

    vote_id: Mapped[UUID] = refers_to("tontine_vote", primary_key=True)
    membership_id: Mapped[UUID] = refers_to("tontine_membership", primary_key=True)
    is_for: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Replacement(Model):
    """A member's offer of all they hold in the running cycle to a successor, who buys in."""

    __tablename__ = "tontine_replacement"
    __table_args__ = (
        CheckConstraint("leaver_id <> successor_id", name="somebody_else"),
        CheckConstraint("price >= 0", name="price"),
    )

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(String(128), unique=True)
    tontine_id: Mapped[UUID] = refers_to("tontine", index=True)
    leaver_id: Mapped[UUID] = refers_to("tontine_membership")
    successor_id: Mapped[UUID] = refers_to("tontine_membership")
    price: Mapped[int] = francs()
    """What the leaver had paid into the cycle when the successor accepted."""
    state: Mapped[DecisionState] = mapped_column(word(DecisionState))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Reversal(Model):
    """A contribution taken back in sight of everybody: asked by one officer with a reason, confirmed by another."""

    __tablename__ = "tontine_reversal"
    __table_args__ = (CheckConstraint("confirmed_by IS NULL OR confirmed_by <> asked_by", name="second_person"),)

    contribution_id: Mapped[UUID] = refers_to("tontine_contribution", primary_key=True)
    asked_by: Mapped[UUID] = refers_to("tontine_membership")
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    confirmed_by: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
