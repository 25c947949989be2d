"""Comparing line by line: a statement of GetMiPay's that an operator has, with the payments that we know.

What differs becomes a `BookDifference`, and the operators are told. A payment that they say ended otherwise is put in
doubt: from then on their look-up moves it, and failing that two people.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from core.ids import new_id
from core.jobs import enqueue
from core.money import Money
from operators import Act, Operator, record, require
from payments.deposit_outcomes import CHECK_DEPOSIT, doubt_deposit
from payments.deposit_states import DepositState
from payments.deposits import Deposit, Doubt, lock_deposit
from payments.differences import Found, keep_difference
from payments.methods import Direction
from payments.notices import alert
from payments.payout_outcomes import CHECK_PAYOUT, doubt_payout
from payments.payout_states import PayoutState
from payments.payouts import Payout, lock_payout
from payments.provider import Progress
from payments.reconciling import (
    DEPOSITS_UNDER_WAY,
    PAYOUTS_UNDER_WAY,
    RECONCILIATION,
    Reconciliation,
    begin_reconciliation,
)
from payments.statement_lines import DifferenceKind, StatementLine, difference_between, our_amount

T = TypeVar("T")

# What could not be called for at once is called for later; nothing is called for later than this.
_CALLED_WITHIN = timedelta(minutes=15)
_AT_ONCE = 200


async def compare_statement(
    database: Database, lines: Sequence[StatementLine], source: str, by: Operator
) -> Reconciliation:  # fmt: skip
    """Compare each line with what we know, and what we know of that time with the lines. Raises NotAllowed.

    What differs is written down piece by piece, each in a transaction of its own: meanwhile members are served, also on
    SQLite. Broken off, it is begun anew: what was found stays found, once.
    """
    require(by, Act.RECONCILE)
    theirs = sum(line.moved.amount for line in lines)
    done = await database.run(lambda session: begin_reconciliation(session, source, by, theirs=theirs, ours=None))
    found, known = 0, set[UUID]()
    for some in _pieces(lines):
        async with database.reading() as session:
            payments = await _payments_of(session, some)
        known |= {payment.id for payment in payments if payment is not None}
        odd = [line for line, payment in zip(some, payments, strict=True) if _found(line, payment) is not None]
        if odd:
            found += await database.run(partial(_keep_lines, done=done, lines=odd, so_far=found))
    matched = len(lines) - found
    async with database.reading() as session:
        absent = [_absent(missing) for missing in await _missing_there(session, lines, known)]
    for few in _pieces(absent):
        found += await database.run(partial(_keep_absent, done=done, absent=few, so_far=found))
    return await database.run(partial(_conclude, done=done, by=by, lines=len(lines), matched=matched, found=found))


def _pieces(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    return (whole[start : start + _AT_ONCE] for start in range(0, len(whole), _AT_ONCE))


async def _keep_lines(
    session: AsyncSession, done: Reconciliation, lines: Sequence[StatementLine], so_far: int
) -> int:  # fmt: skip
    """Look at lines that differ once more, as everything is now, and write down what is new; gives how many are."""
    payments = await _payments_of(session, lines)
    pairs = zip(lines, payments, strict=True)
    return await _told(session, done, so_far, sum([await _compare_line(session, done, *pair) for pair in pairs]))


async def _keep_absent(session: AsyncSession, done: Reconciliation, absent: Sequence[Found], so_far: int) -> int:
    return await _told(session, done, so_far, sum([await keep_difference(session, done.id, each) for each in absent]))


async def _told(session: AsyncSession, done: Reconciliation, so_far: int, new: int) -> int:
    """The operators hear of the first that is new: were the rest broken off, it would be news to nobody next time."""
    if new and not so_far:
        await alert(session, RECONCILIATION, done.source)
    return new


async def _conclude(
    session: AsyncSession, done: Reconciliation, by: Operator, *, lines: int, matched: int, found: int
) -> Reconciliation:
    concluded = await session.get_one(Reconciliation, done.id)
    concluded.lines, concluded.matched, concluded.found = lines, matched, found
    await record(session, by, Act.RECONCILE, f"statement:{done.source}"[:128], lines=lines, differences=found)
    await session.flush()
    return concluded


def _absent(missing: Deposit | Payout) -> Found:
    """What we have moved and their statement says nothing of."""
    ours = our_amount(missing)
    amount = Money(-ours if isinstance(missing, Deposit) else ours, missing.currency)
    return Found(
        DifferenceKind.MISSING_THERE, missing.reference, "not in the statement", _as_ours(missing), amount
    )  # fmt: skip


async def _payments_of(session: AsyncSession, lines: Sequence[StatementLine]) -> list[Deposit | Payout | None]:
    """The payment that each line is about: by GetMiPay's id, else by our reference."""
    names = {name for line in lines for name in (line.transaction_id, line.reference) if name}
    deposits = select(Deposit).where(or_(Deposit.provider_id.in_(names), Deposit.reference.in_(names)))
    payouts = select(Payout).where(or_(Payout.provider_id.in_(names), Payout.reference.in_(names)))
    found: dict[Direction, dict[str, Deposit | Payout]] = {
        Direction.DEPOSIT: _by_name(await session.scalars(deposits)),
        Direction.PAYOUT: _by_name(await session.scalars(payouts)),
    }
    return [
        found[line.direction].get(line.transaction_id) or found[line.direction].get(line.reference) for line in lines
    ]


def _by_name(payments: Iterable[Deposit | Payout]) -> dict[str, Deposit | Payout]:
    return {name: payment for payment in payments for name in (payment.reference, payment.provider_id) if name}


async def _compare_line(
    session: AsyncSession, done: Reconciliation, line: StatementLine, payment: Deposit | Payout | None
) -> bool:
    """Whether the line differs in a way that was not known."""
    found = _found(line, payment)
    if found is None:
        return False
    if payment is not None and found.kind is DifferenceKind.OTHER_STATE:
        await _doubt(session, line, payment)
        if payment.state in {*DEPOSITS_UNDER_WAY, *PAYOUTS_UNDER_WAY}:
            # The look-up brings it to where they are, or people do who have it before them already.
            return False
    return await keep_difference(session, done.id, found)


def _found(line: StatementLine, payment: Deposit | Payout | None) -> Found | None:
    """In what the line differs from what we know."""
    theirs = f"{line.progress.value} {line.amount.amount} {line.amount.currency}"
    if payment is None:
        unheard_of = Found(DifferenceKind.MISSING_HERE, line.transaction_id, theirs, "not known", line.moved)
        return unheard_of if line.moved else None
    kind = difference_between(line, payment)
    if kind is None:
        return None
    if kind is DifferenceKind.OTHER_FEE:
        theirs = f"{theirs}, fee {line.fee}"
    return Found(kind, payment.reference, theirs, _as_ours(payment), _missing(line, payment, kind))


def _as_ours(payment: Deposit | Payout) -> str:
    return f"{payment.state.value} {our_amount(payment)} {payment.currency}"


def _missing(line: StatementLine, payment: Deposit | Payout, kind: DifferenceKind) -> Money:
    """By how much our merchant balance has to grow to be theirs. A state is put right by the payment itself."""
    match kind:
        case DifferenceKind.OTHER_AMOUNT if isinstance(payment, Deposit):
            return line.amount - Money(our_amount(payment), payment.currency)
        case DifferenceKind.OTHER_AMOUNT:
            return Money(our_amount(payment), payment.currency) - line.amount
        case DifferenceKind.OTHER_FEE if isinstance(payment, Deposit):
            return Money(payment.provider_fee - (line.fee or 0), payment.currency)
        case _:
            return Money(0, payment.currency)


async def _doubt(session: AsyncSession, line: StatementLine, payment: Deposit | Payout) -> None:
    """They say that it ended otherwise: their look-up is asked now, and decides what is decided already."""
    if isinstance(payment, Deposit):
        await _doubt_deposit(session, line, await lock_deposit(session, payment.id))
    else:
        await _doubt_payout(session, line, await lock_payout(session, payment.id))


async def _doubt_deposit(session: AsyncSession, line: StatementLine, deposit: Deposit) -> None:
    if deposit.state is DepositState.SETTLED and line.progress is Progress.FAILED:
        await doubt_deposit(session, deposit, Doubt.FAILED_AFTER_COMPLETED, None)
    elif deposit.state in {DepositState.FAILED, DepositState.EXPIRED} and line.progress is Progress.SUCCEEDED:
        await doubt_deposit(session, deposit, Doubt.COMPLETED_AFTER_FAILED, line.amount)
    elif deposit.state in DEPOSITS_UNDER_WAY:
        await enqueue(session, CHECK_DEPOSIT, f"{deposit.id}:{new_id()}", {"id": str(deposit.id)})


async def _doubt_payout(session: AsyncSession, line: StatementLine, payout: Payout) -> None:
    if payout.state is PayoutState.COMPLETED and line.progress is Progress.FAILED:
        await doubt_payout(session, payout, Doubt.FAILED_AFTER_COMPLETED)
    elif payout.state is PayoutState.FAILED and line.progress is Progress.SUCCEEDED:
        await doubt_payout(session, payout, Doubt.COMPLETED_AFTER_FAILED)
    elif payout.state in PAYOUTS_UNDER_WAY:
        await enqueue(session, CHECK_PAYOUT, f"{payout.id}:{new_id()}", {"id": str(payout.id)})


async def _missing_there(
    session: AsyncSession, lines: Sequence[StatementLine], known: set[UUID]
) -> list[Deposit | Payout]:
    """What moved by our books while the statement lasts, and stands in none of its lines."""
    if not lines:
        return []
    begins, ends = min(line.created_at for line in lines), max(line.created_at for line in lines) - _CALLED_WITHIN
    settled = select(Deposit).where(Deposit.state == DepositState.SETTLED, Deposit.created_at.between(begins, ends))
    completed = select(Payout).where(Payout.state == PayoutState.COMPLETED, Payout.created_at.between(begins, ends))
    ours: list[Deposit | Payout] = [*await session.scalars(settled), *await session.scalars(completed)]
    return [payment for payment in ours if payment.id not in known]
