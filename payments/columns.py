"""How our enumerations stand in tables: as their own words, without a database type to migrate when one is added."""

from enum import StrEnum

from sqlalchemy import Enum

WORD_LENGTH = 32


def word(kind: type[StrEnum]) -> Enum:
    """The column type of one word of `kind`."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=WORD_LENGTH,
        values_callable=lambda words: [each.value for each in words],
    )
