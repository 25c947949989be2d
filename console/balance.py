"""The house's own accounts: what stands with GetMiPay by our books, what is ours, and what a person has to sort out."""

from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from console.people import owners_of
from console.visits import NotFound, Visit
from core.money import Money
from ledger import AccountKind
from ledger.tables import ACCOUNT
from operators import Act
from payments import HOUSE, last_balance

_LINES = 30


@dataclass(frozen=True, slots=True)
class HouseAccount:
    kind: AccountKind
    currency: str
    balance: Money


async def show(visit: Visit) -> web.Response:
    """What stands on each account, and what the members' part of it is."""
    async with visit.house.database.reading() as session:
        accounts, said = await _accounts(session), await last_balance(session)
    await visit.note(Act.SEE, "balance")
    return visit.page("balance.html", accounts=accounts, members=_members_part(accounts), said=said)


async def show_account(visit: Visit) -> web.Response:
    """The transfers on one of the house's accounts, newest first: of suspense each says what it came for."""
    try:
        kind = AccountKind(visit.named("kind"))
    except ValueError:
        raise NotFound from None
    before = visit.number("before")
    async with visit.house.database.reading() as session:
        account = await ledger.account(session, HOUSE, kind)
        if account is None:
            raise NotFound
        entries = await ledger.statement(session, account.id, before=before, limit=_LINES + 1)
        owners = await owners_of(session, {entry.counterparty for entry in entries})
    await visit.note(Act.SEE, f"house:{kind.value}")
    more = entries[_LINES - 1].seq if len(entries) > _LINES else None
    return visit.page("house_account.html", kind=kind, entries=entries[:_LINES], owners=owners, more=more)


async def _accounts(session: AsyncSession) -> list[HouseAccount]:
    rows = await session.execute(
        select(ACCOUNT.c.id, ACCOUNT.c.kind, ACCOUNT.c.currency).where(ACCOUNT.c.owner == HOUSE)
    )
    found = [
        HouseAccount(AccountKind(row.kind), row.currency, (await ledger.balance(session, row.id)).posted)
        for row in rows
    ]
    order = list(AccountKind)
    return sorted(found, key=lambda each: (each.currency, order.index(each.kind)))


def _members_part(accounts: list[HouseAccount]) -> list[Money]:
    """What of our merchant balance is the members': all but our fees and what stands in suspense. Since debits and
    credits are equal, no wallet has to be read for it."""
    parts: dict[str, Money] = {}
    for each in accounts:
        part = parts.get(each.currency, Money(0, each.currency))
        parts[each.currency] = part + each.balance if each.kind is AccountKind.PROVIDER else part - each.balance
    return list(parts.values())
