"""A cycle's beginning: its shares, its rounds and its turns made of what members hold, and then they stand."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.ids import new_id
from core.jobs import enqueue
from core.money import Money
from tontines.accounts import caution_account, francs_on
from tontines.calendar import beginning, deadline, opens_at, start_has_passed
from tontines.chain import seal, write_line
from tontines.charter import has_accepted
from tontines.cycle_tables import Cycle, Holding, Round, Share
from tontines.cycles import OPEN_ROUND, set_turns, shares_of
from tontines.drawing import commit_draw, refuse_reveal
from tontines.events import tell
from tontines.group import lock_tontine, memberships_of
from tontines.group_tables import Membership, Tontine
from tontines.joining import CycleRunning
from tontines.officers import officers_of, refuse_when_closed, require_office
from tontines.rotation import Part, Stake, arranged, form_shares
from tontines.rules import Order, Rules, StartInThePast
from tontines.states import Role, RoundState, TontineState
from tontines.undecided import plan_turn

SHARES_AT_LEAST = 2
MEMBERS_AT_LEAST = 2


class TooFewShares(Refusal):
    """Params: `at_least` (shares)."""

    key = "refusal.tontine.too_few_shares"


class TooFewMembers(Refusal):
    """Params: `at_least` (people)."""

    key = "refusal.tontine.too_few_members"


class CharterNotAcceptedByAll(Refusal):
    """Params: `members`, the membership ids of those who have not accepted the charter in force."""

    key = "refusal.tontine.charter_not_accepted_by_all"


class CautionsMissing(Refusal):
    """Params: `members`, the membership ids of those whose security deposit is short, `amount` for a share (Money)."""

    key = "refusal.tontine.cautions_missing"


class OfficesVacant(Refusal):
    """Params: `roles` that nobody holds."""

    key = "refusal.tontine.offices_vacant"


async def preview_shares(session: AsyncSession, tontine_id: UUID) -> list[tuple[Part, ...]]:
    """The shares as a cycle would start with them, in order, so that the organiser can arrange their turns.

    Raises HalfWithoutPair.
    """
    return form_shares([Stake(each.id, each.halves) for each in await _taking_part(session, tontine_id)])


async def start_cycle(
    session: AsyncSession, tontine_id: UUID, *, by: UUID, order: Sequence[int] | None = None,
    reveal_at: datetime | None = None,
) -> Cycle:  # fmt: skip
    """Start a cycle with everybody who takes part: from now on nothing structural changes until it ends.

    `order` arranges the turns of a fixed order by the shares' numbers in the preview (from 1); `reveal_at` is when a
    draw is revealed at the latest. On its first day a cycle begins at once: see `beginning`. Raises CycleRunning,
    StartInThePast, HalfWithoutPair, TooFewShares, TooFewMembers, OfficesVacant, CharterNotAcceptedByAll,
    CautionsMissing, OrderIncomplete, RevealTooLate; NotAnOfficer unless by the president.
    """
    tontine = await lock_tontine(session, tontine_id)
    refuse_when_closed(tontine)
    if tontine.state is TontineState.RUNNING:
        raise CycleRunning
    await require_office(session, tontine_id, by, Role.PRESIDENT)
    shares = await _checked_shares(session, tontine)
    _check_order(tontine.rules, range(1, len(shares) + 1), order, reveal_at)
    number = await session.scalar(select(func.count()).where(Cycle.tontine_id == tontine_id)) or 0
    begins = beginning(tontine.rules, clock.now(), reveal_at if tontine.rules.order is Order.DRAW else None)
    cycle = Cycle(
        id=new_id(), tontine_id=tontine_id, number=number + 1, stated_rules=begins.rules.model_dump(mode="json"),
        started_at=clock.now(),
    )  # fmt: skip
    session.add(cycle)
    await session.flush()
    tontine.state = TontineState.RUNNING
    for number_of_share, parts in enumerate(shares, 1):
        await add_share(session, cycle, number_of_share, parts)
        if number_of_share == 1:
            await _add_round(session, tontine, cycle, 1, opening=begins.opens_at, due=begins.deadline)
        else:
            await add_round(session, tontine, cycle, number_of_share)
    await write_line(session, tontine, "cycle.started", cycle=cycle.id, number=cycle.number, shares=len(shares))
    await _order_turns(session, tontine, cycle, order, reveal_at)
    await seal(session, tontine)
    await tell(session, "cycle.started", tontine_id, cycle=cycle.id)
    return cycle


async def add_share(
    session: AsyncSession, cycle: Cycle, number: int, parts: Sequence[Part], *, joined_late: bool = False
) -> Share:
    share = Share(id=new_id(), cycle_id=cycle.id, number=number, joined_late=joined_late)
    session.add(share)
    await session.flush()
    for place, part in enumerate(parts):
        session.add(
            Holding(
                id=new_id(), share_id=share.id, membership_id=part.membership, halves=part.halves, place=place
            )
        )  # fmt: skip
    await session.flush()
    return share


async def add_round(session: AsyncSession, tontine: Tontine, cycle: Cycle, number: int) -> Round:
    """A round at its time by the calendar."""
    opening, due = opens_at(cycle.rules, number), deadline(cycle.rules, number)
    return await _add_round(session, tontine, cycle, number, opening=opening, due=due)


async def _add_round(
    session: AsyncSession, tontine: Tontine, cycle: Cycle, number: int, *, opening: datetime, due: datetime
) -> Round:
    made = Round(
        id=new_id(), tontine_id=tontine.id, cycle_id=cycle.id, number=number, state=RoundState.SCHEDULED,
        opens_at=opening, deadline=due,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    await enqueue(session, OPEN_ROUND, str(made.id), {"round": str(made.id)}, run_at=opening)
    await plan_turn(session, cycle, made)
    return made


async def _taking_part(session: AsyncSession, tontine_id: UUID) -> list[Membership]:
    return [each for each in await memberships_of(session, tontine_id) if each.renews]


async def _checked_shares(session: AsyncSession, tontine: Tontine) -> list[tuple[Part, ...]]:
    if start_has_passed(tontine.rules, clock.now()):
        raise StartInThePast
    taking_part = await _taking_part(session, tontine.id)
    shares = form_shares([Stake(each.id, each.halves) for each in taking_part])
    if len(shares) < SHARES_AT_LEAST:
        raise TooFewShares(at_least=SHARES_AT_LEAST)
    if len({part.membership for parts in shares for part in parts}) < MEMBERS_AT_LEAST:
        raise TooFewMembers(at_least=MEMBERS_AT_LEAST)
    vacant = [role for role in (Role.PRESIDENT, Role.TREASURER) if role not in await officers_of(session, tontine.id)]
    if vacant:
        raise OfficesVacant(roles=[role.value for role in vacant])
    undecided = [each.id for each in taking_part if not await has_accepted(session, tontine, each.id)]
    if undecided:
        raise CharterNotAcceptedByAll(members=undecided)
    await _check_cautions(session, tontine.rules, taking_part)
    return shares


def _check_order(rules: Rules, numbers: Sequence[int], order: Sequence[int] | None, reveal_at: datetime | None) -> None:
    """Before anything is written: the dialogue that is refused goes on in the same transaction."""
    if rules.order is Order.FIXED:
        arranged(numbers, order or numbers)
    elif rules.order is Order.DRAW:
        refuse_reveal(rules, reveal_at)


async def _check_cautions(session: AsyncSession, rules: Rules, taking_part: Sequence[Membership]) -> None:
    if not rules.caution:
        return
    short = [
        each.id
        for each in taking_part
        if await francs_on(session, await caution_account(session, each.id)) < rules.part(rules.caution, each.halves)
    ]
    if short:
        raise CautionsMissing(members=short, amount=Money(rules.caution))


async def _order_turns(
    session: AsyncSession, tontine: Tontine, cycle: Cycle, order: Sequence[int] | None, reveal_at: datetime | None
) -> None:
    """Fixed turns stand at once; a draw is revealed later; an auction or a need decides as each round opens."""
    shares = [share.id for share in await shares_of(session, cycle.id)]
    if cycle.rules.order is Order.FIXED:
        turns = arranged(shares, order or range(1, len(shares) + 1))
        await set_turns(session, cycle.id, turns)
        await write_line(session, tontine, "turns.set", cycle=cycle.id, order=[str(share) for share in turns])
    elif cycle.rules.order is Order.DRAW:
        await commit_draw(session, tontine, cycle, shares, reveal_at)
