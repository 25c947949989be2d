"""Joining: asked, approved by the organiser, charter accepted; and saying yes again to the next cycle."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.ids import new_id
from tontines.chain import write_line
from tontines.charter import activate, has_accepted
from tontines.events import tell
from tontines.group import active_membership, find_membership, fresh_one, lock_tontine
from tontines.group_tables import Membership, Tontine
from tontines.officers import refuse_when_closed, require_office
from tontines.rotation import WHOLE
from tontines.states import MembershipState, Role, TontineState

SHARES_AT_MOST = 10


class SharesInvalid(Refusal):
    """Params: `at_most` (shares)."""

    key = "refusal.tontine.shares"


class NoHalfShares(Refusal):
    """This tontine's charter knows whole shares only."""

    key = "refusal.tontine.no_half_shares"


class CharterNotAccepted(Refusal):
    key = "refusal.tontine.charter_not_accepted"


class CycleRunning(Refusal):
    """Nothing structural changes while a cycle runs."""

    key = "refusal.tontine.cycle_running"


async def ask_to_join(session: AsyncSession, tontine_id: UUID, member_id: UUID, halves: int = WHOLE) -> Membership:
    """A person's wish to take part with so many half-shares (2 are a share), in the next cycle to start.

    Asking again gives the first asking back, with other shares if nobody has decided yet; who was refused or left may
    ask anew. Raises SharesInvalid, NoHalfShares.
    """
    tontine = await lock_tontine(session, tontine_id)
    refuse_when_closed(tontine)
    _check_halves(tontine, halves)
    known = await find_membership(session, tontine_id, member_id)
    if known is not None and known.state not in {MembershipState.REFUSED, MembershipState.LEFT}:
        is_new_wish = known.state is MembershipState.ASKED and known.halves != halves
        if not is_new_wish:
            return known
    if known is None:
        known = Membership(
            id=new_id(), tontine_id=tontine_id, member_id=member_id, agrees_to_set_off=False, created_at=clock.now()
        )
        session.add(known)
    known.state, known.halves, known.renews = MembershipState.ASKED, halves, True
    await session.flush()
    await tell(session, "tontine.member_asked", tontine_id, member=known.id)
    return known


async def decide_asking(session: AsyncSession, membership_id: UUID, *, by: UUID, approve: bool) -> Membership:
    """The president or the secretary lets somebody in, or not. A second tap changes nothing."""
    tontine = await lock_tontine(session, (await session.get_one(Membership, membership_id)).tontine_id)
    await require_office(session, tontine.id, by, Role.PRESIDENT, Role.SECRETARY)
    membership = await fresh_one(session, Membership, membership_id)
    if membership.state is not MembershipState.ASKED:
        return membership
    membership.state = MembershipState.APPROVED if approve else MembershipState.REFUSED
    await session.flush()
    await tell(session, f"tontine.member_{membership.state}", tontine.id, member=membership.id)
    await activate(session, tontine, membership)
    return membership


async def change_shares(session: AsyncSession, tontine_id: UUID, member_id: UUID, halves: int) -> Membership:
    """What a member takes part with in the next cycle; a running one keeps the shares it started with.

    Raises SharesInvalid, NoHalfShares.
    """
    tontine = await lock_tontine(session, tontine_id)
    refuse_when_closed(tontine)
    _check_halves(tontine, halves)
    membership = await active_membership(session, tontine_id, member_id)
    membership.halves = halves
    await write_line(session, tontine, "member.shares_wished", member=membership.id, halves=halves)
    return membership


async def opt_in(session: AsyncSession, tontine_id: UUID, member_id: UUID, *, renews: bool = True) -> Membership:
    """A member's yes (or no) to the next cycle; nobody is renewed in silence.

    Raises CharterNotAccepted, CycleRunning.
    """
    tontine = await lock_tontine(session, tontine_id)
    refuse_when_closed(tontine)
    if tontine.state is TontineState.RUNNING:
        raise CycleRunning
    membership = await active_membership(session, tontine_id, member_id)
    if renews and not await has_accepted(session, tontine, membership.id):
        raise CharterNotAccepted
    if membership.renews != renews:
        membership.renews = renews
        await write_line(session, tontine, "member.renews", member=membership.id, renews=renews)
    return membership


def _check_halves(tontine: Tontine, halves: int) -> None:
    if not 1 <= halves <= SHARES_AT_MOST * WHOLE:
        raise SharesInvalid(at_most=SHARES_AT_MOST)
    if halves % WHOLE and not tontine.rules.half_shares:
        raise NoHalfShares
