"""Changing the order of the turns that are still to come; the database refuses to touch any other."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tontines.cycle_tables import Cycle, Turn
from tontines.cycles import rounds_of, turns_of
from tontines.rotation import moved_to_the_end, swapped
from tontines.states import RoundState


async def upcoming_turns(session: AsyncSession, cycle: Cycle) -> list[Turn]:
    """The turns that are decided and whose rounds have not opened, the next one first."""
    first = await _first_upcoming(session, cycle)
    return [turn for turn in await turns_of(session, cycle.id) if turn.position >= first]


async def exchange(session: AsyncSession, cycle: Cycle, first: UUID, second: UUID) -> None:
    """Two shares exchange their turns; raises TurnNotUpcoming."""
    turns = await turns_of(session, cycle.id)
    decided_before = len(turns) - len(await upcoming_turns(session, cycle))
    changed = swapped([turn.share_id for turn in turns], first, second, upcoming_from=decided_before)
    await _place(session, turns, dict(zip(changed, (turn.position for turn in turns), strict=True)))


async def postpone(session: AsyncSession, cycle: Cycle, share_id: UUID) -> None:
    """Make a share's turn the last one of the cycle; the turns behind it move up. Raises TurnNotUpcoming."""
    turns, rounds = await turns_of(session, cycle.id), await rounds_of(session, cycle.id)
    if len(turns) == len(rounds):
        order = [turn.share_id for turn in turns]
        changed = moved_to_the_end(order, share_id, upcoming_from=await _first_upcoming(session, cycle) - 1)
        await _place(session, turns, {share: place for place, share in enumerate(changed, 1)})
        return
    # Turns that are decided as rounds open: the last place that nobody has.
    taken = {turn.position for turn in turns if turn.share_id != share_id}
    last = max(round_.number for round_ in rounds if round_.number not in taken)
    mine = [turn for turn in turns if turn.share_id == share_id]
    if mine:
        await _place(session, mine, {share_id: last})
    else:
        session.add(Turn(cycle_id=cycle.id, share_id=share_id, position=last, price=0, price_paid=0))
        await session.flush()


async def _first_upcoming(session: AsyncSession, cycle: Cycle) -> int:
    """The number of the first round that has not opened; one past the last when all have."""
    rounds = await rounds_of(session, cycle.id)
    return next((each.number for each in rounds if each.state is RoundState.SCHEDULED), len(rounds) + 1)


async def _place(session: AsyncSession, turns: Sequence[Turn], positions: dict[UUID, int]) -> None:
    moving = [turn for turn in turns if turn.position != positions[turn.share_id]]
    # Through places that do not exist: no two turns may share one, not even for a moment.
    for turn in moving:
        turn.position = -turn.position
    await session.flush()
    for turn in moving:
        turn.position = positions[turn.share_id]
    await session.flush()
