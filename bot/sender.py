"""The sender: takes an address from the outbox and says there what waits, in order."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import TRAITS, Channel, Moved, NotAccepted, OutsideWindow, TryAgainIn, Unreachable
from bot.metrics import SAYING
from bot.views import View
from core import clock, i18n, outbox
from core.db import Database
from core.events import publish
from core.jobs import Claimed
from core.outbox import Destination, OutboxAddress, OutboxFile, OutboxMessage

log = structlog.get_logger(__name__)

_FIRST_RETRY = timedelta(seconds=1)
_LAST_RETRY = timedelta(minutes=5)
_AT_ONCE = 20
# Behind much that has to wait there may be something that need not.
_LOOKED_THROUGH = 200
# Somebody who does not answer is not asked to more often.
_NUDGE_EVERY = timedelta(days=1)


async def send_one_address(database: Database, channel: Channel, claimed: Claimed = lambda: None) -> bool:
    """Claim the address that has waited longest and say what waits there; False when none is due.

    `claimed` is told once there is one: others may look for the next.
    """
    to = await database.run(lambda session: outbox.claim_address(session, channel.name))
    if to is None:
        return False
    claimed()
    async with database.reading() as session:
        address = await outbox.address_at(session, to)
        is_open = _is_open(address)
        waiting = await outbox.queued(session, to, limit=_AT_ONCE if is_open else _LOOKED_THROUGH)
    try:
        held = await _say_all(database, channel, to, waiting, is_open=is_open)
        if held:
            await _wait_for_them(database, channel, address, held, waiting[-1].seq)
            return True
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
        wait: timedelta = _FIRST_RETRY * 2 ** min(address.attempts, 10)
        await _release(database, to, min(_LAST_RETRY, wait))
    else:
        pause = channel.pause_after(to.chat)
        await database.run(lambda session: outbox.release(session, to, pause=pause))
    return True


def _is_open(address: OutboxAddress) -> bool:
    window = TRAITS[address.channel].window
    if window is None:
        return True
    return address.heard_at is not None and clock.now() - address.heard_at < window


@dataclass(frozen=True)
class _Utterance:
    """What is said by one call: one message, or several of which all but the last are mere text."""

    view: View
    messages: list[OutboxMessage]

    @property
    def last(self) -> OutboxMessage:
        return self.messages[-1]


async def _say_all(
    database: Database, channel: Channel, to: Destination, waiting: list[OutboxMessage], *, is_open: bool
) -> list[OutboxMessage]:
    """Say what waits; gives back what cannot be said before the person writes."""
    held: list[OutboxMessage] = []
    messages = await _merge_edits(database, waiting)
    for number, utterance in enumerate(_gather(channel, messages, is_open=is_open)):
        if number:
            await database.run(lambda session: outbox.keep_claim(session, to))
        try:
            await _send(database, channel, to, utterance, is_open=is_open)
        except OutsideWindow:
            held += utterance.messages
    return held


def _gather(channel: Channel, messages: list[OutboxMessage], *, is_open: bool) -> list[_Utterance]:
    """Put together what the channel would rather say at once; a closed window knows whole sentences only."""
    gathered: list[_Utterance] = []
    for message in messages:
        view = View.load(message.view)
        before = gathered[-1] if gathered else None
        if is_open and before is not None and _may_join(before.view, view) and channel.fits_together(before.view, view):
            text = Markup("{}\n\n{}").format(Markup(before.view.text), Markup(view.text))  # noqa: S704 - said before
            gathered[-1] = _Utterance(replace(view, text=text), [*before.messages, message])
        else:
            gathered.append(_Utterance(view, [message]))
    return gathered


def _may_join(first: View, second: View) -> bool:
    return not (first.apart or second.apart or first.tidies or second.tidies)


async def _send(database: Database, channel: Channel, to: Destination, said: _Utterance, *, is_open: bool) -> None:
    edited = said.last.edits
    async with database.reading() as session:
        edits = await outbox.external_id_of(session, edited) if edited else None
        file = await session.get(OutboxFile, said.view.file) if said.view.file else None
    try:
        external_id = await channel.send(to.chat, said.view, edits, file, is_open=is_open)
    except NotAccepted as error:
        reason = str(error)
        log.exception("outbox.not_accepted", channel=to.channel, message=str(said.last.id))
        await database.run(lambda session: _failed(session, said, reason))
        return
    await database.run(lambda session: _sent(session, said, external_id))
    for message in said.messages:
        SAYING.observe((clock.now() - message.created_at).total_seconds())
        if message.reference is not None:
            log.info("outbox.said", reference=message.reference, channel=to.channel, message=external_id)


async def _failed(session: AsyncSession, said: _Utterance, reason: str) -> None:
    for message in said.messages:
        await outbox.mark(session, message.id, "failed", error=reason)


async def _sent(session: AsyncSession, said: _Utterance, external_id: str) -> None:
    for message in said.messages:
        await outbox.mark(session, message.id, "sent", external_id=external_id)
        if message.edits is not None:
            # The edited message may have been said anew because it was gone: from now on that one is edited.
            await outbox.set_external_id(session, message.edits, external_id)


async def _wait_for_them(
    database: Database, channel: Channel, address: OutboxAddress, held: list[OutboxMessage], up_to: int
) -> None:
    """Leave what is held until the person writes, and let them know, once, that there is something to read."""
    to = Destination(address.channel, address.chat)
    pressing = [view for message in held if not (view := View.load(message.view)).can_wait]
    is_due = bool(pressing) and (address.nudged_at is None or clock.now() - address.nudged_at >= _NUDGE_EVERY)
    if is_due:
        said = next((view.said for view in pressing), None)
        await channel.nudge(to.chat, said.language if said else i18n.DEFAULT_LANGUAGE)
    await database.run(lambda session: outbox.wait_for_them(session, to, up_to, nudged=is_due))


async def _move(session: AsyncSession, to: Destination, new_chat: str) -> None:
    """Whoever keeps the address of a chat hears of the new one too."""
    await outbox.move(session, to, new_chat)
    await publish(session, "chat.moved", {"channel": to.channel, "chat": to.chat, "moved_to": new_chat})


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
