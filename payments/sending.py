"""Sending: money goes from one member's wallet to another's, at once and free."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, trail
from core.db import insert_once
from core.errors import Refusal
from core.events import publish
from core.ids import new_id, new_reference
from core.money import Money
from ledger import AccountKind
from members import Member
from members.wallets import member_account, over_what_is_held
from payments.cooling import refuse_while_cooling
from payments.limits import refuse_taking_out
from payments.postings import Leg, transfer
from payments.requests import KeyReused
from payments.sends import NOTE_LENGTH, Send


class SendToSelf(Refusal):
    key = "refusal.send.self"


class NoteTooLong(Refusal):
    """Params: `at_most` (characters)."""

    key = "refusal.send.note"


async def request_send(
    session: AsyncSession, sender: Member, recipient_id: UUID, amount: Money, note: str | None = None, *, key: str
) -> Send:
    """Move `amount` between two wallets in the caller's transaction; what exceeds the recipient's cap is parked there.

    The same key again gives the first send back. Raises ledger.InsufficientFunds, SendToSelf, NoteTooLong,
    OperationTooSmall, OperationTooLarge, MemberFrozen, DebtOutstanding, WalletCools, AfterReset; then nothing was
    written. Raises KeyReused where the key came with other terms.
    """
    known = await session.scalar(select(Send).where(Send.key == key))
    if known is None:
        await check_send_request(session, sender, recipient_id, amount, note)
        # A refusal is an answer in a dialogue whose transaction goes on: no row may stay behind without its money.
        async with session.begin_nested():
            known = await _send(session, sender.id, recipient_id, amount, note, key=key)
    if (known.sender_id, known.recipient_id, known.amount) != (sender.id, recipient_id, amount.amount):
        raise KeyReused(known.reference)
    return known


async def check_send_request(
    session: AsyncSession, sender: Member, recipient_id: UUID, amount: Money, note: str | None = None
) -> None:
    """Raises what request_send would, the balance apart, so that nobody confirms in vain."""
    if sender.id == recipient_id:
        raise SendToSelf
    if note is not None and len(note) > NOTE_LENGTH:
        raise NoteTooLong(at_most=NOTE_LENGTH)
    await refuse_taking_out(session, sender, amount)
    await refuse_while_cooling(session, sender.id, amount)


async def _send(
    session: AsyncSession, sender_id: UUID, recipient_id: UUID, amount: Money, note: str | None, *, key: str
) -> Send:
    is_ours = await insert_once(
        session, Send, id=new_id(), sender_id=sender_id, recipient_id=recipient_id, key=key,
        reference=new_reference("S"), amount=amount.amount, parked=0, currency=amount.currency, note=note or None,
        created_at=clock.now(),
    )  # fmt: skip
    send = (await session.scalars(select(Send).where(Send.key == key))).one()
    if is_ours:
        await _move(session, send, amount)
        await publish(session, "send.completed", {"id": str(send.id)})
        trail.leave(session, "send.completed", send.reference)
    return send


async def _move(session: AsyncSession, send: Send, amount: Money) -> None:
    # In one order: two who send to each other, and never had a wallet, would wait for one another's to be opened.
    wallets = {
        each: await member_account(session, each, AccountKind.WALLET, amount.currency)
        for each in sorted((send.sender_id, send.recipient_id))
    }
    sender, wallet = wallets[send.sender_id], wallets[send.recipient_id]
    await transfer(session, send.id, Leg.MAIN, debit=sender, credit=wallet, amount=amount, kind="send")
    recipient = await session.get_one(Member, send.recipient_id)
    excess = min(amount, await over_what_is_held(session, recipient.id, amount.currency))
    if excess:
        send.parked = excess.amount
        parked = await member_account(session, send.recipient_id, AccountKind.PARKED, amount.currency)
        await transfer(session, send.id, Leg.PARKED, debit=wallet, credit=parked, amount=excess, kind="parked")
