"""Taking a contribution back, in sight of everybody: asked by one officer with a reason, confirmed by another.

Money goes back from where it lies, and is owed again; what somebody received is never taken from them. A closed round
may still hold something: banknotes that its pot promised and the treasurer has not handed over. Taken back, they are
what the member owes the beneficiary. See `docs/decisions/0011-a-reversal-takes-from-nobody.md`.
"""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.ids import new_id
from members import Member
from tontines.accounts import Journal, advance_account, francs_on, park_excess
from tontines.approvals import second_officer
from tontines.chain import seal, write_line
from tontines.cycle_tables import Cycle, Holding, Round, Share
from tontines.decision_tables import Reversal
from tontines.events import tell
from tontines.group import active_membership, find_membership, fresh, fresh_one, lock_tontine, memberships_of
from tontines.group_tables import Membership, Tontine
from tontines.money_tables import Allotment, Contribution, Due
from tontines.officers import NotAnOfficer, SecondPersonNeeded, officers_of, require_other_officer
from tontines.promises import promises_to_take_back
from tontines.reasons import checked_reason
from tontines.rounds import deadline_from_today, plan_lateness, use_advance
from tontines.states import ContributionState, MembershipState, Role, RoundState, Source

# What a member, a caution or a guarantor owed by agreement is not a mistake that officers take back.
REVERSIBLE = (Source.WALLET, Source.CASH)


class NotReversible(Refusal):
    """It was never made, was taken back before, or whom it was for has left or was replaced since."""

    key = "refusal.tontine.not_reversible"


class AlreadyReceived(Refusal):
    """Its money has gone on to a beneficiary, or has paid for somebody: what was received is not taken back."""

    key = "refusal.tontine.already_received"


class ReversalNotAsked(Refusal):
    key = "refusal.tontine.reversal_not_asked"


async def ask_reversal(session: AsyncSession, contribution_id: UUID, reason: str, *, by: UUID) -> Reversal:
    """An officer who is not its member asks to take a contribution back, and says why. A second asking changes nothing.

    Raises ReasonNeeded, NotReversible, AlreadyReceived, NotAnOfficer, SecondPersonNeeded.
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
    """A second person confirms: the money goes back to where it came from, and is owed again. A second time is none.

    Raises ReversalNotAsked, NotReversible, AlreadyReceived, NotAnOfficer, SecondPersonNeeded.
    """
    tontine, contribution = await _locked(session, contribution_id)
    reversal = await _asked(session, contribution_id)
    officer = await active_membership(session, tontine.id, by)
    await _refuse_unless_second(session, contribution, reversal, officer)
    if contribution.state is ContributionState.REVERSED:
        return contribution
    await _refuse_unless_reversible(session, contribution)
    reversal.confirmed_by, contribution.state = officer.id, ContributionState.REVERSED
    parts = await parts_of(session, contribution)
    closed = await _take_back(session, contribution, parts)
    await write_line(
        session, tontine, "contribution.reversed", contribution=contribution_id, member=contribution.membership_id,
        amount=contribution.amount, reason=reversal.reason, asked_by=reversal.asked_by, by=officer.id,
        dues=[{"due": str(part.due_id), "amount": part.amount} for part in parts if part.due_id],
    )  # fmt: skip
    await tell(session, "contribution.reversed", tontine.id, contribution=contribution_id)
    await use_advance(session, tontine, await fresh_one(session, Membership, contribution.membership_id))
    if closed:
        # Nothing may ever close again to seal what has changed of a round that was closed.
        await seal(session, tontine)
    return contribution


async def decline_reversal(session: AsyncSession, contribution_id: UUID, *, by: UUID) -> None:
    """Somebody who may confirm says no, or who asked thinks again: the contribution stays, and may be asked of anew.

    Raises ReversalNotAsked, NotAnOfficer, SecondPersonNeeded.
    """
    tontine, contribution = await _locked(session, contribution_id)
    reversal = await _asked(session, contribution_id)
    officer = await active_membership(session, tontine.id, by)
    if reversal.confirmed_by is not None:
        raise ReversalNotAsked
    if officer.id != reversal.asked_by:
        await _refuse_unless_second(session, contribution, reversal, officer)
    await session.delete(reversal)
    await session.flush()
    await tell(session, "reversal.declined", tontine.id, contribution=contribution_id, member=officer.id)


async def reversers_of(session: AsyncSession, contribution_id: UUID) -> frozenset[UUID]:
    """The memberships of whom any one may confirm the reversal that was asked of a contribution.

    Raises ReversalNotAsked.
    """
    contribution = await session.get_one(Contribution, contribution_id)
    return await _second(session, contribution, await _asked(session, contribution_id))


async def reversible_of(session: AsyncSession, membership_id: UUID) -> list[Contribution]:
    """What was paid for a member and can still be taken back, the latest first; nothing that somebody asked of yet."""
    theirs = (
        select(Contribution)
        .outerjoin(Reversal, Reversal.contribution_id == Contribution.id)
        .where(Contribution.membership_id == membership_id, Contribution.state == ContributionState.MADE)
        .where(Contribution.source.in_(REVERSIBLE), Reversal.contribution_id.is_(None))
    )
    found = await fresh(session, theirs.order_by(Contribution.made_at.desc(), Contribution.id.desc()))
    return [each for each in found if await why_not(session, each) is None]


async def why_not(session: AsyncSession, contribution: Contribution) -> Refusal | None:
    """What keeps a contribution from being taken back; None when it can be."""
    if contribution.state is not ContributionState.MADE or contribution.source not in REVERSIBLE:
        return NotReversible()
    if (await fresh_one(session, Membership, contribution.membership_id)).state is not MembershipState.ACTIVE:
        return NotReversible()
    rounds: dict[UUID, int] = defaultdict(int)
    for part in await parts_of(session, contribution):
        if part.due_id is None:
            advance = await francs_on(session, await advance_account(session, contribution.membership_id))
            if advance < part.amount:
                return AlreadyReceived()
        else:
            due = await fresh_one(session, Due, part.due_id)
            if not await _is_still_theirs(session, due, contribution):
                return NotReversible()
            rounds[due.round_id] += part.amount
    for round_id, amount in rounds.items():
        if not await _holds(session, await fresh_one(session, Round, round_id), contribution, amount):
            return AlreadyReceived()
    return None


async def payer_of(session: AsyncSession, contribution: Contribution) -> Member:
    """Who has the money back when a contribution is taken back: who paid, or whom they turned out to be one with."""
    payer = await session.get_one(Member, contribution.payer_id)
    while payer.united_with is not None:
        payer = await session.get_one(Member, payer.united_with)
    return payer


async def _holds(session: AsyncSession, round_: Round, contribution: Contribution, amount: int) -> bool:
    """Whether a round's pot still has this much of the contribution: an open one all of it, a closed one promises."""
    if round_.state is RoundState.OPEN:
        return True
    promised = contribution.source is Source.CASH
    return promised and await promises_to_take_back(session, round_, amount) is not None


async def _is_still_theirs(session: AsyncSession, due: Due, contribution: Contribution) -> bool:
    """Who took a share over paid for what it had paid, and the turn of one that was left gives it back."""
    holding = await fresh_one(session, Holding, due.holding_id)
    share = await fresh_one(session, Share, holding.share_id)
    return holding.membership_id == contribution.membership_id and share.left_at is None


async def _take_back(session: AsyncSession, contribution: Contribution, parts: list[Allotment]) -> bool:
    """Move the money back, and let it be owed again; gives whether a closed round is concerned."""
    journal = Journal(new_id())
    closed: dict[UUID, int] = defaultdict(int)
    for part in parts:
        journal.reverse(part.id)
        if part.due_id is None:
            continue
        due = await fresh_one(session, Due, part.due_id)
        round_ = await fresh_one(session, Round, due.round_id)
        due.paid -= part.amount
        await _give_time(session, due, round_)
        if round_.state is RoundState.OPEN:
            round_.full_at = None
        else:
            closed[round_.id] += part.amount
        await session.flush()
    for round_id, amount in closed.items():
        for receipt, taken in (
            await promises_to_take_back(session, await session.get_one(Round, round_id), amount) or ()
        ):
            receipt.taken_back += taken
    await session.flush()
    await journal.post(session)
    if contribution.source is Source.WALLET:
        await park_excess(session, journal, contribution.payer_id, contribution.amount)
    return bool(closed)


async def _give_time(session: AsyncSession, due: Due, round_: Round) -> None:
    """Nobody is late by a mistake of others: what is owed again after its deadline may be paid as any round is."""
    if due.deadline > clock.now():
        return
    cycle = await session.get_one(Cycle, round_.cycle_id)
    due.deadline = deadline_from_today(cycle.rules)
    await plan_lateness(session, cycle, round_, due.deadline)


async def _refuse_unless_reversible(session: AsyncSession, contribution: Contribution) -> None:
    if refusal := await why_not(session, contribution):
        raise refusal


async def _refuse_unless_second(
    session: AsyncSession, contribution: Contribution, reversal: Reversal, officer: Membership
) -> None:
    if officer.id in await _second(session, contribution, reversal):
        return
    is_officer = officer.id in (await officers_of(session, contribution.tontine_id)).values()
    concerned = is_officer or officer.id == contribution.membership_id
    raise SecondPersonNeeded if concerned else NotAnOfficer(roles=[role.value for role in Role])


async def _second(session: AsyncSession, contribution: Contribution, reversal: Reversal) -> frozenset[UUID]:
    payer = await find_membership(session, contribution.tontine_id, (await payer_of(session, contribution)).id)
    concerned = {contribution.membership_id} | ({payer.id} if payer else set())
    members = [each.id for each in await memberships_of(session, contribution.tontine_id)]
    officers = await officers_of(session, contribution.tontine_id)
    return second_officer(officers, members, reversal.asked_by, concerned)


async def _asked(session: AsyncSession, contribution_id: UUID) -> Reversal:
    reversal = await session.get(Reversal, contribution_id, populate_existing=True)
    if reversal is None:
        raise ReversalNotAsked
    return reversal


async def parts_of(session: AsyncSession, contribution: Contribution) -> list[Allotment]:
    """What of a contribution paid which due, or was paid early."""
    return await fresh(session, select(Allotment).where(Allotment.contribution_id == contribution.id))


async def _locked(session: AsyncSession, contribution_id: UUID) -> tuple[Tontine, Contribution]:
    tontine = await lock_tontine(session, (await session.get_one(Contribution, contribution_id)).tontine_id)
    return tontine, await fresh_one(session, Contribution, contribution_id)
