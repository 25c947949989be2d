"""The sender: takes an address from the outbox and says there what waits, in order."""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import Channel, Moved, NotAccepted, TryAgainIn, Unreachable
from bot.views import View
from core import outbox
from core.db import Database
from core.events import publish
from core.outbox import Destination, OutboxFile, OutboxMessage

log = structlog.get_logger(__name__)

_FIRST_RETRY = timedelta(seconds=1)
_LAST_RETRY = timedelta(minutes=5)


async def send_one_address(database: Database, channel: Channel) -> bool:
    """Claim the address that has waited longest and say what waits there; False when none is due."""
    to = await database.run(lambda session: outbox.claim_address(session, channel.name))
    if to is None:
        return False
    async with database.reading() as session:
        waiting = await outbox.queued(session, to)
    pause = channel.pause_after(to.chat)
    try:
        for number, message in enumerate(await _merge_edits(database, waiting)):
            if number:
                await database.run(lambda session: outbox.keep_claim(session, to))
            await _send(database, channel, to, message)
    except TryAgainIn as error:
        await _release(database, to, error.wait)
    except Unreachable as error:
        log.info("outbox.unreachable", channel=to.channel, reason=str(error))
        await database.run(lambda session: outbox.block(session, to))
    except Moved as error:
        new_chat = error.chat
        await database.run(lambda session: _move(session, to, new_chat))
    except Exception as error:  # noqa: BLE001 - not knowing whether it arrived means saying it again later
        log.warning("outbox.send_failed", channel=to.channel, reason=repr(error))
        await _release(database, to, await _backoff(database, to))
    else:
        await database.run(lambda session: outbox.release(session, to, pause=pause))
    return True


async def _send(database: Database, channel: Channel, to: Destination, message: OutboxMessage) -> None:
    view = View.load(message.view)
    async with database.reading() as session:
        edits = await outbox.external_id_of(session, message.edits) if message.edits else None
        file = await session.get(OutboxFile, view.file) if view.file else None
    try:
        external_id = await channel.send(to.chat, view, edits, file)
    except NotAccepted as error:
        reason = str(error)
        log.exception("outbox.not_accepted", channel=to.channel, message=str(message.id))
        await database.run(lambda session: outbox.mark(session, message.id, "failed", error=reason))
        return
    await database.run(lambda session: _sent(session, message, external_id))


async def _move(session: AsyncSession, to: Destination, new_chat: str) -> None:
    """Whoever keeps the address of a chat hears of the new one too."""
    await outbox.move(session, to, new_chat)
    await publish(session, "chat.moved", {"channel": to.channel, "chat": to.chat, "moved_to": new_chat})


async def _sent(session: AsyncSession, message: OutboxMessage, external_id: str) -> None:
    await outbox.mark(session, message.id, "sent", external_id=external_id)
    if message.edits is not None:
        # The edited message may have been said anew because it was gone: from now on that one is edited.
        await outbox.set_external_id(session, message.edits, external_id)


async def _merge_edits(database: Database, waiting: list[OutboxMessage]) -> list[OutboxMessage]:
    """Of several edits of one message only the last is worth a call."""
    last_edit: dict[UUID, UUID] = {m.edits: m.id for m in waiting if m.edits is not None}
    kept = [m for m in waiting if m.edits is None or last_edit[m.edits] == m.id]
    merged = {m.id for m in waiting} - {m.id for m in kept}
    if merged:
        await database.run(lambda session: outbox.mark_merged(session, merged))
    return kept


async def _release(database: Database, to: Destination, retry_in: timedelta) -> None:
    await database.run(lambda session: outbox.release(session, to, retry_in=retry_in))


async def _backoff(database: Database, to: Destination) -> timedelta:
    async with database.reading() as session:
        failures = await outbox.attempts(session, to)
    wait: timedelta = _FIRST_RETRY * 2 ** min(failures, 10)
    return min(_LAST_RETRY, wait)
