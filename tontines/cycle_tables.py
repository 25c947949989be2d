"""A cycle's tables: its shares and who holds them, the turns, and what decides their order."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Json, Model, UtcDateTime, word
from tontines.columns import francs, key, refers_to
from tontines.rotation import StatedNeed
from tontines.rules import Rules
from tontines.states import DecisionState, RoundState

WORDS_LENGTH = 200
_RUNNING = text("ended_at IS NULL")


class Cycle(Model):
    """Everyone's turn once, under the rules as they were at its start; a tontine has one running cycle at most."""

    __tablename__ = "tontine_cycle"
    __table_args__ = (
        UniqueConstraint("tontine_id", "number"),
        Index("uq_tontine_cycle_running", "tontine_id", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    id: Mapped[UUID] = key()
    tontine_id: Mapped[UUID] = refers_to("tontine")
    number: Mapped[int]
    stated_rules: Mapped[dict[str, Any]] = mapped_column(Json)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    summary: Mapped[dict[str, Any] | None] = mapped_column(Json)

    @property
    def rules(self) -> Rules:
        return Rules.model_validate(self.stated_rules)


class Share(Model):
    """One share of a cycle: one contribution in each round, one turn."""

    __tablename__ = "tontine_share"
    __table_args__ = (UniqueConstraint("cycle_id", "number"),)

    id: Mapped[UUID] = key()
    cycle_id: Mapped[UUID] = refers_to("tontine_cycle")
    number: Mapped[int]
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when it contributes no more, and its turn gives back what it had paid."""
    joined_late: Mapped[bool] = mapped_column(default=False)


class Holding(Model):
    """A member's part of a share: both halves, or one."""

    __tablename__ = "tontine_holding"
    __table_args__ = (
        UniqueConstraint("share_id", "place"),
        CheckConstraint("halves IN (1, 2)", name="halves"),
        CheckConstraint("place IN (0, 1)", name="place"),
    )

    id: Mapped[UUID] = key()
    share_id: Mapped[UUID] = refers_to("tontine_share")
    membership_id: Mapped[UUID] = refers_to("tontine_membership", index=True)
    halves: Mapped[int]
    place: Mapped[int]
    """0 is the first of the share's holders, to whom an odd franc goes."""


class Turn(Model):
    """A share's place in the order. One for each share and cycle: the primary key says so."""

    __tablename__ = "tontine_turn"
    __table_args__ = (
        UniqueConstraint("cycle_id", "position"),
        CheckConstraint("price >= 0 AND price_paid >= 0 AND price_paid <= price", name="price"),
    )

    cycle_id: Mapped[UUID] = refers_to("tontine_cycle", primary_key=True)
    share_id: Mapped[UUID] = refers_to("tontine_share", primary_key=True)
    position: Mapped[int]
    """The number of its round."""
    price: Mapped[int] = francs(default=0)
    """What the share gives up of its pot, to the fund, for an auctioned turn."""
    price_paid: Mapped[int] = francs(default=0)


class Draw(Model):
    """A draw. The database lets nobody change what was committed to, nor anything once it is revealed."""

    __tablename__ = "tontine_draw"

    cycle_id: Mapped[UUID] = refers_to("tontine_cycle", primary_key=True)
    commitment: Mapped[str] = mapped_column(String(64))
    secret: Mapped[str] = mapped_column(String(64))
    """Nobody's to see before the reveal."""
    shares: Mapped[list[str]] = mapped_column(Json)
    reveal_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    public: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """The whole draw as anybody may check it."""


class Entropy(Model):
    """The words that a member added to the draw."""

    __tablename__ = "tontine_entropy"

    cycle_id: Mapped[UUID] = refers_to("tontine_cycle", primary_key=True)
    membership_id: Mapped[UUID] = refers_to("tontine_membership", primary_key=True)
    text: Mapped[str] = mapped_column(String(WORDS_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Round(Model):
    """One collection and one pot; its beneficiary is the share whose turn has its number."""

    __tablename__ = "tontine_round"
    __table_args__ = (UniqueConstraint("cycle_id", "number"),)

    id: Mapped[UUID] = key()
    tontine_id: Mapped[UUID] = refers_to("tontine", index=True)
    cycle_id: Mapped[UUID] = refers_to("tontine_cycle")
    number: Mapped[int]
    state: Mapped[RoundState] = mapped_column(word(RoundState))
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline: Mapped[datetime] = mapped_column(UtcDateTime)
    full_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    minutes: Mapped[dict[str, Any] | None] = mapped_column(Json)


class Bid(Model):
    """What a holder would give up of the pot to have the round's turn."""

    __tablename__ = "tontine_bid"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    round_id: Mapped[UUID] = refers_to("tontine_round", primary_key=True)
    holding_id: Mapped[UUID] = refers_to("tontine_holding", primary_key=True)
    amount: Mapped[int] = francs()
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Need(Model):
    """A share's stated need of an early turn; the officers may put one first."""

    __tablename__ = "tontine_need"

    cycle_id: Mapped[UUID] = refers_to("tontine_cycle", primary_key=True)
    share_id: Mapped[UUID] = refers_to("tontine_share", primary_key=True)
    reason: Mapped[str] = mapped_column(String(WORDS_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def stated(self) -> StatedNeed:
        return StatedNeed(self.share_id, self.created_at)


class Swap(Model):
    """Two holders' wish to exchange upcoming turns; done when every holder of both shares has consented."""

    __tablename__ = "tontine_swap"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(String(128), unique=True)
    cycle_id: Mapped[UUID] = refers_to("tontine_cycle")
    first_id: Mapped[UUID] = refers_to("tontine_share")
    second_id: Mapped[UUID] = refers_to("tontine_share")
    state: Mapped[DecisionState] = mapped_column(word(DecisionState))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
