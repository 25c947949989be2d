"""Taking a contribution back, in sight of everybody: only while the pots it paid into still hold it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.ids import new_id
from tontines.accounts import Journal, advance_account, francs_on, park_excess
from tontines.chain import write_line
from tontines.cycle_tables import Round
from tontines.decision_tables import Reversal
from tontines.events import tell
from tontines.group import fresh, fresh_one, lock_tontine
from tontines.group_tables import Tontine
from tontines.money_tables import Allotment, Contribution, Due
from tontines.officers import require_other_officer
from tontines.states import ContributionState, RoundState, Source
from tontines.turns import checked_reason

# What a member, a caution or a guarantor owed by agreement is not a mistake that officers take back.
REVERSIBLE = (Source.WALLET, Source.CASH)


class NotReversible(Refusal):
    """It was never made, was taken back before, or its money has gone on to a beneficiary."""

    key = "refusal.tontine.not_reversible"


class ReversalNotAsked(Refusal):
    key = "refusal.tontine.reversal_not_asked"


async def ask_reversal(session: AsyncSession, contribution_id: UUID, reason: str, *, by: UUID) -> Reversal:
    """An officer who is not its member asks to take a contribution back, and says why. A second asking changes nothing.

    Raises ReasonNeeded, NotReversible, NotAnOfficer, SecondPersonNeeded.
    """
    reason = checked_reason(reason)
    tontine, contribution = await _locked(session, contribution_id)
    officer = await require_other_officer(session, tontine.id, by, contribution.membership_id)
    known = await session.get(Reversal, contribution_id, populate_existing=True)
    if known is not None:
        return known
    await _refuse_unless_reversible(session, contribution)
    reversal = Reversal(contribution_id=contribution_id, asked_by=officer.id, reason=reason, created_at=clock.now())
    session.add(reversal)
    await session.flush()
    await tell(session, "reversal.asked", tontine.id, contribution=contribution_id)
    return reversal


async def confirm_reversal(session: AsyncSession, contribution_id: UUID, *, by: UUID) -> Contribution:
    """A second officer confirms: the money goes back to where it came from, and is owed again.

    Raises ReversalNotAsked, NotReversible, NotAnOfficer, SecondPersonNeeded.
    """
    tontine, contribution = await _locked(session, contribution_id)
    reversal = await session.get(Reversal, contribution_id, populate_existing=True)
    if reversal is None:
        raise ReversalNotAsked
    officer = await require_other_officer(session, tontine.id, by, contribution.membership_id, reversal.asked_by)
    if contribution.state is ContributionState.REVERSED:
        return contribution
    await _refuse_unless_reversible(session, contribution)
    reversal.confirmed_by, contribution.state = officer.id, ContributionState.REVERSED
    await _take_back(session, contribution)
    await write_line(
        session, tontine, "contribution.reversed", contribution=contribution_id, reason=reversal.reason,
        asked_by=reversal.asked_by, by=officer.id,
    )  # fmt: skip
    await tell(session, "contribution.reversed", tontine.id, contribution=contribution_id)
    return contribution


async def _take_back(session: AsyncSession, contribution: Contribution) -> None:
    journal = Journal(new_id())
    for part in await _parts(session, contribution):
        journal.reverse(part.id)
        if part.due_id is not None:
            due = await fresh_one(session, Due, part.due_id)
            due.paid -= part.amount
            (await fresh_one(session, Round, due.round_id)).full_at = None
            await session.flush()
    await journal.post(session)
    if contribution.source is Source.WALLET:
        await park_excess(session, journal, contribution.payer_id, contribution.amount)


async def _refuse_unless_reversible(session: AsyncSession, contribution: Contribution) -> None:
    if contribution.state is not ContributionState.MADE or contribution.source not in REVERSIBLE:
        raise NotReversible
    for part in await _parts(session, contribution):
        if part.due_id is None:
            advance = await francs_on(session, await advance_account(session, contribution.membership_id))
            gone = advance < part.amount
        else:
            due = await fresh_one(session, Due, part.due_id)
            gone = (await fresh_one(session, Round, due.round_id)).state is not RoundState.OPEN
        if gone:
            raise NotReversible


async def _parts(session: AsyncSession, contribution: Contribution) -> list[Allotment]:
    return await fresh(session, select(Allotment).where(Allotment.contribution_id == contribution.id))


async def _locked(session: AsyncSession, contribution_id: UUID) -> tuple[Tontine, Contribution]:
    tontine = await lock_tontine(session, (await session.get_one(Contribution, contribution_id)).tontine_id)
    return tontine, await fresh_one(session, Contribution, contribution_id)
