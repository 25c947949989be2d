"""What becomes of complaints: looked up at once where GetMiPay can tell, told to members, and recalled to operators."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import complaints
from bot.dialogue import GO
from bot.notify import notice, tell
from bot.views import Button
from complaints import Category, Complaint, ComplaintState
from core import i18n
from core.events import subscribe
from core.jobs import Jobs, Payload, TransactionalHandler
from core.money import Money
from handlers.alerts import Alerts
from handlers.complaints import answering_buttons, facts
from members import Member
from payments import Deposit, DepositState, Direction, Found, Payout, PayoutState, check_now

_CHECKED = {Category.NOT_CREDITED: Direction.DEPOSIT, Category.NOT_RECEIVED: Direction.PAYOUT}
_NO_LONGER_HELD = {PayoutState.COMPLETED, PayoutState.FAILED}
_MAY_SETTLE = ("deposit.settled", "payout.completed", "payout.failed", "payout.reversed")


def register_complaint_notices(jobs: Jobs, alerts: Alerts) -> None:
    """Look up, tell, and remind."""
    for event in _MAY_SETTLE:
        subscribe(jobs, event, _after_payment)
    subscribe(jobs, "complaint.opened", _opened(alerts))
    subscribe(jobs, "complaint.said_more", _for_a_person(alerts))
    subscribe(jobs, "payment.checked", _checked(alerts))
    subscribe(jobs, "complaint.answered", _tell_answer("complaint.answered"))
    subscribe(jobs, "complaint.closed", _tell_answer("complaint.closed"))
    subscribe(jobs, complaints.DUE, _remind(alerts))


def _opened(alerts: Alerts) -> TransactionalHandler:
    async def hear(session: AsyncSession, payload: Payload) -> None:
        complaint = await session.get_one(Complaint, UUID(payload["id"]))
        direction = _CHECKED.get(complaint.category)
        if direction is not None and complaint.about_id is not None:
            await check_now(session, direction, complaint.about_id)
        else:
            await alerts.tell(session, "complaint_opened", complaint.reference)

    return hear


def _for_a_person(alerts: Alerts) -> TransactionalHandler:
    async def hear(session: AsyncSession, payload: Payload) -> None:
        complaint = await session.get_one(Complaint, UUID(payload["id"]))
        await alerts.tell(session, "complaint_opened", complaint.reference)

    return hear


def _checked(alerts: Alerts) -> TransactionalHandler:
    """GetMiPay has been asked: that settles it, or the member reads what was found, and a person goes on."""

    async def hear(session: AsyncSession, payload: Payload) -> None:
        direction, payment_id = Direction(payload["direction"]), UUID(payload["id"])
        for complaint in await complaints.open_about(session, payment_id):
            if _CHECKED.get(complaint.category) is not direction or await _settled(session, complaint):
                continue
            member = await session.get_one(Member, complaint.member_id)
            told = i18n.text(member.language, await _found(session, complaint, direction, Found(payload["found"])))
            view = notice(member, "complaint.checked", [_menu(member)], found=told, **facts(member, complaint))
            await tell(session, member, view, subject=f"complaint:{complaint.id}", is_final=True)
            await alerts.tell(session, "complaint_opened", complaint.reference)

    return hear


async def _found(session: AsyncSession, complaint: Complaint, direction: Direction, found: Found) -> str:
    """The sentence for what GetMiPay says; where it says nothing new, what it had said before goes with it."""
    if direction is Direction.PAYOUT and found in {Found.PENDING, Found.UNKNOWN} and complaint.about_id is not None:
        payout = await session.get_one(Payout, complaint.about_id)
        if payout.state in _NO_LONGER_HELD:
            return f"complaint.found.payout.{payout.state.value}"
    return f"complaint.found.{direction.value}.{found.value}"


async def _after_payment(session: AsyncSession, payload: Payload) -> None:
    for complaint in await complaints.open_about(session, UUID(payload["id"])):
        await _settled(session, complaint)


async def _settled(session: AsyncSession, complaint: Complaint) -> bool:
    """Whether what became of the payment is what was asked for; then it is over, and told."""
    member = await session.get_one(Member, complaint.member_id)
    why = await _what_settles(session, member, complaint)
    if why is None:
        return False
    if await complaints.end_by_itself(session, complaint):
        view = notice(member, "complaint.by_itself", [_menu(member)], why=why, **facts(member, complaint))
        await tell(session, member, view, subject=f"complaint:{complaint.id}", is_final=True)
    return True


async def _what_settles(session: AsyncSession, member: Member, complaint: Complaint) -> str | None:
    """In a sentence, why there is nothing left to complain of."""
    if complaint.category is Category.NOT_CREDITED and complaint.about_id is not None:
        deposit = await session.get_one(Deposit, complaint.about_id)
        if deposit.state is DepositState.SETTLED and deposit.doubt is None and deposit.settled_at is not None:
            amount = Money(deposit.received or deposit.amount, deposit.currency)
            return _why(member, "credited", amount=amount, at=_at(member, deposit.settled_at))
    if complaint.category is Category.NOT_RECEIVED and complaint.about_id is not None:
        payout = await session.get_one(Payout, complaint.about_id)
        if payout.state in {PayoutState.FAILED, PayoutState.REVERSED} and payout.doubt is None:
            return _why(member, "given_back", amount=payout.asked)
        arrived = payout.completed_at
        # One that GetMiPay had called completed before the member complained is not settled by its saying so again.
        if payout.state is PayoutState.COMPLETED and arrived is not None and arrived > complaint.opened_at:
            return _why(member, "arrived", amount=payout.asked, at=_at(member, arrived))
    return None


def _tell_answer(key: str) -> TransactionalHandler:
    async def hear(session: AsyncSession, payload: Payload) -> None:
        complaint = await session.get_one(Complaint, UUID(payload["id"]))
        member = await session.get_one(Member, complaint.member_id)
        said = [each for each in await complaints.notes_of(session, complaint.id) if each.operator_id is not None]
        money = Money(payload["amount"]) if "amount" in payload else None
        paid = i18n.text(member.language, "complaint.compensated", amount=money) if money else ""
        is_open = complaint.state is not ComplaintState.CLOSED
        buttons = await answering_buttons(session, member, complaint) if is_open else [[_menu(member)]]
        view = notice(member, key, *buttons, words=said[-1].words, paid=paid, **facts(member, complaint))
        await tell(session, member, view, subject=f"complaint:{complaint.id}", is_final=True)

    return hear


def _remind(alerts: Alerts) -> TransactionalHandler:
    async def hear(session: AsyncSession, payload: Payload) -> None:
        reason = "complaint_late" if payload["is_late"] else "complaint_due"
        until = i18n.moment(i18n.DEFAULT_LANGUAGE, datetime.fromisoformat(payload["until"]), "UTC")
        await alerts.tell(session, reason, payload["reference"], until=until)

    return hear


def _why(member: Member, name: str, **params: Any) -> str:
    return i18n.text(member.language, f"complaint.settled.{name}", **params)


def _at(member: Member, when: datetime) -> str:
    return i18n.moment(member.language, when, member.time_zone)


def _menu(member: Member) -> Button:
    return Button(i18n.text(member.language, "button.menu"), data=f"{GO}:start")
