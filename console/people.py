"""What people and accounts are called on the pages."""

from contextlib import suppress
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.tables import ACCOUNT
from members import Member


async def owners_of(session: AsyncSession, accounts: set[UUID]) -> dict[UUID, tuple[str, str]]:
    """Whose accounts these are and of what kind, as the ledger calls them; a member is called by their name."""
    found = await session.execute(
        select(ACCOUNT.c.id, ACCOUNT.c.owner, ACCOUNT.c.kind).where(ACCOUNT.c.id.in_(accounts))
    )
    rows = list(found)
    members = {}
    for row in rows:
        with suppress(ValueError):
            members[row.owner] = UUID(row.owner.removeprefix("member:"))
    named = await names_of(session, set(members.values()))
    return {row.id: (named.get(members.get(row.owner, row.id), row.owner), row.kind) for row in rows}


async def names_of(session: AsyncSession, members: set[UUID]) -> dict[UUID, str]:
    """What these members are called."""
    rows = await session.execute(select(Member.id, Member.name).where(Member.id.in_(members)))
    return {row.id: row.name for row in rows}
