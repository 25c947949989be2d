"""Freezing a wallet: nothing leaves it until an operator has looked. Whose it is does it with one tap."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.events import publish
from members.guard import guard_of
from members.members import Member
from members.proofs import close_proofs

FROZEN = "guard.frozen"
UNFROZEN = "guard.unfrozen"


class Freezing(StrEnum):
    """Who stopped what leaves: whose wallet it is, or an operator."""

    MEMBER = "member"
    OPERATOR = "operator"


async def freeze(session: AsyncSession, member_id: UUID, why: Freezing) -> bool:
    """Let nothing leave the wallet any more, and close the links that ask for its PIN; False where it is so already."""
    member = await _locked(session, member_id)
    guard = await guard_of(session, member_id)
    await close_proofs(session, member_id)
    if member.frozen_at is not None:
        return False
    member.frozen_at, guard.frozen_why = clock.now(), why
    await session.flush()
    await publish(session, FROZEN, {"member": str(member_id), "why": why})
    return True


async def unfreeze(session: AsyncSession, member_id: UUID) -> bool:
    """An operator has looked: what leaves may leave again. False where nothing was stopped."""
    member = await _locked(session, member_id)
    guard = await guard_of(session, member_id)
    if member.frozen_at is None:
        return False
    member.frozen_at, guard.frozen_why = None, None
    await session.flush()
    await publish(session, UNFROZEN, {"member": str(member_id)})
    return True


async def _locked(session: AsyncSession, member_id: UUID) -> Member:
    await session.flush()
    found = select(Member).where(Member.id == member_id).with_for_update()
    return (await session.scalars(found, execution_options={"populate_existing": True})).one()
