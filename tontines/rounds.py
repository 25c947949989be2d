"""A round's beginning: its turn is known, everybody's dues are made, and what was paid early pays them at once."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.ids import new_id
from core.jobs import Payload, enqueue
from tontines.accounts import advance_account, francs_on
from tontines.allotting import allot, missing, note_full
from tontines.calendar import end_of_day
from tontines.chain import write_line
from tontines.closing import close_round, end_cycle_if_over
from tontines.cycle_tables import Cycle, Round
from tontines.cycles import holders_in
from tontines.dues import create_dues, dues_of_round, dues_owed
from tontines.events import tell
from tontines.group import fresh_one, lock_tontine
from tontines.group_tables import Membership, Tontine
from tontines.money_tables import Contribution
from tontines.paying import PaidOut, pay_on
from tontines.rules import Rules
from tontines.states import ContributionState, RoundState, Source
from tontines.turns import decide_turn

REMIND = "tontine.remind"
TELL_LATE = "tontine.tell_late"
GIVE_FINES = "tontine.give_fines"

# A day ahead where there is a day, and again on the last evening.
_REMINDERS = (timedelta(days=1), timedelta(hours=3))


async def open_round(session: AsyncSession, payload: Payload) -> None:
    """Open a round at its time; a second time does nothing."""
    round_id = UUID(payload["round"])
    tontine = await lock_tontine(session, (await session.get_one(Round, round_id)).tontine_id)
    round_ = await fresh_one(session, Round, round_id)
    if round_.state is not RoundState.SCHEDULED:
        return
    cycle = await fresh_one(session, Cycle, round_.cycle_id)
    turn = await decide_turn(session, tontine, cycle, round_)
    await create_dues(session, cycle, round_, turn)
    round_.state = RoundState.OPEN
    await session.flush()
    await write_line(
        session, tontine, "round.opened", round=round_.id, number=round_.number, share=turn.share_id,
        owed=sum(due.amount for due in await dues_of_round(session, round_.id)),
    )  # fmt: skip
    await tell(session, "round.opened", tontine.id, round=round_.id)
    await _plan(session, cycle, round_)
    for member in await holders_in(session, cycle.id):
        await use_advance(session, tontine, member)
    await note_full(session, tontine, [round_.id])
    if not await dues_of_round(session, round_.id):
        # A turn that was left before anything had been paid for it: nothing to collect, nothing to give back.
        await close_round(session, tontine, round_, PaidOut(0, 0, 0))
        await end_cycle_if_over(session, tontine, cycle.id)


async def remind(session: AsyncSession, payload: Payload) -> None:
    """Tell that a round's deadline is near, as long as something is missing."""
    round_ = await session.get_one(Round, UUID(payload["round"]))
    if round_.state is RoundState.OPEN and await missing(session, round_.id):
        await tell(session, "round.reminder", round_.tontine_id, round=round_.id)


async def use_advance(session: AsyncSession, tontine: Tontine, member: Membership) -> None:
    """Let what a member paid early pay what they owe now."""
    advance = await advance_account(session, member.id)
    dues = await dues_owed(session, member.id)
    amount = min(await francs_on(session, advance), sum(due.outstanding for due in dues))
    if not amount:
        return
    contribution = Contribution(
        id=new_id(), key=f"advance:{new_id()}", tontine_id=tontine.id, membership_id=member.id,
        payer_id=member.member_id, source=Source.ADVANCE, amount=amount, state=ContributionState.WAITING,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(contribution)
    await session.flush()
    await pay_on(session, tontine, await allot(session, tontine, contribution, advance, dues))


async def _plan(session: AsyncSession, cycle: Cycle, round_: Round) -> None:
    """Leave what is to be done before, at and after the deadline."""
    names = {"round": str(round_.id)}
    for before in _REMINDERS:
        moment = round_.deadline - before
        if moment > clock.now():
            await enqueue(session, REMIND, f"{round_.id}:{moment.isoformat()}", names, run_at=moment)
    await plan_lateness(session, cycle, round_, round_.deadline)


def deadline_from_today(rules: Rules) -> datetime:
    """Until when to pay what comes to be owed for a round that opened before: as long as any round gives."""
    today = clock.now().astimezone(rules.time_zone).date()
    return end_of_day(rules, today + timedelta(days=rules.days_to_pay))


async def plan_lateness(session: AsyncSession, cycle: Cycle, round_: Round, deadline_: datetime) -> None:
    """Leave what is to be done once a deadline has passed: tell who is late, and fine them after the grace."""
    names = {"round": str(round_.id)}
    key = f"{round_.id}:{deadline_.isoformat()}"
    # Late is who pays after the deadline, not in its very moment.
    past = deadline_ + timedelta(seconds=1)
    await enqueue(session, TELL_LATE, key, names, run_at=past)
    await enqueue(session, GIVE_FINES, key, names, run_at=past + timedelta(days=cycle.rules.grace_days))
