"""Members who complain, and operators who answer."""

from typing import Any

import ledger
from complaints import Category, Complaint, Subject, complain
from core import clock
from core.db import Database
from core.ids import new_id
from ledger import AccountKind
from members import Member, wallet_owner
from operators import Operator, Role, add_operator

WORDS = "J'ai payé et rien n'est arrivé"


async def somebody(database: Database, tier: str = "unidentified") -> Member:
    member = Member(id=new_id(), name="Awa", language="fr", time_zone="UTC", tier=tier, created_at=clock.now())
    async with database.transaction() as session:
        session.add(member)
    return member


async def operator(database: Database, name: str, role: Role = Role.FINANCE) -> Operator:
    return await database.run(lambda session: add_operator(session, name, role))


async def complained(database: Database, member: Member, *, key: str = "run", **more: Any) -> Complaint:
    """A complaint about a deposit of theirs."""
    facts = {"subject": Subject("deposit", new_id(), "D-7KQ2-MX4P-9T3W"), "words": WORDS, "country": "BF", **more}
    return await database.run(
        lambda session: complain(session, member, Category.NOT_CREDITED, key=key, **facts)  # type: ignore[arg-type]
    )


async def as_it_stands(database: Database, complaint: Complaint) -> Complaint:
    async with database.reading() as session:
        return await session.get_one(Complaint, complaint.id)


async def stands(database: Database, member: Member, kind: AccountKind = AccountKind.WALLET) -> int:
    async with database.reading() as session:
        account = await ledger.account(session, wallet_owner(member.id), kind)
        return (await ledger.balance(session, account.id)).posted.amount if account else 0
