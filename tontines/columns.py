"""How the house's words and amounts stand in the tontines' tables."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Enum, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Id


def word(kind: type[StrEnum]) -> Enum:
    """The column type of one word of `kind`."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda words: [each.value for each in words],
    )


def key() -> Mapped[UUID]:
    """The row's own id."""
    return mapped_column(Id, primary_key=True)


def refers_to(table: str, *, index: bool = False, primary_key: bool = False) -> Mapped[UUID]:
    """The id of a row of another table."""
    return mapped_column(Id, ForeignKey(f"{table}.id"), index=index, primary_key=primary_key)


def francs(default: int | None = None) -> Mapped[int]:
    """An amount in whole francs."""
    return mapped_column(BigInteger) if default is None else mapped_column(BigInteger, default=default)
