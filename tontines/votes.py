"""Votes: more than half of all members decide who presides when the organiser is lost, and who joins in mid-cycle."""

from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import insert_once
from core.errors import Refusal
from core.ids import new_id
from core.jobs import Payload, enqueue
from tontines.chain import write_line
from tontines.cycles import active_holders_in, running_cycle
from tontines.decision_tables import Ballot, Vote
from tontines.events import tell
from tontines.group import active_membership, fresh, fresh_one, lock_tontine, memberships_of
from tontines.group_tables import Membership, Tontine
from tontines.late_joining import join_now, refuse_late_joiner
from tontines.officers import install, refuse_two_offices, refuse_when_closed
from tontines.states import DecisionState, Role, TontineState

CLOSE_VOTE = "tontine.close_vote"
_LASTS = timedelta(days=3)


class Question(StrEnum):
    """What can be put to the vote."""

    PRESIDENT = "president"
    LATE_JOINER = "late_joiner"


class VoteOver(Refusal):
    key = "refusal.tontine.vote_over"


async def propose_president(session: AsyncSession, tontine_id: UUID, candidate_id: UUID, *, by: UUID, key: str) -> Vote:
    """Any member proposes another organiser: when the old one is lost, the members choose. Their own yes is counted.

    The same key again gives the first proposal back. Raises NotAMember, NotActive, TwoOffices.
    """
    tontine = await lock_tontine(session, tontine_id)
    refuse_when_closed(tontine)
    candidate = await active_membership(session, tontine_id, candidate_id)
    return await _open(session, tontine, Question.PRESIDENT, {"member": str(candidate.id)}, by=by, key=key)


async def propose_late_joiner(
    session: AsyncSession, tontine_id: UUID, candidate_id: UUID, *, by: UUID, key: str
) -> Vote:
    """Any member proposes that an active member without a share join the running cycle, back payments and all.

    Raises NoCycle, HoldsAShare, NoHalfShareLate, DrawPending, NotAMember, NotActive.
    """
    tontine = await lock_tontine(session, tontine_id)
    candidate = await active_membership(session, tontine_id, candidate_id)
    return await _open(session, tontine, Question.LATE_JOINER, {"member": str(candidate.id)}, by=by, key=key)


async def cast_ballot(session: AsyncSession, vote_id: UUID, *, by: UUID, is_for: bool) -> Vote:
    """Vote once, for good; with more than half of all members for it, it is done.

    Raises VoteOver, NotAMember, and what the proposal raises when it can no longer be done.
    """
    tontine = await lock_tontine(session, (await session.get_one(Vote, vote_id)).tontine_id)
    vote = await fresh_one(session, Vote, vote_id)
    voter = await active_membership(session, tontine.id, by)
    if vote.state is not DecisionState.ASKED or clock.now() >= vote.closes_at:
        raise VoteOver
    if is_for:
        await _refuse_impossible(session, tontine, vote.kind, UUID(vote.subject["member"]))
    await insert_once(
        session, Ballot, vote_id=vote.id, membership_id=voter.id, is_for=is_for, created_at=clock.now()
    )  # fmt: skip
    await _count(session, tontine, vote)
    return vote


async def close_vote(session: AsyncSession, payload: Payload) -> None:
    """The time to vote is over: what has not passed is rejected."""
    vote_id = UUID(payload["vote"])
    tontine = await lock_tontine(session, (await session.get_one(Vote, vote_id)).tontine_id)
    vote = await fresh_one(session, Vote, vote_id)
    if vote.state is DecisionState.ASKED:
        await _end(session, tontine, vote, DecisionState.REFUSED)


async def electorate(session: AsyncSession, tontine: Tontine) -> list[Membership]:
    """Who may vote: who holds a share of the running cycle; every active member when none runs."""
    if tontine.state is TontineState.RUNNING:
        return await active_holders_in(session, (await running_cycle(session, tontine.id)).id)
    return await memberships_of(session, tontine.id)


async def _open(
    session: AsyncSession, tontine: Tontine, question: Question, subject: dict[str, Any], *, by: UUID, key: str
) -> Vote:
    proposer = await active_membership(session, tontine.id, by)
    known = await fresh(session, select(Vote).where(Vote.key == key))
    if known:
        return known[0]
    await _refuse_impossible(session, tontine, question.value, UUID(subject["member"]))
    vote = Vote(
        id=new_id(), key=key, tontine_id=tontine.id, kind=question.value, subject=subject, state=DecisionState.ASKED,
        closes_at=clock.now() + _LASTS, created_at=clock.now(),
    )  # fmt: skip
    session.add(vote)
    await session.flush()
    await write_line(session, tontine, "vote.opened", vote=vote.id, question=question.value, subject=subject)
    await tell(session, "vote.opened", tontine.id, vote=vote.id)
    await enqueue(session, CLOSE_VOTE, str(vote.id), {"vote": str(vote.id)}, run_at=vote.closes_at)
    return await cast_ballot(session, vote.id, by=proposer.member_id, is_for=True)


async def _count(session: AsyncSession, tontine: Tontine, vote: Vote) -> None:
    voters = {member.id for member in await electorate(session, tontine)}
    cast = await fresh(session, select(Ballot).where(Ballot.vote_id == vote.id))
    counted = [each.is_for for each in cast if each.membership_id in voters]
    if 2 * counted.count(True) > len(voters):
        await _end(session, tontine, vote, DecisionState.GRANTED)
        await _carry_out(session, tontine, vote)
    elif 2 * counted.count(False) >= len(voters):
        await _end(session, tontine, vote, DecisionState.REFUSED)


async def _refuse_impossible(session: AsyncSession, tontine: Tontine, question: str, candidate: UUID) -> None:
    """Nobody votes for what could not be done, then or now."""
    if question == Question.PRESIDENT:
        await refuse_two_offices(session, tontine, Role.PRESIDENT, candidate)
    else:
        chosen = await fresh_one(session, Membership, candidate)
        await refuse_late_joiner(session, await running_cycle(session, tontine.id), chosen)


async def _carry_out(session: AsyncSession, tontine: Tontine, vote: Vote) -> None:
    chosen = await fresh_one(session, Membership, UUID(vote.subject["member"]))
    if vote.kind == Question.PRESIDENT:
        await install(session, tontine, Role.PRESIDENT, chosen)
    else:
        await join_now(session, tontine, await running_cycle(session, tontine.id), chosen)


async def _end(session: AsyncSession, tontine: Tontine, vote: Vote, state: DecisionState) -> None:
    vote.state = state
    await session.flush()
    name = "vote.passed" if state is DecisionState.GRANTED else "vote.rejected"
    await write_line(session, tontine, name, vote=vote.id)
    await tell(session, name, tontine.id, vote=vote.id)
