"""Receipts: what a channel says became of our messages, written down at the message."""

from dataclasses import asdict
from datetime import timedelta
from hashlib import sha256

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.whatsapp_errors import OUTSIDE_WINDOW, UNREACHABLE, count, is_operators, wait_after
from bot.channels.whatsapp_updates import NAME, Receipt
from core import clock, outbox
from core.jobs import Jobs, Payload, enqueue
from core.outbox import Destination
from members import addresses_of, find_by_address

log = structlog.get_logger(__name__)

_RECEIPT = "whatsapp_receipt"
# A receipt may be here before the sender has written down what it sent. What nobody knows by then was no message of the
# outbox: a nudge, or the first part of a long text.
_TRIES = 4
_FIRST_RETRY = timedelta(seconds=2)
# What Meta takes and loses again and again is given up in the end; members find it in their history.
_NEWS_FOR = timedelta(days=1)


def register_receipts(jobs: Jobs) -> None:
    """Try again with receipts that came too early."""
    jobs.in_transaction(_RECEIPT, _again)


async def note(session: AsyncSession, receipt: Receipt) -> None:
    """Write down what became of a message; what failed for its own reasons is said again, or no more."""
    if receipt.state == "failed":
        _tell_of_failure(receipt)
    if not await _noted(session, receipt):
        await _try_later(session, receipt, tries=0)


async def place_of(session: AsyncSession, *names: str | None) -> Destination:
    """The chat with whoever goes by one of these names: they may be known by another one than was used this time."""
    known = [name for name in names if name]
    for name in known:
        if (member := await find_by_address(session, NAME, name)) is not None:
            for address in await addresses_of(session, member.id):
                if address.channel == NAME and name in {address.external_id, address.alias}:
                    return Destination(NAME, address.external_id)
    return Destination(NAME, known[0])


async def _noted(session: AsyncSession, receipt: Receipt) -> bool:
    to = await place_of(session, receipt.chat, receipt.alias)
    if receipt.code == OUTSIDE_WINDOW:
        return await outbox.say_later(session, to, receipt.external_id)
    if receipt.code is not None and (wait := wait_after(receipt.code)) is not None:
        now = clock.now()
        is_said_again = await outbox.say_again(session, to, receipt.external_id, at=now + wait, since=now - _NEWS_FOR)
        if is_said_again is not False:
            return bool(is_said_again)
    reason = f"{receipt.code}: {receipt.reason}" if receipt.code else None
    is_known = await outbox.note_receipt(session, to, receipt.external_id, receipt.state, reason)
    if is_known and receipt.code in UNREACHABLE:
        await outbox.block(session, to)
    return is_known


async def _again(session: AsyncSession, payload: Payload) -> None:
    receipt = Receipt(**payload["receipt"])
    tries: int = payload["tries"] + 1
    if not await _noted(session, receipt) and tries < _TRIES:
        await _try_later(session, receipt, tries)


async def _try_later(session: AsyncSession, receipt: Receipt, tries: int) -> None:
    key = f"{receipt.state}:{sha256(receipt.external_id.encode()).hexdigest()}"
    run_at = clock.now() + _FIRST_RETRY * 2**tries
    await enqueue(session, _RECEIPT, key, {"receipt": asdict(receipt), "tries": tries}, run_at=run_at)


def _tell_of_failure(receipt: Receipt) -> None:
    if receipt.code is None:
        return
    count(receipt.code)
    if is_operators(receipt.code):
        log.error("whatsapp.operator_has_to_act", code=receipt.code, reason=receipt.reason)
    else:
        log.info("whatsapp.message_failed", code=receipt.code, reason=receipt.reason)
