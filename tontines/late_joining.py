"""Joining a running cycle, voted by the members: the last turn, and back payments for every round already opened."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from tontines.chain import write_line
from tontines.cycle_tables import Cycle, Holding, Round, Share, Turn
from tontines.cycles import holdings_of, rounds_of, shares_of, turns_of
from tontines.dues import make_due
from tontines.events import tell
from tontines.group import fresh, fresh_one
from tontines.group_tables import Membership, Tontine
from tontines.leaving import DrawPending
from tontines.rotation import WHOLE, Part
from tontines.rounds import deadline_from_today, plan_lateness
from tontines.rules import Order
from tontines.starting import add_round, add_share
from tontines.states import RoundState


class HoldsAShare(Refusal):
    """They take part in this cycle already."""

    key = "refusal.tontine.holds_a_share"


class NoHalfShareLate(Refusal):
    """Whole shares only join in mid-cycle."""

    key = "refusal.tontine.no_half_share_late"


async def refuse_late_joiner(session: AsyncSession, cycle: Cycle, candidate: Membership) -> None:
    """Raises HoldsAShare, NoHalfShareLate or DrawPending when somebody could not join the running cycle."""
    theirs = select(Holding).join(Share, Share.id == Holding.share_id)
    if await fresh(session, theirs.where(Share.cycle_id == cycle.id, Holding.membership_id == candidate.id)):
        raise HoldsAShare
    if candidate.halves % WHOLE:
        raise NoHalfShareLate
    if cycle.rules.order is Order.DRAW and not await turns_of(session, cycle.id):
        raise DrawPending


async def join_now(session: AsyncSession, tontine: Tontine, cycle: Cycle, newcomer: Membership) -> None:
    """Give a newcomer their shares, each with a turn after all others, and what they owe for the rounds gone by.

    A newcomer who took part in another way since the vote was opened is refused as when it was.
    """
    await refuse_late_joiner(session, cycle, newcomer)
    for _ in range(newcomer.halves // WHOLE):
        number = len(await shares_of(session, cycle.id)) + 1
        share = await add_share(session, cycle, number, [Part(newcomer.id, WHOLE)], joined_late=True)
        session.add(Turn(cycle_id=cycle.id, share_id=share.id, position=number, price=0, price_paid=0))
        await session.flush()
        await add_round(session, tontine, cycle, number)
        await _owe_back(session, cycle, share)
        await write_line(session, tontine, "share.joined_late", share=share.id, member=newcomer.id)
    await tell(session, "tontine.member_joined", tontine.id, member=newcomer.id)


async def _owe_back(session: AsyncSession, cycle: Cycle, share: Share) -> None:
    deadline = deadline_from_today(cycle.rules)
    (holding,) = await holdings_of(session, share.id)
    left = {turn.position for turn in await turns_of(session, cycle.id) if await _gives_back(session, turn)}
    for round_ in await rounds_of(session, cycle.id):
        if round_.state is RoundState.SCHEDULED or round_.number in left:
            continue
        session.add(make_due(round_.id, holding.id, cycle.rules.contribution, max(deadline, round_.deadline)))
        await session.flush()
        await _reopen(session, round_)
        await plan_lateness(session, cycle, round_, max(deadline, round_.deadline))


async def _reopen(session: AsyncSession, round_: Round) -> None:
    """An open round that was full is not any more; a closed one stays as it is, and is paid on when the money comes."""
    if round_.state is RoundState.OPEN and round_.full_at is not None:
        round_.full_at = None
        await session.flush()


async def _gives_back(session: AsyncSession, turn: Turn) -> bool:
    return (await fresh_one(session, Share, turn.share_id)).left_at is not None
