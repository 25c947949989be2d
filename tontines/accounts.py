"""The tontines' accounts in the ledger, and how one event's transfers are posted together.

`round:…`              POT   what a round has collected in wallets' money
`round:…:cash`         POT   what it has collected in banknotes, never paid out as anything else
`membership:…:advance` POT   what a member paid early
`membership:…:caution` POT   a member's security deposit
`tontine:…:fund`       POT   the solidarity fund; fines and auctions' prices go there too
`tontine:…`            CASH  the banknotes that the treasurer holds

Banknotes are kept in a unit of their own, `BANKNOTES`: to the ledger and to its triggers another currency, so that
nothing can ever turn them into a wallet's money, which GetMiPay would have to pay out without having it.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core.ids import new_id
from core.money import XOF, Money
from ledger import AccountKind
from members.wallets import member_account, over_what_is_held
from tontines.cycle_tables import Round
from tontines.group_tables import Membership, Tontine

BANKNOTES = "XBN"
"""Francs in banknotes. ISO 4217 leaves codes that begin with X and stand for no country's money to such uses."""


async def pot_account(session: AsyncSession, round_id: UUID) -> UUID:
    return await _account(session, f"round:{round_id}")


async def cash_pot_account(session: AsyncSession, round_id: UUID) -> UUID:
    return await _account(session, f"round:{round_id}:cash", currency=BANKNOTES)


async def advance_account(session: AsyncSession, membership_id: UUID) -> UUID:
    return await _account(session, f"membership:{membership_id}:advance")


async def caution_account(session: AsyncSession, membership_id: UUID) -> UUID:
    return await _account(session, f"membership:{membership_id}:caution")


async def fund_account(session: AsyncSession, tontine_id: UUID) -> UUID:
    return await _account(session, _fund(tontine_id))


async def fund_francs(session: AsyncSession, tontine_id: UUID) -> int:
    """What the solidarity fund can spare now. Looking opens no account, so it may be done where nothing is written."""
    found = await ledger.account(session, _fund(tontine_id), AccountKind.POT)
    return await francs_on(session, found.id) if found else 0


async def cash_account(session: AsyncSession, tontine_id: UUID) -> UUID:
    return await _account(session, f"tontine:{tontine_id}", AccountKind.CASH, BANKNOTES)


async def francs_on(session: AsyncSession, account_id: UUID) -> int:
    """What the account can spare now, in whole francs."""
    return (await ledger.balance(session, account_id)).available.amount


def _fund(tontine_id: UUID) -> str:
    return f"tontine:{tontine_id}:fund"


async def money_left(session: AsyncSession, tontine_id: UUID) -> Money:
    """All that the tontine keeps for its members, banknotes too: pots, advances, cautions, fund."""
    rounds = await session.scalars(select(Round.id).where(Round.tontine_id == tontine_id))
    members = await session.scalars(select(Membership.id).where(Membership.tontine_id == tontine_id))
    purses = [(f"tontine:{tontine_id}:fund", XOF)]
    for each in rounds:
        purses += [(f"round:{each}", XOF), (f"round:{each}:cash", BANKNOTES)]
    for each in members:
        purses += [(f"membership:{each}:advance", XOF), (f"membership:{each}:caution", XOF)]
    total = 0
    for owner, unit in purses:
        found = await ledger.account(session, owner, AccountKind.POT, unit)
        if found:
            total += (await ledger.balance(session, found.id)).posted.amount
    return Money(total)


async def tontine_of(session: AsyncSession, owner: str) -> Tontine | None:
    """The tontine that an account of this owner belongs to; None for any other's."""
    whose, _, rest = owner.partition(":")
    if whose not in {"round", "membership", "tontine"}:
        return None
    id_ = UUID(rest.partition(":")[0])
    if whose == "round":
        id_ = (await session.get_one(Round, id_)).tontine_id
    elif whose == "membership":
        id_ = (await session.get_one(Membership, id_)).tontine_id
    return await session.get_one(Tontine, id_)


class Journal:
    """The transfers of one event, posted together: all of them or none, in one unit (wallets' francs or banknotes)."""

    def __init__(self, journal_id: UUID | None = None, unit: str = XOF) -> None:
        self._id = journal_id or new_id()
        self._unit = unit
        self._legs: list[ledger.Post | ledger.Reverse] = []
        self._posted = 0

    def move(self, debit: UUID, credit: UUID, amount: int, kind: str) -> UUID:
        """Note a transfer of so many francs; gives its id."""
        leg = ledger.Post(
            id=new_id(), debit=debit, credit=credit, amount=Money(amount, self._unit), kind=kind,
            journal=self._id,
            leg=self._posted + len(self._legs),
        )  # fmt: skip
        self._legs.append(leg)
        return leg.id

    def reverse(self, transfer: UUID) -> None:
        """Note that a transfer is to be moved back the other way."""
        leg = self._posted + len(self._legs)
        self._legs.append(ledger.Reverse(id=new_id(), transfer=transfer, journal=self._id, leg=leg))

    async def post(self, session: AsyncSession) -> None:
        """Carry out what was noted since the last time. Raises ledger.InsufficientFunds; then none of it moved."""
        legs, self._legs = self._legs, []
        self._posted += len(legs)
        await ledger.post(session, *legs)


async def pay_wallet(session: AsyncSession, source: UUID, member_id: UUID, amount: int, kind: str) -> UUID:
    """Pay francs from an account of the tontine to a member's wallet; what exceeds what they may hold is parked.

    Gives the id of the transfer to the wallet.
    """
    journal = Journal()
    wallet = await member_account(session, member_id)
    transfer = journal.move(source, wallet, amount, kind)
    await journal.post(session)
    await park_excess(session, journal, member_id, amount)
    return transfer


async def park_excess(session: AsyncSession, journal: Journal, member_id: UUID, credited: int) -> None:
    """After so many francs were credited: what exceeds the wallet's cap waits in the member's parked account."""
    excess = min(credited, (await over_what_is_held(session, member_id)).amount)
    if excess:
        parked = await member_account(session, member_id, AccountKind.PARKED)
        journal.move(await member_account(session, member_id), parked, excess, "parked")
        await journal.post(session)


async def _account(session: AsyncSession, owner: str, kind: AccountKind = AccountKind.POT, currency: str = XOF) -> UUID:
    return (await ledger.open_account(session, owner, kind, currency)).id
