"""What a member owes us, since a deposit was taken back or a payout paid twice: two people settle it from the wallet.

Nothing leaves the wallet while there is a debt, so this is how it opens again.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.canonical import Fact
from core.errors import Refusal
from core.money import XOF, Money
from ledger import AccountKind
from members.wallets import member_account, standing
from operators import Act, Decision, Decisions, Operator
from payments.corrections import CorrectionKind, correct
from payments.postings import Leg, transfer

COLLECT = "debt.collect"
_SUBJECT = "member:"


class NothingToCollect(Refusal):
    """There is no debt, or nothing in the wallet to settle it with. Params: `debt`, `available` (Money)."""

    key = "refusal.review.nothing_to_collect"


async def propose_collection(
    session: AsyncSession, decisions: Decisions, by: Operator, member_id: UUID, *, reason: str, currency: str = XOF
) -> Decision:
    """Propose to settle what the member owes, as far as their wallet goes.

    Raises NothingToCollect, and what `Decisions.propose` does.
    """
    amount = await _collectable(session, member_id, currency)
    payload: dict[str, Fact] = {"amount": amount.amount, "currency": currency}
    return await decisions.propose(session, by, COLLECT, f"{_SUBJECT}{member_id}", reason=reason, payload=payload)


def register_collection(decisions: Decisions) -> None:
    """Let approved collections be carried out."""
    decisions.register(COLLECT, Act.RESOLVE_PAYMENT, _collect)


async def _collect(session: AsyncSession, decision: Decision) -> None:
    member_id, currency = UUID(decision.subject.removeprefix(_SUBJECT)), str(decision.payload["currency"])
    wallet = await member_account(session, member_id, AccountKind.WALLET, currency)
    debt = await member_account(session, member_id, AccountKind.RECEIVABLE, currency)
    # Never more than was agreed upon, nor than is owed by now.
    amount = min(Money(int(decision.payload["amount"]), currency), await _collectable(session, member_id, currency))
    await transfer(session, decision.id, Leg.CORRECTED, debit=wallet, credit=debt, amount=amount, kind="debt_paid")
    await correct(session, decision.id, CorrectionKind.DEBT_PAID, member_id, amount)


async def _collectable(session: AsyncSession, member_id: UUID, currency: str) -> Money:
    debt = -(await standing(session, member_id, AccountKind.RECEIVABLE, currency)).posted
    available = (await standing(session, member_id, AccountKind.WALLET, currency)).available
    if not debt or not available:
        raise NothingToCollect(debt=debt, available=available)
    return min(debt, available)
