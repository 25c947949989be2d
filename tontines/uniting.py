"""What becomes of memberships when two members turn out to be one person."""

from uuid import UUID

from sqlalchemy import Select, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from core.errors import Refusal
from tontines.group import lock_tontine
from tontines.group_tables import Membership, Tontine
from tontines.money_tables import Contribution
from tontines.states import ContributionState


class BothInOne(Refusal):
    """Both take part in the same tontine, as two: neither can vanish from it. Params: `tontine`, its name."""

    key = "refusal.tontine.both_in_one"


class ContributionWaits(Refusal):
    """A contribution waits for its payer's wallet, and is theirs to pay."""

    key = "refusal.tontine.contribution_waits"


async def follow(session: AsyncSession, given_up: UUID, kept: UUID) -> None:
    """Make `given_up`'s memberships `kept`'s. Raises BothInOne, ContributionWaits.

    What was paid stays written as it was: the statements name memberships, and those go on.
    """
    theirs = select(Membership.tontine_id).where(Membership.member_id == given_up).order_by(Membership.tontine_id)
    for tontine_id in list(await session.scalars(theirs)):
        await lock_tontine(session, tontine_id)
    if (name := await session.scalar(_shared(given_up, kept))) is not None:
        raise BothInOne(tontine=name)
    waits = exists().where(Contribution.payer_id == given_up, Contribution.state == ContributionState.WAITING)
    if await session.scalar(select(waits)):
        raise ContributionWaits
    await session.execute(update(Membership).where(Membership.member_id == given_up).values(member_id=kept))


def _shared(one: UUID, other: UUID) -> Select[str]:
    mine, yours = aliased(Membership), aliased(Membership)
    return (
        select(Tontine.name)
        .join(mine, mine.tontine_id == Tontine.id)
        .join(yours, yours.tontine_id == Tontine.id)
        .where(mine.member_id == one, yours.member_id == other)
        .limit(1)
    )
