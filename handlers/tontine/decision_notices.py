"""What is told of what members decide together: turns to exchange, and votes."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice
from bot.views import Button, View
from core import i18n
from core.events import subscribe
from core.jobs import Jobs, Payload
from handlers.tontine import drawing, words
from handlers.tontine.links import token_of
from handlers.tontine.people import group_language, name_of, person
from handlers.tontine.telling import (
    choice_of,
    out_of_group,
    settle,
    tell_group,
    tell_members,
    tell_one,
    tontine_in,
    turn_in_group,
)
from tontines.cycle_tables import Cycle, Swap
from tontines.cycles import holdings_of
from tontines.decision_tables import Consent, Vote
from tontines.states import DecisionState

VOTE_TAP = "tvote"


def register_decisions(jobs: Jobs) -> None:
    """Subscribe to what becomes of swaps and votes."""
    subscribe(jobs, "turn.swap_asked", _swap_asked)
    subscribe(jobs, "turn.swapped", _swapped)
    subscribe(jobs, "turn.swap_refused", _swap_refused)
    subscribe(jobs, "vote.opened", _vote_opened)
    subscribe(jobs, "vote.passed", _vote_ended)
    subscribe(jobs, "vote.rejected", _vote_ended)


async def _swap_asked(session: AsyncSession, payload: Payload) -> None:
    """Every holder who has not consented yet is asked."""
    swap = await session.get_one(Swap, UUID(payload["swap"]), populate_existing=True)
    if swap.state is not DecisionState.ASKED:
        return
    tontine = await tontine_in(session, payload)
    given = set(await session.scalars(select(Consent.membership_id).where(Consent.subject_id == swap.id)))
    first, second = await _swap_sides(session, swap)
    for membership_id in [each for each in (*first, *second) if each not in given]:
        member = await person(session, membership_id)
        row = [
            await choice_of(session, member, "tontine_swap_answer", label, swap=str(swap.id), agree=answer)
            for label, answer in (("agree", "yes"), ("decline", "no"))
        ]
        await tell_one(
            session, member, "tontine.notice.swap_asked", row, subject=f"swap:{swap.id}", name=tontine.name,
            first=await _names(session, first), second=await _names(session, second),
        )  # fmt: skip


async def _swapped(session: AsyncSession, payload: Payload) -> None:
    tontine = await tontine_in(session, payload)
    swap = await session.get_one(Swap, UUID(payload["swap"]))
    first, second = await _swap_sides(session, swap)
    cycle = await session.get_one(Cycle, swap.cycle_id)
    names = {"first": await _names(session, first), "second": await _names(session, second)}

    async def facts(language: str) -> dict[str, Any]:
        return {"name": tontine.name, "order": await drawing.order_in_words(session, cycle, language), **names}

    language = await group_language(session, tontine.id)
    await tell_group(session, tontine, View(i18n.text(language, "tontine.notice.swapped", **await facts(language))))
    outside = [membership.id for membership, _ in await out_of_group(session, tontine)]
    for membership_id in dict.fromkeys((*first, *second, *outside)):
        member = await person(session, membership_id)
        subject = f"swap:{swap.id}"
        await tell_one(session, member, "tontine.notice.swapped", subject=subject, **await facts(member.language))


async def _swap_refused(session: AsyncSession, payload: Payload) -> None:
    tontine = await tontine_in(session, payload)
    swap = await session.get_one(Swap, UUID(payload["swap"]))
    first, second = await _swap_sides(session, swap)
    who = await _names(session, second)
    for membership_id in first:
        member = await person(session, membership_id)
        subject = f"swap:{swap.id}"
        await tell_one(session, member, "tontine.notice.swap_refused", subject=subject, name=tontine.name, who=who)
    await settle(session, f"swap:{swap.id}", lambda holder: notice(holder, "tontine_swap.refused"))


async def _vote_opened(session: AsyncSession, payload: Payload) -> None:
    """The question is put where everybody reads it, and to each in private, for somebody may not be in the group."""
    vote = await session.get_one(Vote, UUID(payload["vote"]), populate_existing=True)
    if vote.state is not DecisionState.ASKED:
        return
    tontine = await tontine_in(session, payload)
    who = await name_of(session, UUID(vote.subject["member"]))
    language = await group_language(session, tontine.id)
    key = f"tontine.vote.{vote.kind}"
    facts = {"name": tontine.name, "who": who}
    row = tuple(
        Button(i18n.text(language, f"tontine.button.{label}"), data=f"{VOTE_TAP}:{token_of(vote.id)}:{side}")
        for label, side in (("for", "yes"), ("against", "no"))
    )
    until = i18n.moment(language, vote.closes_at, tontine.rules.zone)
    view = View(i18n.text(language, key, until=until, **facts), (row,))
    await tell_group(session, tontine, view, subject=f"vote:{vote.id}")
    for _, member in await words.people_of(session, tontine.id):
        mine = [
            await choice_of(session, member, "tontine_vote", label, vote=str(vote.id), **{"for": side})
            for label, side in (("for", "yes"), ("against", "no"))
        ]
        until = i18n.moment(member.language, vote.closes_at, member.time_zone)
        await tell_one(session, member, key, mine, subject=f"vote:{vote.id}", until=until, **facts)


async def _vote_ended(session: AsyncSession, payload: Payload) -> None:
    vote = await session.get_one(Vote, UUID(payload["vote"]), populate_existing=True)
    tontine = await tontine_in(session, payload)
    passed = "passed" if vote.state is DecisionState.GRANTED else "rejected"
    key, who = f"tontine.vote.{vote.kind}_{passed}", await name_of(session, UUID(vote.subject["member"]))
    language = await group_language(session, tontine.id)
    view = View(i18n.text(language, key, name=tontine.name, who=who))
    await turn_in_group(session, tontine, view, subject=f"vote:{vote.id}")
    await tell_members(session, tontine, key, subject=f"vote:{vote.id}", who=who)


async def _swap_sides(session: AsyncSession, swap: Swap) -> tuple[list[UUID], list[UUID]]:
    first, second = await holdings_of(session, swap.first_id), await holdings_of(session, swap.second_id)
    return [each.membership_id for each in first], [each.membership_id for each in second]


async def _names(session: AsyncSession, memberships: list[UUID]) -> str:
    return " + ".join([await name_of(session, each) for each in memberships])
