"""The group's tables: the tontine, its charter, its members and their offices, and the lines of its statement."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Json, Model, UtcDateTime, word
from tontines.columns import francs, key, refers_to
from tontines.rules import Rules
from tontines.states import DecisionState, MembershipState, Role, TontineState

NAME_LENGTH = 64


class Tontine(Model):
    """A group and its rules. Its chat is only an address, which can change; `key` makes two taps one tontine."""

    __tablename__ = "tontine"
    __table_args__ = (Index("ix_tontine_channel_chat", "channel", "chat"),)

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(String(128), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    channel: Mapped[str | None] = mapped_column(String(16))
    chat: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[TontineState] = mapped_column(word(TontineState))
    stated_rules: Mapped[dict[str, Any]] = mapped_column(Json)
    wished_rules: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What is to be the rules of the next cycle."""
    charter_version: Mapped[int]
    lines: Mapped[int] = mapped_column(default=0)
    """How many lines its statement has."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def rules(self) -> Rules:
        return Rules.model_validate(self.stated_rules)


class Charter(Model):
    """The rules as the members read them, one version after the other; the database lets none be changed."""

    __tablename__ = "tontine_charter"

    tontine_id: Mapped[UUID] = refers_to("tontine", primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    articles: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Membership(Model):
    """A member of one tontine, and what they hold in it."""

    __tablename__ = "tontine_membership"
    __table_args__ = (
        UniqueConstraint("tontine_id", "member_id"),
        CheckConstraint("halves > 0", name="halves"),
    )

    id: Mapped[UUID] = key()
    tontine_id: Mapped[UUID] = refers_to("tontine")
    member_id: Mapped[UUID] = refers_to("member", index=True)
    state: Mapped[MembershipState] = mapped_column(word(MembershipState))
    halves: Mapped[int]
    """Half-shares they take part with in the next cycle; a running cycle's shares are its own."""
    renews: Mapped[bool]
    """Whether they take part in the next cycle."""
    agrees_to_set_off: Mapped[bool] = mapped_column(default=False)
    defaulted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Acceptance(Model):
    """A member's yes to one version of the charter."""

    __tablename__ = "tontine_acceptance"

    membership_id: Mapped[UUID] = refers_to("tontine_membership", primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Officer(Model):
    """Who holds an office."""

    __tablename__ = "tontine_officer"

    tontine_id: Mapped[UUID] = refers_to("tontine", primary_key=True)
    role: Mapped[Role] = mapped_column(word(Role), primary_key=True)
    membership_id: Mapped[UUID] = refers_to("tontine_membership")


class Guarantee(Model):
    """Somebody answers for a member, up to an amount, once they have accepted to."""

    __tablename__ = "tontine_guarantee"
    __table_args__ = (
        CheckConstraint("guarantor_id <> membership_id", name="somebody_else"),
        CheckConstraint("called >= 0 AND called <= at_most", name="called"),
    )

    membership_id: Mapped[UUID] = refers_to("tontine_membership", primary_key=True)
    guarantor_id: Mapped[UUID] = refers_to("tontine_membership")
    at_most: Mapped[int] = francs()
    called: Mapped[int] = francs(default=0)
    """What they were asked for so far."""
    state: Mapped[DecisionState] = mapped_column(word(DecisionState))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Line(Model):
    """A line of the statement that every member may check. Sealed (`hash` set) it never changes."""

    __tablename__ = "tontine_line"

    tontine_id: Mapped[UUID] = refers_to("tontine", primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(40))
    """As it is hashed: ISO 8601 in UTC."""
    kind: Mapped[str] = mapped_column(String(48))
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    previous: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64), index=True)
