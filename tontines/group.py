"""Finding and locking: a tontine, its members, and who they are in it.

Lock order: tontine, round, due, accounts, each by id. Whoever changes anything of a tontine locks the tontine first, so
that its rules are checked against what is, and everything read after that lock is read anew.
"""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Model
from core.errors import Refusal
from tontines.group_tables import Membership, Tontine
from tontines.states import MembershipState

T = TypeVar("T", bound=Model)


class NotAMember(Refusal):
    key = "refusal.tontine.not_a_member"


class NotActive(Refusal):
    """They asked, and are not yet approved or have not accepted the charter."""

    key = "refusal.tontine.not_active"


async def lock_tontine(session: AsyncSession, tontine_id: UUID) -> Tontine:
    """The tontine as it stands now, nobody else's until this transaction ends."""
    await session.flush()
    return await session.get_one(Tontine, tontine_id, with_for_update=True, populate_existing=True)


async def fresh(session: AsyncSession, question: Select[T]) -> list[T]:
    """The rows as they are in the database now, whatever this session read before it had the lock."""
    return list(await session.scalars(question, execution_options={"populate_existing": True}))


async def fresh_one(session: AsyncSession, model: type[T], row_id: UUID) -> T:
    """One row as it is in the database now."""
    return await session.get_one(model, row_id, populate_existing=True)


async def find_membership(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> Membership | None:
    """What a person is in this tontine, also when they have left it."""
    mine = select(Membership).where(Membership.tontine_id == tontine_id, Membership.member_id == member_id)
    found = await fresh(session, mine)
    return found[0] if found else None


async def active_membership(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> Membership:
    """The same; raises NotAMember or NotActive unless they take part now."""
    found = await find_membership(session, tontine_id, member_id)
    if found is None or found.state in {MembershipState.LEFT, MembershipState.REFUSED}:
        raise NotAMember
    if found.state is not MembershipState.ACTIVE:
        raise NotActive
    return found


async def memberships_of(session: AsyncSession, tontine_id: UUID, *states: MembershipState) -> list[Membership]:
    """The tontine's members in the order in which they asked; those in `states`, the active ones if none is given."""
    wanted = states or (MembershipState.ACTIVE,)
    mine = select(Membership).where(Membership.tontine_id == tontine_id, Membership.state.in_(wanted))
    return await fresh(session, mine.order_by(Membership.created_at, Membership.id))


async def tontines_of(session: AsyncSession, member_id: UUID) -> Sequence[Tontine]:
    """Every tontine that a person takes part in or has asked to, oldest first."""
    gone = (MembershipState.LEFT, MembershipState.REFUSED)
    mine = select(Tontine).join(Membership).where(Membership.member_id == member_id, Membership.state.not_in(gone))
    return list(await session.scalars(mine.order_by(Tontine.created_at, Tontine.id)))


async def tontines_in(session: AsyncSession, channel: str, chat: str) -> Sequence[Tontine]:
    """Every tontine that lives in this chat, oldest first: there may be several, of equal names."""
    here = select(Tontine).where(Tontine.channel == channel, Tontine.chat == chat)
    return list(await session.scalars(here.order_by(Tontine.created_at, Tontine.id)))
