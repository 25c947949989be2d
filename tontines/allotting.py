"""Allotting money to dues: the oldest debt first, then what is due now, then credit. Nothing else pays a due."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.money import XOF
from tontines.accounts import BANKNOTES, Journal, advance_account, cash_pot_account, pot_account
from tontines.chain import write_line
from tontines.cycle_tables import Round
from tontines.dues import Slice, dues_of_round, dues_owed, spread
from tontines.events import tell
from tontines.group import fresh_one
from tontines.group_tables import Tontine
from tontines.money_tables import Allotment, Contribution, Due
from tontines.states import ContributionState, RoundState, Source


async def allot(
    session: AsyncSession, tontine: Tontine, contribution: Contribution, debit: UUID, dues: Iterable[Due] | None = None
) -> set[UUID]:
    """Move a contribution's amount from `debit` into the pots of the dues it pays, and the rest into the advance.

    Pays `dues`, or all that its member owes when none are named. Gives the rounds it paid into. Raises
    ledger.InsufficientFunds; then nothing was written that outlives the caller's savepoint.
    """
    owed = list(dues) if dues is not None else await dues_owed(session, contribution.membership_id)
    slices, rest = spread(contribution.amount, owed)
    if rest and contribution.source is not Source.WALLET:
        raise ValueError(f"{contribution.source} pays what is owed, and nothing early")
    journal = Journal(contribution.id, BANKNOTES if contribution.source is Source.CASH else XOF)
    for each in slices:
        credit = await _pot(session, contribution, each.due.round_id)
        _note(session, contribution, journal.move(debit, credit, each.amount, "contribution"), each.amount, each.due.id)
        each.due.paid += each.amount
    if rest:
        advance = await advance_account(session, contribution.membership_id)
        _note(session, contribution, journal.move(debit, advance, rest, "advance"), rest, None)
    await journal.post(session)
    contribution.state, contribution.made_at = ContributionState.MADE, clock.now()
    await session.flush()
    await _tell(session, tontine, contribution, slices, rest)
    touched = {each.due.round_id for each in slices}
    await note_full(session, tontine, touched)
    return touched


async def note_full(session: AsyncSession, tontine: Tontine, rounds: Iterable[UUID]) -> None:
    """Tell of each open round that nothing is owed for any more."""
    for round_id in sorted(rounds):
        round_ = await fresh_one(session, Round, round_id)
        if round_.state is RoundState.OPEN and round_.full_at is None and not await missing(session, round_id):
            round_.full_at = clock.now()
            await session.flush()
            await tell(session, "round.full", tontine.id, round=round_id)


async def missing(session: AsyncSession, round_id: UUID) -> int:
    """What is still owed for a round, in francs."""
    return sum(due.outstanding for due in await dues_of_round(session, round_id))


async def _pot(session: AsyncSession, contribution: Contribution, round_id: UUID) -> UUID:
    if contribution.source is Source.CASH:
        return await cash_pot_account(session, round_id)
    return await pot_account(session, round_id)


def _note(session: AsyncSession, contribution: Contribution, transfer: UUID, amount: int, due_id: UUID | None) -> None:
    session.add(
        Allotment(
            id=transfer, contribution_id=contribution.id, due_id=due_id, amount=amount, created_at=clock.now()
        )
    )  # fmt: skip


async def _tell(
    session: AsyncSession, tontine: Tontine, contribution: Contribution, slices: list[Slice], rest: int
) -> None:
    await write_line(
        session, tontine, "contribution.made", contribution=contribution.id, member=contribution.membership_id,
        payer=contribution.payer_id, source=contribution.source.value, amount=contribution.amount, early=rest,
        dues=[{"round": str(each.due.round_id), "due": str(each.due.id), "amount": each.amount} for each in slices],
    )  # fmt: skip
    await tell(
        session, "contribution.made", tontine.id, contribution=contribution.id, member=contribution.membership_id
    )
