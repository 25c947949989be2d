"""Guarantors: a member answers for another, up to an amount, from the moment they accept to."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.money import Money
from tontines.cash import NotYours
from tontines.caution import all_that_is_owed
from tontines.chain import write_line
from tontines.events import tell
from tontines.group import NotAMember, active_membership, find_membership, fresh, fresh_one, lock_tontine
from tontines.group_tables import Guarantee, Membership
from tontines.states import DecisionState, TontineState


class GuaranteeStands(Refusal):
    """Somebody answers for them already, and is bound while a cycle runs or anything is owed."""

    key = "refusal.tontine.guarantee_stands"


class OwnGuarantor(Refusal):
    key = "refusal.tontine.own_guarantor"


class NoGuarantee(Refusal):
    key = "refusal.tontine.no_guarantee"


async def ask_guarantee(
    session: AsyncSession, tontine_id: UUID, member_id: UUID, guarantor_id: UUID, at_most: Money
) -> Guarantee:
    """A member asks another to answer for them up to an amount. Raises OwnGuarantor, GuaranteeStands."""
    tontine = await lock_tontine(session, tontine_id)
    membership = await active_membership(session, tontine_id, member_id)
    guarantor = await active_membership(session, tontine_id, guarantor_id)
    if membership.id == guarantor.id:
        raise OwnGuarantor
    known = await session.get(Guarantee, membership.id, populate_existing=True)
    if known is not None and known.state is DecisionState.GRANTED:
        raise GuaranteeStands
    guarantee = await session.merge(
        Guarantee(
            membership_id=membership.id, guarantor_id=guarantor.id, at_most=at_most.amount, called=0,
            state=DecisionState.ASKED, created_at=clock.now(),
        )
    )  # fmt: skip
    await session.flush()
    await tell(session, "guarantee.asked", tontine.id, member=membership.id, guarantor=guarantor.id)
    return guarantee


async def answer_guarantee(session: AsyncSession, membership_id: UUID, *, by: UUID, accept: bool) -> Guarantee:
    """The one who was asked accepts to answer for the member, or not. A second answer changes nothing.

    By accepting they agree that their wallet is asked for what is late, up to the amount. Raises NoGuarantee, NotYours.
    """
    membership = await session.get_one(Membership, membership_id)
    tontine = await lock_tontine(session, membership.tontine_id)
    guarantee = await session.get(Guarantee, membership_id, populate_existing=True)
    if guarantee is None:
        raise NoGuarantee
    if (await fresh_one(session, Membership, guarantee.guarantor_id)).member_id != by:
        raise NotYours
    if guarantee.state is not DecisionState.ASKED:
        return guarantee
    guarantee.state = DecisionState.GRANTED if accept else DecisionState.REFUSED
    await session.flush()
    if accept:
        await write_line(
            session, tontine, "guarantee.accepted", member=membership_id, guarantor=guarantee.guarantor_id,
            at_most=guarantee.at_most,
        )  # fmt: skip
        await tell(
            session, "guarantee.accepted", tontine.id, member=membership_id, guarantor=guarantee.guarantor_id
        )  # fmt: skip
    return guarantee


async def release_guarantee(session: AsyncSession, tontine_id: UUID, member_id: UUID, *, by: UUID) -> None:
    """The guarantor is bound no more, between two cycles and once nothing is owed. Raises GuaranteeStands, NotYours."""
    tontine = await lock_tontine(session, tontine_id)
    membership = await find_membership(session, tontine_id, member_id)
    if membership is None:
        raise NotAMember
    guarantee = await session.get(Guarantee, membership.id, populate_existing=True)
    if guarantee is None:
        raise NoGuarantee
    if (await fresh_one(session, Membership, guarantee.guarantor_id)).member_id != by:
        raise NotYours
    if tontine.state is TontineState.RUNNING or await all_that_is_owed(session, membership):
        raise GuaranteeStands
    await session.delete(guarantee)
    await write_line(session, tontine, "guarantee.released", member=membership.id, guarantor=guarantee.guarantor_id)


async def guaranteed_by(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> list[Guarantee]:
    """For whom a person answers, or was asked to."""
    mine = await active_membership(session, tontine_id, member_id)
    return await fresh(session, select(Guarantee).where(Guarantee.guarantor_id == mine.id))
