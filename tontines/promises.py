"""Banknotes that a closed round's pot has promised its beneficiaries, and that the treasurer has not handed over."""

from sqlalchemy.ext.asyncio import AsyncSession

from tontines.cycle_tables import Round
from tontines.cycles import holdings_of
from tontines.money_tables import Receipt
from tontines.paying import receipts_of, turn_of
from tontines.rotation import divided
from tontines.states import Source


async def promises_to_take_back(session: AsyncSession, round_: Round, amount: int) -> list[tuple[Receipt, int]] | None:
    """What to take of which promises so that the round's pot has promised `amount` francs less, in right parts.

    None when it is more than was promised, or when a holder has more in hand than would be their part.
    """
    receipts = await receipts_of(session, round_.id, Source.CASH)
    holdings = await holdings_of(session, (await turn_of(session, round_)).share_id)
    left = sum(each.given for each in receipts) - amount
    if left < 0:
        return None
    taken: list[tuple[Receipt, int]] = []
    for holding, part in zip(holdings, divided(left, [each.halves for each in holdings]), strict=True):
        mine = [each for each in receipts if each.holding_id == holding.id]
        less = _lessened(mine, sum(each.given for each in mine) - part)
        if less is None:
            return None
        taken += less
    return taken


def _lessened(receipts: list[Receipt], amount: int) -> list[tuple[Receipt, int]] | None:
    """Take so many francs of one holder's promises, the latest first; None when they have too much in hand."""
    taken = []
    for receipt in reversed(receipts):
        less = min(amount, receipt.given) if receipt.confirmed_at is None else 0
        if less > 0:
            taken.append((receipt, less))
            amount -= less
    return taken if amount <= 0 else None
