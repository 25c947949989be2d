"""Asking for a delay: one tap, decided by the officers, and never held against who asks."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.ids import new_id
from tontines.calendar import end_of_day
from tontines.chain import write_line
from tontines.cycle_tables import Cycle, Round
from tontines.dues import dues_owed
from tontines.events import tell
from tontines.group import active_membership, find_membership, fresh, fresh_one, lock_tontine
from tontines.money_tables import Delay, Due
from tontines.officers import DECIDING, require_other_officer
from tontines.rounds import plan_lateness
from tontines.states import DecisionState

LONGEST_DELAY = timedelta(days=30)


class DelayInvalid(Refusal):
    """Params: `after` and `until` (datetime), between which the new deadline has to be."""

    key = "refusal.tontine.delay"


class NothingToDelay(Refusal):
    key = "refusal.tontine.nothing_to_delay"


async def ask_delay(session: AsyncSession, round_id: UUID, member_id: UUID, until: date, *, key: str) -> Delay:
    """Ask to pay what is owed for a round by the evening of a later day, at most 30 days after its deadline.

    The same key again gives the first asking back. Raises NothingToDelay, DelayInvalid.
    """
    round_ = await session.get_one(Round, round_id)
    tontine = await lock_tontine(session, round_.tontine_id)
    known = await fresh(session, select(Delay).where(Delay.key == key))
    if known:
        return known[0]
    membership = await active_membership(session, tontine.id, member_id)
    if not await _dues(session, membership.id, round_id):
        raise NothingToDelay
    cycle = await session.get_one(Cycle, round_.cycle_id)
    moment, earliest, latest = _bounds(cycle, round_, until)
    if not earliest < moment <= latest:
        raise DelayInvalid(after=earliest, until=latest)
    delay = Delay(
        id=new_id(), key=key, round_id=round_id, membership_id=membership.id, until=moment,
        state=DecisionState.ASKED, created_at=clock.now(),
    )  # fmt: skip
    session.add(delay)
    await session.flush()
    await tell(session, "delay.asked", tontine.id, delay=delay.id, round=round_id, member=membership.id)
    return delay


async def decide_delay(session: AsyncSession, delay_id: UUID, *, by: UUID, grant: bool) -> Delay:
    """An officer, not the one who asks, grants a delay or refuses it. A second decision changes nothing.

    Raises NotAnOfficer, SecondPersonNeeded.
    """
    round_ = await session.get_one(Round, (await session.get_one(Delay, delay_id)).round_id)
    tontine = await lock_tontine(session, round_.tontine_id)
    delay = await fresh_one(session, Delay, delay_id)
    officer = await require_other_officer(session, tontine.id, by, delay.membership_id, roles=DECIDING)
    if delay.state is not DecisionState.ASKED:
        return delay
    delay.state = DecisionState.GRANTED if grant else DecisionState.REFUSED
    delay.decided_by = officer.id
    if grant:
        for due in await _dues(session, delay.membership_id, round_.id):
            due.deadline = max(due.deadline, delay.until)
        await plan_lateness(session, await session.get_one(Cycle, round_.cycle_id), round_, delay.until)
    await session.flush()
    await write_line(
        session, tontine, "delay.decided", round=round_.id, member=delay.membership_id, granted=grant,
        until=delay.until.isoformat(), by=officer.id,
    )  # fmt: skip
    await tell(session, "delay.decided", tontine.id, delay=delay.id, round=round_.id, member=delay.membership_id)
    return delay


async def delays_of(session: AsyncSession, round_id: UUID, member_id: UUID) -> list[Delay]:
    """What a member asked for a round, the oldest first."""
    round_ = await session.get_one(Round, round_id)
    membership = await find_membership(session, round_.tontine_id, member_id)
    if membership is None:
        return []
    mine = select(Delay).where(Delay.round_id == round_id, Delay.membership_id == membership.id)
    return await fresh(session, mine.order_by(Delay.id))


def _bounds(cycle: Cycle, round_: Round, until: date) -> tuple[datetime, datetime, datetime]:
    earliest = max(round_.deadline, clock.now())
    return end_of_day(cycle.rules, until), earliest, round_.deadline + LONGEST_DELAY


async def _dues(session: AsyncSession, membership_id: UUID, round_id: UUID) -> list[Due]:
    return [due for due in await dues_owed(session, membership_id) if due.round_id == round_id]
