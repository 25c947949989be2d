"""What the ledger's tests say often: accounts of a small house, and commands with the dull fields filled in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.db import Database
from core.ids import new_id
from core.money import Money
from ledger import (
    AccountKind,
    Audit,
    Balance,
    Command,
    Entry,
    PlaceHold,
    Post,
    PostHold,
    Reverse,
    Verdict,
    apply,
    audit,
    balance,
    open_account,
    statement,
)


@dataclass(frozen=True)
class Books:
    """A database and the house's three accounts; each call is a transaction of its own."""

    database: Database
    provider: UUID
    fees: UUID
    suspense: UUID

    async def open(self, owner: str, kind: AccountKind = AccountKind.WALLET, currency: str = "XOF") -> UUID:
        async with self.database.transaction() as session:
            return (await open_account(session, owner, kind, currency)).id

    async def wallet(self, amount: int = 0) -> UUID:
        """A new member's wallet with so much in it."""
        wallet = await self.open(f"member:{new_id()}")
        if amount:
            await self.apply(transfer(self.provider, wallet, amount, "deposit"))
        return wallet

    async def apply(self, *commands: Command) -> list[Verdict]:
        async with self.database.transaction() as session:
            return await (await session.connection()).run_sync(apply, commands)

    async def balance(self, account_id: UUID) -> Balance:
        async with self.database.reading() as session:
            return await balance(session, account_id)

    async def standing(self, account_id: UUID) -> tuple[int, int]:
        """What is posted and what is held, in francs."""
        found = await self.balance(account_id)
        return found.posted.amount, found.held.amount

    async def statement(self, account_id: UUID, before: int | None = None, limit: int = 10) -> list[Entry]:
        async with self.database.reading() as session:
            return await statement(session, account_id, before=before, limit=limit)

    async def audit(self) -> Audit:
        async with self.database.reading() as session:
            return await audit(session)


async def open_books(database: Database) -> Books:
    async with database.transaction() as session:
        house = [
            (await open_account(session, "house", kind)).id
            for kind in (AccountKind.PROVIDER, AccountKind.FEES, AccountKind.SUSPENSE)
        ]
    return Books(database, *house)


def transfer(debit: UUID, credit: UUID, amount: int, kind: str = "send", *, id: UUID | None = None) -> Post:  # noqa: A002
    return Post(id=id or new_id(), debit=debit, credit=credit, amount=Money(amount), kind=kind, journal=new_id())


def hold(debit: UUID, credit: UUID, amount: int, *, expires_at: datetime | None = None) -> PlaceHold:
    return PlaceHold(
        id=new_id(), debit=debit, credit=credit, amount=Money(amount), kind="payout", expires_at=expires_at
    )


def posting(of: UUID, amount: int | None = None) -> PostHold:
    return PostHold(id=new_id(), hold=of, journal=new_id(), amount=None if amount is None else Money(amount))


def reversal(of: UUID, amount: int | None = None) -> Reverse:
    return Reverse(id=new_id(), transfer=of, journal=new_id(), amount=None if amount is None else Money(amount))
