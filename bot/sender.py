"""The sender: takes an address from the outbox and says there what waits, in order."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import TRAITS, Channel, Cost, Moved, NotAccepted, OutsideWindow, TryAgainIn, Unreachable
from bot.metrics import SAYING
from bot.views import View
from core import clock, i18n, outbox
from core.db import Database
from core.events import publish
from core.jobs import Claimed
from core.outbox import Destination, OutboxAddress, OutboxFile, OutboxMessage
from core.pacing import Pacer

log = structlog.get_logger(__name__)

_FIRST_RETRY = timedelta(seconds=1)
_LAST_RETRY = timedelta(minutes=5)
_AT_ONCE = 20
# Behind much that has to wait there may be something that need not.
_LOOKED_THROUGH = 200
# Somebody who does not answer is not asked to more often.
_NUDGE_EVERY = timedelta(days=1)
# A claim is renewed before a call that had to wait for longer.
_SHORT = timedelta(seconds=1)


async def send_one_address(
    database: Database, channel: Channel, claimed: Claimed = lambda: None, pacer: Pacer | None = None
) -> bool:
    """Claim the address that has waited longest and say what waits there; False when none is due.

    `claimed` is told once there is one: others may look for the next. All senders of a channel, in whichever process,
    pass its `pacer`, one of the same name.
    """
    to = await database.run(lambda session: outbox.claim_address(session, channel.name))
    if to is None:
        return False
    claimed()
    async with database.reading() as session:
        address = await outbox.address_at(session, to)
        is_open = _is_open(address)
        waiting = await outbox.queued(session, to, limit=_AT_ONCE if is_open else _LOOKED_THROUGH)
    speech = _Speech(channel, pacer or Pacer(database, channel.name, channel.pace), to, address.quiet_until)
    try:
        await _say_all(database, speech, waiting, is_open=is_open)
        if speech.held:
            await _wait_for_them(database, speech, address)
            return True
    except TryAgainIn as error:
        log.info("outbox.asked_to_wait", channel=to.channel, seconds=error.wait.total_seconds(), all=error.everywhere)
        if error.everywhere:
            await speech.pacer.close(error.wait)
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
        await database.run(lambda session: outbox.release(session, to, quiet_until=speech.quiet_until))
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


@dataclass
class _Speech:
    """What one claim of an address comes to: how fast one may go on, what has to wait for the person."""

    channel: Channel
    pacer: Pacer
    to: Destination
    quiet_until: datetime | None
    said: int = 0
    looked_to: int = 0
    held: list[OutboxMessage] = field(default_factory=list)

    def may_go_on(self, said: _Utterance) -> bool:
        """Whether the chat may hear that already."""
        pace = self.channel.pace_in(self.to.chat)
        if pace is None or not self._cost(said).in_chat or 0 < self.said < pace.in_a_row:
            return True
        return self.quiet_until is None or self.quiet_until <= clock.now()

    async def queue_up(self, said: _Utterance) -> timedelta | None:
        """Wait until all that is said on the channel leaves room for it; for how long that was.

        None where that would be so long that other chats are looked after meanwhile.
        """
        wait = await self.pacer.wait(self._cost(said).calls)
        if not self.pacer.is_worth_waiting(wait):
            self.quiet_until = max(self.quiet_until or clock.now(), clock.now() + wait)
            return None
        await asyncio.sleep(wait.total_seconds())
        return wait

    def note(self, said: _Utterance) -> None:
        """It is being said: the chat is to be quiet for a while."""
        pace, count = self.channel.pace_in(self.to.chat), self._cost(said).in_chat
        if pace is not None and count:
            self.quiet_until = pace.next_after(clock.now(), self.quiet_until, count)
            self.said += count

    def _cost(self, said: _Utterance) -> Cost:
        return self.channel.cost(self.to.chat, said.view, str(said.last.edits) if said.last.edits else None)


async def _say_all(database: Database, speech: _Speech, waiting: list[OutboxMessage], *, is_open: bool) -> None:
    """Say what waits, as far as the chat's pace allows; what cannot be said before the person writes is held."""
    messages = await _merge_edits(database, waiting)
    for number, utterance in enumerate(_gather(speech.channel, messages, is_open=is_open)):
        waited = await speech.queue_up(utterance) if speech.may_go_on(utterance) else None
        if waited is None:
            return
        if number or waited > _SHORT:
            await database.run(lambda session: outbox.keep_claim(session, speech.to))
        speech.looked_to = utterance.last.seq
        try:
            await _send(database, speech, utterance, is_open=is_open)
        except OutsideWindow:
            speech.held += utterance.messages


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


async def _send(database: Database, speech: _Speech, said: _Utterance, *, is_open: bool) -> None:
    channel, to, edited = speech.channel, speech.to, said.last.edits
    async with database.reading() as session:
        edits = await outbox.external_id_of(session, edited) if edited else None
        file = await session.get(OutboxFile, said.view.file) if said.view.file else None
    speech.note(said)
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


async def _wait_for_them(database: Database, speech: _Speech, address: OutboxAddress) -> None:
    """Leave what is held until the person writes, and let them know, once, that there is something to read."""
    to, quiet_until = speech.to, speech.quiet_until
    pressing = [view for message in speech.held if not (view := View.load(message.view)).can_wait]
    is_due = bool(pressing) and (address.nudged_at is None or clock.now() - address.nudged_at >= _NUDGE_EVERY)
    if is_due:
        said = next((view.said for view in pressing), None)
        await speech.channel.nudge(to.chat, said.language if said else i18n.DEFAULT_LANGUAGE)
    await database.run(
        lambda session: outbox.wait_for_them(session, to, speech.looked_to, nudged=is_due, quiet_until=quiet_until)
    )


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
