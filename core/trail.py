"""The trail: one reference in the log, from the tap that asked for a payment to the message that tells its end.

It is the reference that people read in their receipt: who complains with it can be answered from the log.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

log = structlog.get_logger(__name__)

_REFERENCE = "reference"


@contextmanager
def about(reference: str) -> Iterator[None]:
    """Whatever is logged or queued to be said within is about this payment."""
    with structlog.contextvars.bound_contextvars(**{_REFERENCE: reference}):
        yield


def reference() -> str | None:
    """The reference of the payment that what happens now is about, if it is about one."""
    found = structlog.contextvars.get_contextvars().get(_REFERENCE)
    return found if isinstance(found, str) else None


def leave(session: AsyncSession, what: str, of: str) -> None:
    """Write into the log what became of the payment `of`, once it is committed: what is rolled back did not happen."""
    event.listen(
        session.sync_session, "after_commit", lambda _: log.info("payment", what=what, reference=of), once=True
    )
