"""The end of a round, and after the last one the end of the cycle: minutes, sums, and advances given back."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from tontines.accounts import advance_account, francs_on, pay_wallet
from tontines.chain import seal, write_line
from tontines.charter import write_charter
from tontines.cycle_tables import Cycle, Holding, Round, Share
from tontines.events import tell
from tontines.group import fresh, fresh_one
from tontines.group_tables import Membership, Tontine
from tontines.minutes import write_minutes
from tontines.paying import PaidOut
from tontines.rules import Rules
from tontines.states import RoundState, TontineState
from tontines.summary import summarise


async def close_round(session: AsyncSession, tontine: Tontine, round_: Round, paid: PaidOut) -> None:
    """Write a round's minutes and close it for good: from now on the database lets nobody change it."""
    round_.minutes = await write_minutes(session, round_, paid)
    round_.state, round_.closed_at = RoundState.CLOSED, clock.now()
    await session.flush()
    await write_line(session, tontine, "round.closed", round=round_.id, minutes=round_.minutes)
    await seal(session, tontine)
    await tell(session, "round.closed", tontine.id, round=round_.id)


async def end_cycle_if_over(session: AsyncSession, tontine: Tontine, cycle_id: UUID) -> None:
    """End a cycle whose every round is closed: what was paid too early goes back, and each debt is named."""
    not_closed = select(func.count()).where(Round.cycle_id == cycle_id, Round.state != RoundState.CLOSED)
    cycle = await fresh_one(session, Cycle, cycle_id)
    if cycle.ended_at is not None or await session.scalar(not_closed):
        return
    held = select(Holding.membership_id).join(Share, Share.id == Holding.share_id).where(Share.cycle_id == cycle_id)
    for member in await fresh(session, select(Membership).where(Membership.id.in_(held))):
        await return_advance(session, tontine, member)
        # Nobody is renewed in silence.
        member.renews = False
    summary = (await summarise(session, cycle)).as_data()
    cycle.summary, cycle.ended_at = summary, clock.now()
    tontine.state = TontineState.BETWEEN
    await session.flush()
    await write_line(session, tontine, "cycle.ended", cycle=cycle.id, summary=summary)
    await _take_up_wishes(session, tontine)
    await seal(session, tontine)
    await tell(session, "cycle.ended", tontine.id, cycle=cycle.id)


async def return_advance(session: AsyncSession, tontine: Tontine, member: Membership) -> int:
    """Give back what a member paid early and no due will need, in francs."""
    advance = await advance_account(session, member.id)
    amount = await francs_on(session, advance)
    if amount:
        await pay_wallet(session, advance, member.member_id, amount, "advance_returned")
        await write_line(session, tontine, "advance.returned", member=member.id, amount=amount)
    return amount


async def _take_up_wishes(session: AsyncSession, tontine: Tontine) -> None:
    if tontine.wished_rules:
        wished, tontine.wished_rules = Rules.model_validate(tontine.wished_rules), None
        await write_charter(session, tontine, wished)
