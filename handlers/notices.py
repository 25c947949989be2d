"""What members are told when something became of their money: one message that turns from ⏳ to ✅ or ❌.

Events may be heard in another order than they happened. So each notice first looks, under the payment's lock, whether
the payment still is as the event says: if not, a later event has the last word.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot import shortcuts
from bot.dialogue import GO
from bot.notify import notice, tell
from bot.views import Button
from core import i18n, phones, trail
from core.events import subscribe
from core.jobs import Jobs, Payload, TransactionalHandler
from core.money import Money
from core.phones import Phone
from handlers.complaints import report_button
from ledger import AccountKind
from members import Member
from payments import (
    CORRECTED,
    Correction,
    Deposit,
    DepositState,
    FailureCode,
    Methods,
    Payout,
    PayoutState,
    Send,
    lock_deposit,
    lock_payout,
    standing,
)

# The state in which each event leaves a payment.
_DEPOSITS = {
    "deposit.link_ready": DepositState.OPEN,
    "deposit.unknown": DepositState.UNKNOWN,
    "deposit.review": DepositState.REVIEW,
    "deposit.settled": DepositState.SETTLED,
    "deposit.failed": DepositState.FAILED,
    "deposit.expired": DepositState.EXPIRED,
    "deposit.reversed": DepositState.REVERSED,
}
_PAYOUTS = {
    "payout.submitted": PayoutState.ACCEPTED,
    "payout.unknown": PayoutState.UNKNOWN,
    "payout.review": PayoutState.REVIEW,
    "payout.completed": PayoutState.COMPLETED,
    "payout.failed": PayoutState.FAILED,
    "payout.reversed": PayoutState.REVERSED,
    "payout.cleared": PayoutState.FAILED,
}
_UNDER_WAY = {"deposit.link_ready", "deposit.unknown", "payout.submitted", "payout.unknown"}
# What was said when it was confirmed: where it cannot be turned into this it is not said a second time.
_SAYS_THE_SAME = {"payout.submitted"}
_WORTH_RETRYING = {"deposit.failed": "deposit", "deposit.expired": "deposit", "payout.failed": "withdraw"}


def register(jobs: Jobs, methods: Methods) -> None:
    """Subscribe to everything that becomes of a payment; `methods` has the names members know."""
    for event, deposit_state in _DEPOSITS.items():
        subscribe(jobs, event, _deposit_notice(methods, event, deposit_state))
    for event, payout_state in _PAYOUTS.items():
        subscribe(jobs, event, _payout_notice(methods, event, payout_state))
    subscribe(jobs, "send.completed", _tell_recipient)
    subscribe(jobs, CORRECTED, _tell_of_correction)


def _deposit_notice(methods: Methods, event: str, state: DepositState) -> TransactionalHandler:
    async def tell_payer(session: AsyncSession, payload: Payload) -> None:
        deposit = await lock_deposit(session, UUID(payload["id"]))
        if deposit.state != state:
            return
        member = await session.get_one(Member, deposit.member_id)
        by_phone = event == "deposit.link_ready" and deposit.payment_url is None
        view = notice(
            member,
            "deposit.approve_on_phone" if by_phone else event,
            *await _deposit_buttons(session, member, deposit, event),
            **await _deposit_facts(session, methods, member, deposit),
        )
        with trail.about(deposit.reference):
            await tell(session, member, view, subject=f"deposit:{deposit.id}", is_final=event not in _UNDER_WAY)

    return tell_payer


def _payout_notice(methods: Methods, event: str, state: PayoutState) -> TransactionalHandler:
    async def tell_owner(session: AsyncSession, payload: Payload) -> None:
        payout = await lock_payout(session, UUID(payload["id"]))
        if payout.state != state:
            return
        member = await session.get_one(Member, payout.member_id)
        view = notice(
            member,
            event,
            *await _retry_buttons(session, member, payout, event),
            **await _payout_facts(session, methods, member, payout),
        )
        view = replace(view, tidies=event in _SAYS_THE_SAME)
        with trail.about(payout.reference):
            await tell(session, member, view, subject=f"payout:{payout.id}", is_final=event not in _UNDER_WAY)

    return tell_owner


async def _tell_recipient(session: AsyncSession, payload: Payload) -> None:
    send = await session.get_one(Send, UUID(payload["id"]))
    sender = await session.get_one(Member, send.sender_id)
    recipient = await session.get_one(Member, send.recipient_id)
    view = notice(
        recipient, "send.received", [report_button(recipient, send.reference)], _menu(recipient), name=sender.name,
        amount=Money(send.amount, send.currency), at=_at(recipient, send), reference=send.reference,
        parked=_parked(recipient, send.parked), balance=await _balance(session, recipient),
    )  # fmt: skip
    with trail.about(send.reference):
        await tell(session, recipient, view, subject=f"send:{send.id}", is_final=True)


async def _tell_of_correction(session: AsyncSession, payload: Payload) -> None:
    correction = await session.get_one(Correction, UUID(payload["id"]))
    member = await session.get_one(Member, correction.member_id)
    amount, owed = Money(correction.amount, correction.currency), Money(correction.owed, correction.currency)
    view = notice(
        member, f"correction.{correction.kind.value}{'_in_part' if owed else ''}", _menu(member), amount=amount,
        owed=owed, taken=amount - owed, about=correction.about, reference=correction.reference,
        balance=await _balance(session, member),
    )  # fmt: skip
    await tell(session, member, view, subject=f"correction:{correction.id}", is_final=True)


async def _deposit_buttons(session: AsyncSession, member: Member, deposit: Deposit, event: str) -> list[list[Button]]:
    if event == "deposit.link_ready":
        if deposit.payment_url is None:
            return []
        pay = i18n.text(member.language, "button.pay_now", amount=deposit.asked)
        return [[Button(pay, url=deposit.payment_url)]]
    return await _retry_buttons(session, member, deposit, event)


async def _retry_buttons(
    session: AsyncSession, member: Member, payment: Deposit | Payout, event: str
) -> list[list[Button]]:
    """Once it is over: the way home, and where it failed the same thing again up to the confirmation."""
    if event in _UNDER_WAY:
        return []
    wrong = [report_button(member, payment.reference)]
    if (flow := _WORTH_RETRYING.get(event)) is None:
        return [wrong, _menu(member)]
    hints = {"amount": str(payment.amount), "phone": payment.phone, "method": payment.method}
    again = await shortcuts.shortcut(session, member.id, flow, hints)
    return [[Button(i18n.text(member.language, "button.retry"), data=again)], wrong, _menu(member)]


async def _deposit_facts(session: AsyncSession, methods: Methods, member: Member, deposit: Deposit) -> dict[str, Any]:
    paid = Money(deposit.received if deposit.received is not None else deposit.amount, deposit.currency)
    fee = Money(deposit.fee, deposit.currency)
    return {
        "amount": paid,
        "fee": fee,
        "arrives": paid - fee - Money(deposit.parked, deposit.currency),
        "parked": _parked(member, deposit.parked),
        "method": methods.name_of(deposit.method),
        "phone": phones.mask(Phone(deposit.phone)),
        "until": i18n.time_of_day(deposit.expires_at, member.time_zone),
        "at": i18n.moment(member.language, deposit.settled_at or deposit.created_at, member.time_zone),
        "reason": _reason(member, deposit.failure),
        "reference": deposit.reference,
        "balance": await _balance(session, member),
    }


async def _payout_facts(session: AsyncSession, methods: Methods, member: Member, payout: Payout) -> dict[str, Any]:
    fee = Money(payout.fee, payout.currency)
    return {
        "arrives": payout.asked,
        "fee": fee,
        "debited": payout.asked + fee,
        "method": methods.name_of(payout.method),
        "phone": phones.mask(Phone(payout.phone)),
        "at": i18n.moment(member.language, payout.completed_at or payout.created_at, member.time_zone),
        "reason": _reason(member, payout.failure),
        "reference": payout.reference,
        "balance": await _balance(session, member),
    }


def _reason(member: Member, code: FailureCode | str | None) -> str:
    return i18n.text(member.language, f"failure.{FailureCode(code or FailureCode.REFUSED).value}")


def _parked(member: Member, amount: int) -> str:
    return i18n.text(member.language, "deposit.parked", parked=Money(amount)) if amount else ""


def _menu(member: Member) -> list[Button]:
    return [Button(i18n.text(member.language, "button.menu"), data=f"{GO}:start")]


def _at(member: Member, send: Send) -> str:
    return i18n.moment(member.language, send.created_at, member.time_zone)


async def _balance(session: AsyncSession, member: Member) -> Money:
    return (await standing(session, member.id, AccountKind.WALLET)).available
