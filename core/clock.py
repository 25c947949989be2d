"""The one clock: every time in the house is aware UTC and comes from here."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_ahead = timedelta(0)


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC) + _ahead


@contextmanager
def ahead(by: timedelta) -> Iterator[None]:
    """Let the clock of this process run ahead while the block lasts: tests and try-outs reach a deadline at once."""
    global _ahead  # noqa: PLW0603 - there is one clock
    before = _ahead
    _ahead = before + by
    try:
        yield
    finally:
        _ahead = before
