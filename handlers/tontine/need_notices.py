"""What is told of needs: the officers read them, and the group reads whose turn comes, never why."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice, tell
from bot.views import Button, View
from core import i18n
from core.events import subscribe
from core.jobs import Jobs, Payload
from handlers.tontine.answers import leading_to
from handlers.tontine.needs import NEED, NEED_TAP, NEEDS
from handlers.tontine.next_turn import NextTurn, said_of
from handlers.tontine.people import cut, group_language, person
from handlers.tontine.saying import round_of
from handlers.tontine.shares import holders_said
from handlers.tontine.telling import (
    holders_of,
    membership_in,
    out_of_group,
    tell_group,
    tell_one,
    tontine_in,
)
from handlers.tontine.which import TONTINE
from handlers.tontine.words import people_of
from members import Member
from tontines import (
    Cycle,
    Membership,
    Order,
    Round,
    RoundState,
    Tontine,
    holdings_of,
    needs_of,
    next_to_decide,
    running_cycle,
    turn_of,
)
from tontines.cycles import NoCycle
from tontines.officers import DECIDING


def register_needs(jobs: Jobs) -> None:
    """Hear of turns that are to be decided by need, of the needs, and of who was put first."""
    subscribe(jobs, "turn.nears", _needs_are_heard)
    subscribe(jobs, "need.stated", _stated)
    subscribe(jobs, "turn.decided", _decided)


async def card_of(session: AsyncSession, coming: NextTurn, tontine: Tontine, language: str) -> View:
    """The next turn as the group reads it, with the way to say a need while it is not decided."""
    text = await said_of(session, coming, tontine, language, coming.cycle.rules.zone)
    button = Button(i18n.text(language, "button.need"), data=f"{NEED_TAP}:{coming.round.id.hex}")
    return View(text, () if coming.is_decided else ((button,),))


async def _needs_are_heard(session: AsyncSession, payload: Payload) -> None:
    """The group reads until when a need may be said, and the officers what was said so far."""
    round_ = await round_of(session, payload)
    cycle = await session.get_one(Cycle, round_.cycle_id)
    if cycle.rules.order is not Order.NEED or round_.state is not RoundState.SCHEDULED:
        return
    tontine = await tontine_in(session, payload)
    coming = NextTurn(cycle, round_, is_decided=False)
    view = await card_of(session, coming, tontine, await group_language(session, tontine.id))
    await tell_group(session, tontine, view)
    for _, member in await out_of_group(session, tontine):
        await tell(session, member, await _invited(session, tontine, round_, member), subject=f"need:{round_.id}")
    count = len(await needs_of(session, cycle.id))
    key = "needs.to_decide" if count else "needs.to_decide_none"
    for officer in await holders_of(session, tontine, *DECIDING):
        row = [await leading_to(session, officer, "decide_need", NEEDS, {TONTINE: str(tontine.id)})]
        when = i18n.moment(officer.language, round_.opens_at, officer.time_zone)
        await tell_one(
            session, officer, key, row, subject=f"needs:{round_.id}", tontine=tontine.name, count=count,
            number=round_.number, when=when,
        )  # fmt: skip


async def _invited(session: AsyncSession, tontine: Tontine, round_: Round, member: Member) -> View:
    row = [await leading_to(session, member, "need", NEED, {TONTINE: str(tontine.id)})]
    until = i18n.moment(member.language, round_.opens_at, member.time_zone)
    return notice(member, "need.card", row, tontine=tontine.name, number=round_.number, until=until)


async def _stated(session: AsyncSession, payload: Payload) -> None:
    """The officers who decide read who needs the pot, and why where it was said; not the one in need."""
    tontine, membership = await tontine_in(session, payload), await membership_in(session, payload)
    try:
        cycle = await running_cycle(session, tontine.id)
    except NoCycle:
        return
    next_one = await next_to_decide(session, cycle)
    reason = await _reason(session, cycle, membership)
    if next_one is None or reason is None:
        return
    who = cut((await person(session, membership.id)).name)
    for officer in await holders_of(session, tontine, *DECIDING):
        if officer.id == membership.member_id:
            continue
        row = [await leading_to(session, officer, "decide_need", NEEDS, {TONTINE: str(tontine.id)})]
        why = i18n.text(officer.language, "needs.why", reason=reason) if reason else ""
        await tell_one(
            session, officer, "needs.said", row, subject=f"need:{membership.id}:{next_one.id}", tontine=tontine.name,
            who=who, why=why, number=next_one.number,
            when=i18n.moment(officer.language, next_one.opens_at, officer.time_zone),
        )  # fmt: skip


async def _reason(session: AsyncSession, cycle: Cycle, membership: Membership) -> str | None:
    """Why this member needs the pot, perhaps nothing; None when their need has been served or withdrawn."""
    for each in await needs_of(session, cycle.id):
        if membership.id in {part.membership_id for part in await holdings_of(session, each.share_id)}:
            return each.reason
    return None


async def _decided(session: AsyncSession, payload: Payload) -> None:
    """Who was put first is said at once; a turn that its opening decided stands on the round's card."""
    round_ = await round_of(session, payload)
    cycle = await session.get_one(Cycle, round_.cycle_id)
    if cycle.rules.order is not Order.NEED or round_.state is not RoundState.SCHEDULED:
        return
    tontine, turn = await tontine_in(session, payload), await turn_of(session, round_)
    who = await holders_said(session, cycle, turn.share_id)
    facts: dict[str, Any] = {"tontine": tontine.name, "number": round_.number, "who": who}
    when = i18n.moment(language := await group_language(session, tontine.id), round_.opens_at, cycle.rules.zone)
    await tell_group(session, tontine, View(i18n.text(language, "needs.next", when=when, **facts)))
    outside = {membership.id for membership, _ in await out_of_group(session, tontine)}
    holders = {each.membership_id for each in await holdings_of(session, turn.share_id)}
    for membership, member in await people_of(session, tontine.id):
        # Where the group reads it, in private only whose turn it is, and who cannot read it there.
        if membership.id in holders or membership.id in outside:
            when = i18n.moment(member.language, round_.opens_at, member.time_zone)
            await tell_one(session, member, "needs.next", subject=f"next:{round_.id}", when=when, **facts)
