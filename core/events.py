"""Events: how strangers hear of each other.

`payments` and `tontines` never speak to people or to one another: they publish an event in the transaction of the
change itself, and whoever subscribed to it (in `app.py`) hears it in a transaction of its own, exactly once.
"""

from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from core.jobs import Jobs, Payload, TransactionalHandler, enqueue, enqueued_together
from core.rows import Insertion


async def publish(session: AsyncSession, name: str, payload: Payload) -> None:
    """Tell what happened, as a row in the same transaction: `deposit.settled`, `{"id": …}`."""
    await enqueue(session, _kind(name), str(new_id()), payload)


def published_together(connection: Connection, name: str, payloads: Sequence[Payload]) -> Insertion:
    """What publishes one event for each of the payloads, in the transaction of a group; the caller writes it."""
    return enqueued_together(connection, _kind(name), payloads)


def subscribe(jobs: Jobs, name: str, *subscribers: TransactionalHandler) -> None:
    """Let each of `subscribers` hear of `name`, after those who subscribed before, all of them in one transaction.

    Subscribing nobody is a way to say that an event may go unheard: its row is done with all the same.
    """
    before = jobs.done_by(_kind(name))
    hearing = (before, *subscribers) if before else subscribers

    async def deliver(session: AsyncSession, payload: Payload) -> None:
        for subscriber in hearing:
            await subscriber(session, payload)

    jobs.in_transaction(_kind(name), deliver)


def _kind(name: str) -> str:
    return f"event:{name}"
