"""The offices: who holds them, who may give them, and who is needed to act as one. A chat's admin is none of these."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from tontines.chain import write_line
from tontines.events import tell
from tontines.group import active_membership, fresh, lock_tontine
from tontines.group_tables import Membership, Officer, Tontine
from tontines.states import Role, TontineState

# Who decides day by day; the commissioner checks them, and decides where they may not.
DECIDING = (Role.PRESIDENT, Role.TREASURER, Role.SECRETARY)


class NotAnOfficer(Refusal):
    """Params: `roles` that may do it."""

    key = "refusal.tontine.not_an_officer"


class TwoOffices(Refusal):
    """President and treasurer are two people, unless the charter says otherwise."""

    key = "refusal.tontine.two_offices"


class SecondPersonNeeded(Refusal):
    """Whoever asked cannot also decide, nor can the person it is about."""

    key = "refusal.tontine.second_person"


class OfficeHeld(Refusal):
    """They hand their office over first. Params: `roles`."""

    key = "refusal.tontine.office_held"


class TontineClosed(Refusal):
    key = "refusal.tontine.closed"


async def officers_of(session: AsyncSession, tontine_id: UUID) -> dict[Role, UUID]:
    """Who holds each office, by membership id."""
    held = await fresh(session, select(Officer).where(Officer.tontine_id == tontine_id))
    return {officer.role: officer.membership_id for officer in held}


async def appoint(session: AsyncSession, tontine_id: UUID, role: Role, member_id: UUID, *, by: UUID) -> None:
    """Let the president give an office, their own included, to an active member. Raises NotAnOfficer, TwoOffices."""
    tontine = await lock_tontine(session, tontine_id)
    refuse_when_closed(tontine)
    await require_office(session, tontine_id, by, Role.PRESIDENT)
    await install(session, tontine, role, await active_membership(session, tontine_id, member_id))


async def install(session: AsyncSession, tontine: Tontine, role: Role, membership: Membership) -> None:
    """Put a member into an office; raises TwoOffices."""
    await refuse_two_offices(session, tontine, role, membership.id)
    held = await officers_of(session, tontine.id)
    await session.merge(Officer(tontine_id=tontine.id, role=role, membership_id=membership.id))
    await session.flush()
    await write_line(session, tontine, "officer.appointed", role=role.value, member=membership.id)
    await tell(session, "officer.appointed", tontine.id, member=membership.id)
    if role is Role.PRESIDENT and Role.PRESIDENT in held:
        await tell(session, "organiser.changed", tontine.id, member=membership.id)


async def refuse_two_offices(session: AsyncSession, tontine: Tontine, role: Role, membership_id: UUID) -> None:
    """Raises TwoOffices when the charter keeps apart what this member would then hold."""
    other = {Role.PRESIDENT: Role.TREASURER, Role.TREASURER: Role.PRESIDENT}.get(role)
    held = await officers_of(session, tontine.id)
    if other and held.get(other) == membership_id and not tontine.rules.president_may_be_treasurer:
        raise TwoOffices


async def require_office(session: AsyncSession, tontine_id: UUID, member_id: UUID, *roles: Role) -> Membership:
    """The membership of a person who holds one of `roles` (any office when none is named); raises NotAnOfficer."""
    membership = await active_membership(session, tontine_id, member_id)
    held = await officers_of(session, tontine_id)
    if not any(held.get(role) == membership.id for role in roles or Role):
        raise NotAnOfficer(roles=[role.value for role in roles or Role])
    return membership


async def require_other_officer(
    session: AsyncSession, tontine_id: UUID, member_id: UUID, *not_these: UUID | None, roles: Sequence[Role] = ()
) -> Membership:
    """An officer who is none of `not_these` (memberships); raises NotAnOfficer or SecondPersonNeeded."""
    officer = await require_office(session, tontine_id, member_id, *roles)
    if officer.id in not_these:
        raise SecondPersonNeeded
    return officer


async def refuse_while_in_office(session: AsyncSession, membership: Membership) -> None:
    """President and treasurer hand over before they leave; raises OfficeHeld."""
    held = await _offices(session, membership)
    vital = [officer.role.value for officer in held if officer.role in {Role.PRESIDENT, Role.TREASURER}]
    if vital:
        raise OfficeHeld(roles=vital)


async def vacate(session: AsyncSession, tontine: Tontine, membership: Membership) -> None:
    """Take somebody who has left out of their other offices."""
    for officer in await _offices(session, membership):
        await session.delete(officer)
        await write_line(session, tontine, "officer.left", role=officer.role.value, member=membership.id)


def refuse_when_closed(tontine: Tontine) -> None:
    """Raises TontineClosed."""
    if tontine.state is TontineState.CLOSED:
        raise TontineClosed


async def _offices(session: AsyncSession, membership: Membership) -> list[Officer]:
    return await fresh(session, select(Officer).where(Officer.membership_id == membership.id))
