"""Identifiers, made here and never by a database, so that a key exists before anything is written."""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

# No vowels and no look-alikes: a reference is read aloud on the phone and never spells a word.
_READABLE = "23456789BCDFGHJKMNPQRSTVWXZ"


def new_id() -> UUID:
    """A new UUIDv7: unique everywhere, and increasing with time, which keeps indexes compact."""
    return uuid7()


def new_reference(prefix: str) -> str:
    """A reference a person can read aloud, such as `D-7KQ2-MX4P-9T3W`: 57 bits of chance."""
    letters = "".join(secrets.choice(_READABLE) for _ in range(12))
    return f"{prefix}-{letters[:4]}-{letters[4:8]}-{letters[8:]}"
