"""Forgetting: what was said long ago goes, with the files that went with it."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.views import View
from core import clock
from core.db import Database
from core.outbox import OutboxFile, OutboxMessage

# The card of a tontine's round is edited until the round is over: a year at most, and then a month of delays.
SAID_IS_KEPT_FOR = timedelta(days=400)
# A message is queued right after its file was attached.
_SAME_MOMENT = timedelta(days=1)
# Each some in a transaction of their own: nobody who writes waits long.
_AT_ONCE = 1_000


async def forget_what_was_said(database: Database) -> None:
    """Forget what was said more than 400 days ago; what still waits for its reader stays, with its file."""
    before = clock.now() - SAID_IS_KEPT_FOR
    waiting_files: set[UUID | None] = set()
    last: int | None = 0
    while last is not None:
        last, files = await database.run(partial(_forget_messages, after=last, before=before))
        waiting_files |= files
    file: UUID | None = UUID(int=0)
    while file is not None:
        forget = partial(_forget_files, after=file, before=before - _SAME_MOMENT, but=waiting_files)
        file = await database.run(forget)


async def _forget_messages(session: AsyncSession, after: int, before: datetime) -> tuple[int | None, set[UUID | None]]:
    """Forget the next few messages: gives where to go on, unless younger ones begin, and the files that still wait."""
    columns = (OutboxMessage.seq, OutboxMessage.created_at, OutboxMessage.state)
    # In the order they were said in: no time is indexed, and nothing else would know where the old ones end.
    page = select(*columns).where(OutboxMessage.seq > after).order_by(OutboxMessage.seq).limit(_AT_ONCE)
    rows = list(await session.execute(page))
    old = [row for row in rows if row.created_at < before]
    waiting = [row.seq for row in old if row.state == "queued"]
    views = select(OutboxMessage.view).where(OutboxMessage.seq.in_(waiting))
    files = {View.load(each).file for each in await session.scalars(views)}
    said = [row.seq for row in old if row.state != "queued"]
    await session.execute(delete(OutboxMessage).where(OutboxMessage.seq.in_(said)))
    return (old[-1].seq if len(old) == _AT_ONCE else None), files


async def _forget_files(session: AsyncSession, after: UUID, before: datetime, but: set[UUID | None]) -> UUID | None:
    """Forget the next few files but those; their ids increase with time, as the messages' numbers do."""
    page = select(OutboxFile.id, OutboxFile.created_at).where(OutboxFile.id > after).order_by(OutboxFile.id)
    rows = list(await session.execute(page.limit(_AT_ONCE)))
    old = [row.id for row in rows if row.created_at < before]
    await session.execute(delete(OutboxFile).where(OutboxFile.id.in_([each for each in old if each not in but])))
    return old[-1] if len(old) == _AT_ONCE else None
