"""The minutes of a round, as data: who owed and paid what, who received what, what is missing, who decided."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tontines.cycle_tables import Cycle, Holding, Round
from tontines.decision_tables import Consent
from tontines.dues import dues_of_round
from tontines.group import fresh
from tontines.money_tables import Due, Fine, Pot, Receipt
from tontines.paying import PaidOut, receipts_of, turn_of


async def write_minutes(session: AsyncSession, round_: Round, paid: PaidOut) -> dict[str, Any]:
    """The minutes of a round that is about to close; ids and francs, no name and no number."""
    cycle = await session.get_one(Cycle, round_.cycle_id)
    turn = await turn_of(session, round_)
    dues = await dues_of_round(session, round_.id)
    pot = await session.get(Pot, round_.id)
    consents = await fresh(session, select(Consent).where(Consent.subject_id == round_.id))
    return {
        "cycle": cycle.number,
        "round": round_.number,
        "share": str(turn.share_id),
        "deadline": round_.deadline.isoformat(),
        "owed": sum(due.amount - due.waived for due in dues),
        "collected": sum(due.paid for due in dues),
        "missing": sum(due.outstanding for due in dues),
        "paid_out": {"wallet": paid.wallet, "cash": paid.cash, "price": paid.price},
        "received": [_received(each) for each in await receipts_of(session, round_.id)],
        "dues": [await _due(session, due) for due in dues],
        "fines": [_fine(fine) for fine in await _fines(session, dues)],
        "requested_by": str(pot.requested_by) if pot else None,
        "approved_by": sorted(str(each.membership_id) for each in consents),
    }


async def _due(session: AsyncSession, due: Due) -> dict[str, Any]:
    holding = await session.get_one(Holding, due.holding_id)
    return {
        "member": str(holding.membership_id),
        "holding": str(holding.id),
        "owed": due.amount - due.waived,
        "paid": due.paid,
    }


async def _fines(session: AsyncSession, dues: list[Due]) -> list[Fine]:
    return await fresh(session, select(Fine).where(Fine.due_id.in_([due.id for due in dues])).order_by(Fine.id))


def _received(receipt: Receipt) -> dict[str, Any]:
    return {"member": str(receipt.membership_id), "source": receipt.source.value, "amount": receipt.amount}


def _fine(fine: Fine) -> dict[str, Any]:
    return {"member": str(fine.membership_id), "amount": fine.amount, "state": fine.state.value}
