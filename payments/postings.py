"""How payments name their ledger transfers and find the accounts these stand between."""

from enum import IntEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core.money import Money
from ledger import AccountKind

HOUSE = "house"


class Leg(IntEnum):
    """Every transfer and hold that one payment can ever make; each happens at most once."""

    MAIN = 0
    FEE = 1
    PARKED = 2
    SUSPENSE = 3
    SUSPENSE_CLEARED = 4
    REVERSAL_OF_FEE = 5
    REVERSAL_FROM_PARKED = 6
    REVERSAL_FROM_WALLET = 7
    REVERSAL_AS_DEBT = 8
    REVERSAL = 9
    PAID_TWICE = 10
    HOLD = 11
    FEE_HOLD = 12
    PROVIDER_FEE = 13
    REVERSAL_OF_PROVIDER_FEE = 14
    PAID_TWICE_CLEARED = 15
    RECOVERED_FROM_WALLET = 16
    RECOVERED_AS_DEBT = 17
    BORNE = 18
    CORRECTED = 19


def leg_id(payment_id: UUID, leg: Leg) -> UUID:
    """The id of one of a payment's transfers, fixed with the payment's own id before any money moves.

    A UUIDv7 ends in 62 random bits: changing the last five names 32 neighbours that nothing else can own, and keeps
    them next to one another in the ledger's index.
    """
    return UUID(int=payment_id.int ^ (leg + 1))


async def house_account(session: AsyncSession, kind: AccountKind, currency: str) -> UUID:
    return (await ledger.open_account(session, HOUSE, kind, currency)).id


async def transfer(
    session: AsyncSession, payment_id: UUID, leg: Leg, *, debit: UUID, credit: UUID, amount: Money, kind: str
) -> None:
    """Post one leg of a payment; a leg of nothing is no leg."""
    if amount:
        await ledger.post(
            session,
            ledger.Post(
                id=leg_id(payment_id, leg),
                debit=debit,
                credit=credit,
                amount=amount,
                kind=kind,
                journal=payment_id,
                leg=leg,
            ),
        )
