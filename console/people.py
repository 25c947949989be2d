"""What people and accounts are called on the pages."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.tables import ACCOUNT
from members import Member, member_of
from payments import Line
from tontines import tontine_of


async def owners_of(session: AsyncSession, accounts: set[UUID]) -> dict[UUID, tuple[str, str]]:
    """Whose accounts these are and of what kind, as the ledger calls them; a member is called by their name."""
    found = await session.execute(
        select(ACCOUNT.c.id, ACCOUNT.c.owner, ACCOUNT.c.kind).where(ACCOUNT.c.id.in_(accounts))
    )
    rows = list(found)
    called = await called_by_owner(session, {row.owner for row in rows})
    return {row.id: (called.get(row.owner, row.owner), row.kind) for row in rows}


async def called_by_owner(session: AsyncSession, owners: set[str]) -> dict[str, str]:
    """What members and tontines are called, by what the ledger calls them."""
    members = {owner: id_ for owner in owners if (id_ := member_of(owner)) is not None}
    named = await names_of(session, set(members.values()))
    tontines = {owner: await tontine_of(session, owner) for owner in owners - set(members)}
    called = {owner: named[id_] for owner, id_ in members.items() if id_ in named}
    return called | {owner: tontine.name for owner, tontine in tontines.items() if tontine is not None}


async def others_in(session: AsyncSession, lines: Sequence[Line]) -> dict[UUID, str]:
    """The other member or the tontine of each of these lines that has one, by the line's id."""
    members = await names_of(session, {line.counterparty_id for line in lines if line.counterparty_id})
    accounts = await called_by_owner(session, {line.owner for line in lines if line.owner})
    found = [
        (line.id, members.get(line.counterparty_id) if line.counterparty_id else accounts.get(line.owner or ""))
        for line in lines
    ]
    return {id_: name for id_, name in found if name}


async def names_of(session: AsyncSession, members: set[UUID]) -> dict[UUID, str]:
    """What these members are called."""
    rows = await session.execute(select(Member.id, Member.name).where(Member.id.in_(members)))
    return {row.id: row.name for row in rows}
