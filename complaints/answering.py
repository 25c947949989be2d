"""Answering: what operators do about a complaint. Money takes two of them."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from complaints.complaints import (
    Author,
    Complaint,
    ComplaintNote,
    ComplaintState,
    Outcome,
    checked_words,
    close,
    lock,
    lock_open,
    note,
    refuse_closed,
)
from complaints.reminding import ANSWER, REMIND
from core import clock
from core.canonical import Fact
from core.errors import Refusal
from core.events import publish
from core.ids import new_id
from core.jobs import Jobs, Payload
from core.money import XOF, Money
from ledger import AccountKind
from members import Member, limits_of
from members.wallets import member_account, over_what_is_held
from operators import Act, Decision, Decisions, Operator, record, require

COMPENSATION: Final = "compensation"
DUE: Final = "complaint.due"
_HOUSE: Final = "house"


class NoSuchSum(Refusal):
    """Params: `at_most` that a member's wallet may hold (Money)."""

    key = "refusal.complaint.sum"


async def answer(
    session: AsyncSession, complaint: Complaint, operator: Operator, words: str, form: str = ""
) -> Complaint:  # fmt: skip
    """Say something to the member; gives the complaint as it stands then.

    `form` is the one-time key of the form that it was typed into: the same words out of the same form, such as the
    second half of a double tap, are said once. Raises NotAllowed, ComplaintClosed, WordsMissing.
    """
    complaint, is_new = await _answered(session, complaint, operator, words, form)
    if is_new:
        complaint.state = ComplaintState.ANSWERED
        await record(session, operator, Act.ANSWER, f"complaint:{complaint.reference}", did="answered")
        await publish(session, "complaint.answered", {"id": str(complaint.id)})
    return complaint


async def end(
    session: AsyncSession, complaint: Complaint, operator: Operator, words: str, form: str = ""
) -> Complaint:  # fmt: skip
    """Say the last word, without money; otherwise as `answer`."""
    complaint, is_new = await _answered(session, complaint, operator, words, form)
    if is_new:
        close(complaint, Outcome.EXPLAINED)
        await record(session, operator, Act.ANSWER, f"complaint:{complaint.reference}", did="closed")
        await publish(session, "complaint.closed", {"id": str(complaint.id)})
    return complaint


async def propose_compensation(
    session: AsyncSession, decisions: Decisions, complaint: Complaint, operator: Operator, amount: Money, *,
    words: str, reason: str,
) -> Decision:  # fmt: skip
    """Propose to end it with money of the house, as goodwill or to put something right; another person approves.

    `words` are for the member, `reason` for the log. Raises NotAllowed, ComplaintClosed, NoSuchSum, and what
    `Decisions.propose` does.
    """
    complaint = await lock_open(session, complaint.id)
    at_most = limits_of(await session.get_one(Member, complaint.member_id)).hold_at_most
    if not Money(0) < amount <= at_most:
        raise NoSuchSum(at_most=at_most)
    payload: dict[str, Fact] = {
        "complaint": str(complaint.id), "amount": amount.amount, "words": checked_words(words)
    }  # fmt: skip
    subject = f"complaint:{complaint.reference}"
    return await decisions.propose(session, operator, COMPENSATION, subject, reason=reason, payload=payload)


def register_reminders(jobs: Jobs) -> None:
    """Let deadlines be watched."""
    jobs.in_transaction(REMIND, _remind)


def register_compensations(decisions: Decisions) -> None:
    """Let compensations be carried out once they are approved."""
    decisions.register(COMPENSATION, Act.COMPENSATE, _compensate)


async def _answered(
    session: AsyncSession, complaint: Complaint, operator: Operator, words: str, form: str
) -> tuple[Complaint, bool]:
    """The complaint, locked, and whether this is not what the same form has said already."""
    require(operator, Act.ANSWER)
    words = checked_words(words)
    # The form's key is whatever a browser sends: bound to complaint, operator and words it can stand for nothing else.
    note_id = uuid5(complaint.id, f"{operator.id} {form} {words}") if form else new_id()
    complaint = await lock(session, complaint.id)
    if await session.get(ComplaintNote, note_id) is not None:
        return complaint, False
    refuse_closed(complaint)
    await note(session, complaint, Author.OPERATOR, words, operator.id, note_id=note_id)
    complaint.answered_at = complaint.answered_at or clock.now()
    return complaint, True


async def _compensate(session: AsyncSession, decision: Decision) -> None:
    """In the transaction of the approval: the money, the last word, the end."""
    payload: Mapping[str, Any] = decision.payload
    complaint = await lock_open(session, UUID(payload["complaint"]))
    await _credit(session, decision.id, complaint.member_id, Money(payload["amount"]))
    await note(session, complaint, Author.OPERATOR, payload["words"], decision.proposed_by)
    complaint.answered_at = complaint.answered_at or clock.now()
    close(complaint, Outcome.COMPENSATED)
    await publish(session, "complaint.closed", {"id": str(complaint.id), "amount": payload["amount"]})


async def _credit(session: AsyncSession, decision_id: UUID, member_id: UUID, amount: Money) -> None:
    """Out of the house's income; the transfers' ids follow from the decision's, so that it can pay once only."""
    income = (await ledger.open_account(session, _HOUSE, AccountKind.FEES, XOF)).id
    wallet = await member_account(session, member_id, AccountKind.WALLET)
    post = _leg(decision_id, 0, debit=income, credit=wallet, amount=amount, kind="compensation")
    await ledger.post(session, post)
    excess = min(amount, await over_what_is_held(session, member_id))
    if excess:
        parked = await member_account(session, member_id, AccountKind.PARKED)
        await ledger.post(
            session, _leg(decision_id, 1, debit=wallet, credit=parked, amount=excess, kind="parked")
        )  # fmt: skip


def _leg(journal: UUID, leg: int, *, debit: UUID, credit: UUID, amount: Money, kind: str) -> ledger.Post:
    move = UUID(int=journal.int ^ (leg + 1))
    return ledger.Post(id=move, debit=debit, credit=credit, amount=amount, kind=kind, journal=journal, leg=leg)


async def _remind(session: AsyncSession, payload: Payload) -> None:
    """Tell that a deadline is near or past, unless it was kept."""
    complaint = await lock(session, UUID(payload["id"]))
    is_first = payload["what"] == ANSWER
    if complaint.state is ComplaintState.CLOSED or (is_first and complaint.answered_at is not None):
        return
    until = complaint.answer_by if is_first else complaint.end_by
    told = {"reference": complaint.reference, "until": until.isoformat(), "is_late": payload["is_late"]}
    await publish(session, DUE, told)
