"""How the house's words and amounts stand in the tontines' tables."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Id


def key() -> Mapped[UUID]:
    """The row's own id."""
    return mapped_column(Id, primary_key=True)


def refers_to(table: str, *, index: bool = False, primary_key: bool = False) -> Mapped[UUID]:
    """The id of a row of another table."""
    return mapped_column(Id, ForeignKey(f"{table}.id"), index=index, primary_key=primary_key)


def francs(default: int | None = None) -> Mapped[int]:
    """An amount in whole francs."""
    return mapped_column(BigInteger) if default is None else mapped_column(BigInteger, default=default)
