"""Differences between our books and GetMiPay's: each is kept until two operators have said what becomes of it.

What cannot be explained is booked into suspense under the difference's own name, so that our merchant balance is theirs
again and each franc in suspense tells where it came from.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

import ledger
from core import clock
from core.canonical import Fact
from core.db import Id, Model, UtcDateTime, insert_once, word
from core.errors import Refusal
from core.ids import new_id, new_reference
from core.money import Money
from ledger import AccountKind
from members import Member
from members.wallets import member_account, over_what_is_held
from operators import Act, Decision, Decisions, Operator
from payments.corrections import CorrectionKind, correct
from payments.postings import Leg, house_account, leg_id, transfer
from payments.statement_lines import DifferenceKind

CLOSE = "difference.close"
RESOLVE_SUSPENSE = "suspense.resolve"
_OPEN = text("state <> 'closed'")


class DifferenceNotFound(Refusal):
    """Params: `reference`."""

    key = "refusal.review.no_difference"


class WayImpossible(Refusal):
    """What was asked does not go with how the difference stands now. Params: `reference`."""

    key = "refusal.review.way"


class DifferenceState(StrEnum):
    OPEN = "open"
    SUSPENDED = "suspended"
    """Booked: it stands in suspense until people say whose it is."""
    CLOSED = "closed"


class Way(StrEnum):
    """What becomes of a difference, and then of what stands in suspense for it."""

    EXPLAINED = "explained"
    """Nothing moves: it is no difference, or is put right elsewhere."""
    SUSPENSE = "suspense"
    CREDIT = "credit"
    """To a member: it was theirs."""
    RETURN = "return"
    """The booking is undone: GetMiPay has put it right on their side."""
    KEEP = "keep"
    """The house's own, gain or loss."""


_FROM_OPEN = (Way.EXPLAINED, Way.SUSPENSE)
_FROM_SUSPENSE = (Way.CREDIT, Way.RETURN, Way.KEEP)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that differs: what it is about, what they say, what we say, and the francs that our merchant balance
    would have to grow by to be theirs."""

    kind: DifferenceKind
    about: str
    theirs: str
    ours: str
    amount: Money


class BookDifference(Model):
    """One difference. `key` says what they say, so that finding it again makes no second one."""

    __tablename__ = "book_difference"
    __table_args__ = (Index("ix_book_difference_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(300), unique=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    reconciliation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("reconciliation.id"), index=True)
    kind: Mapped[DifferenceKind] = mapped_column(word(DifferenceKind))
    about: Mapped[str] = mapped_column(String(100))
    """Our reference of the payment, or GetMiPay's id where we have none."""
    theirs: Mapped[str] = mapped_column(String(100))
    ours: Mapped[str] = mapped_column(String(100))
    """Both in words, for whoever has to understand it."""
    amount: Mapped[int] = mapped_column(BigInteger)
    """By how many francs our merchant balance has to grow to be theirs."""
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[DifferenceState] = mapped_column(word(DifferenceState))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


async def keep_difference(session: AsyncSession, reconciliation_id: UUID, found: Found) -> bool:
    """Write a difference down, unless it is known; whether it was new."""
    return await insert_once(
        session, BookDifference, id=new_id(), key=f"{found.kind.value}|{found.about}|{found.theirs}",
        reference=new_reference("E"), reconciliation_id=reconciliation_id, kind=found.kind, about=found.about,
        theirs=found.theirs, ours=found.ours, amount=found.amount.amount, currency=found.amount.currency,
        state=DifferenceState.OPEN, found_at=clock.now(),
    )  # fmt: skip


async def is_known_balance(session: AsyncSession, amount: Money) -> bool:
    """Whether a balance that differs by so much is being looked into, or has been explained: then it is nothing new."""
    same = select(BookDifference).where(
        BookDifference.kind == DifferenceKind.BALANCE, BookDifference.amount == amount.amount,
        BookDifference.currency == amount.currency,
    )  # fmt: skip
    for each in await session.scalars(same):
        was_booked = await ledger.is_posted(session, leg_id(each.id, Leg.SUSPENSE))
        if each.state is not DifferenceState.CLOSED or not was_booked:
            return True
    return False


async def open_differences(session: AsyncSession, limit: int = 100) -> list[BookDifference]:
    """What nobody has closed yet, the oldest first."""
    return list(await session.scalars(select(BookDifference).where(_OPEN).order_by(BookDifference.id).limit(limit)))


async def find_difference(session: AsyncSession, reference: str) -> BookDifference:
    """The difference of that reference. Raises DifferenceNotFound."""
    name = reference.strip().upper()
    found = await session.scalar(select(BookDifference).where(BookDifference.reference == name))
    if found is None:
        raise DifferenceNotFound(reference=name)
    return found


def ways_of(difference: BookDifference) -> tuple[Way, ...]:
    """What may become of it now."""
    if difference.state is DifferenceState.OPEN:
        return _FROM_OPEN if difference.amount else (Way.EXPLAINED,)
    if difference.state is DifferenceState.CLOSED:
        return ()
    return _FROM_SUSPENSE if difference.amount > 0 else (Way.RETURN, Way.KEEP)


async def propose_way(
    session: AsyncSession, decisions: Decisions, by: Operator, reference: str, way: Way, *, reason: str,
    member: Member | None = None,
) -> Decision:  # fmt: skip
    """Propose what becomes of a difference; `member` is who it is credited to.

    Raises DifferenceNotFound, WayImpossible, and what `Decisions.propose` does.
    """
    difference = await find_difference(session, reference)
    if way not in ways_of(difference) or (way is Way.CREDIT) is (member is None):
        raise WayImpossible(reference=difference.reference)
    payload: dict[str, Fact] = {"way": way.value, "amount": difference.amount}
    if member is not None:
        payload["member"] = str(member.id)
    kind = CLOSE if way in _FROM_OPEN else RESOLVE_SUSPENSE
    return await decisions.propose(session, by, kind, difference.reference, reason=reason, payload=payload)


def register_differences(decisions: Decisions) -> None:
    """Let approved ways be gone."""
    decisions.register(CLOSE, Act.RECONCILE, _go)
    decisions.register(RESOLVE_SUSPENSE, Act.RESOLVE_SUSPENSE, _go)


async def _go(session: AsyncSession, decision: Decision) -> None:
    known = await find_difference(session, decision.subject)
    difference = await session.get_one(BookDifference, known.id, with_for_update=True, populate_existing=True)
    way = Way(decision.payload["way"])
    if way not in ways_of(difference):
        raise WayImpossible(reference=difference.reference)
    match way:
        case Way.SUSPENSE:
            await _suspend(session, difference)
        case Way.CREDIT:
            await _credit(session, difference, UUID(str(decision.payload["member"])), decision.id)
        case Way.RETURN:
            await _return(session, difference)
        case Way.KEEP:
            await _keep(session, difference)
    difference.state = DifferenceState.SUSPENDED if way is Way.SUSPENSE else DifferenceState.CLOSED
    difference.closed_at = clock.now() if way is not Way.SUSPENSE else None


async def _suspend(session: AsyncSession, difference: BookDifference) -> None:
    """Bring our merchant balance to theirs; what is over, or missing, stands in suspense."""
    provider = await house_account(session, AccountKind.PROVIDER, difference.currency)
    suspense = await house_account(session, AccountKind.SUSPENSE, difference.currency)
    await _move(session, difference, Leg.SUSPENSE, debit=provider, credit=suspense, kind="suspense")


async def _credit(session: AsyncSession, difference: BookDifference, member_id: UUID, correction_id: UUID) -> None:
    """To the member's wallet; what exceeds what they may hold is parked there."""
    member = await session.get_one(Member, member_id)
    whose = member.united_with or member.id
    suspense = await house_account(session, AccountKind.SUSPENSE, difference.currency)
    wallet = await member_account(session, whose, AccountKind.WALLET, difference.currency)
    await _move(session, difference, Leg.CORRECTED, debit=suspense, credit=wallet, kind="credited")
    excess = min(difference.money, await over_what_is_held(session, whose, difference.currency))
    if excess:
        parked = await member_account(session, whose, AccountKind.PARKED, difference.currency)
        await transfer(session, difference.id, Leg.PARKED, debit=wallet, credit=parked, amount=excess, kind="parked")
    await correct(session, correction_id, CorrectionKind.CREDITED, whose, difference.money, about=difference.reference)


async def _return(session: AsyncSession, difference: BookDifference) -> None:
    undone = ledger.Reverse(
        id=leg_id(difference.id, Leg.SUSPENSE_CLEARED), transfer=leg_id(difference.id, Leg.SUSPENSE),
        journal=difference.id, leg=Leg.SUSPENSE_CLEARED,
    )  # fmt: skip
    await ledger.post(session, undone)


async def _keep(session: AsyncSession, difference: BookDifference) -> None:
    suspense = await house_account(session, AccountKind.SUSPENSE, difference.currency)
    fees = await house_account(session, AccountKind.FEES, difference.currency)
    await _move(session, difference, Leg.BORNE, debit=suspense, credit=fees, kind="kept")


async def _move(
    session: AsyncSession, difference: BookDifference, leg: Leg, *, debit: UUID, credit: UUID, kind: str
) -> None:
    """The difference's amount, the other way round where it is below zero."""
    if difference.amount < 0:
        debit, credit = credit, debit
    amount = Money(abs(difference.amount), difference.currency)
    await transfer(session, difference.id, leg, debit=debit, credit=credit, amount=amount, kind=kind)
