"""What a tontine tells the rest of the house: ids only, in the transaction of the change itself. It speaks to nobody.

Each payload has `tontine`, and beside it the ids of what the event's name speaks of.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.events import publish

EVENTS = (
    "tontine.created", "tontine.member_asked", "tontine.member_approved", "tontine.member_refused",
    "tontine.member_joined", "tontine.rules_changed", "tontine.chat_moved", "tontine.closed",
    "officer.appointed", "organiser.changed",
    "charter.accepted", "draw.committed", "draw.words_added", "draw.revealed",
    "cycle.started", "cycle.ended",
    "round.opened", "round.full", "round.reminder", "round.closed",
    "turn.decided", "turn.swap_asked", "turn.swap_refused", "turn.swapped", "turn.nears", "auction.bid",
    "need.stated", "need.withdrawn",
    "contribution.made", "contribution.waiting", "contribution.lapsed", "contribution.reversed",
    "reversal.asked", "reversal.declined",
    "cash.declared", "cash.confirmed", "cash.refused", "cash.received",
    "due.late", "fine.given", "fine.paid", "fine.waiver_asked", "fine.waived", "delay.asked", "delay.decided",
    "pot.requested", "pot.approved", "pot.declined", "pot.paid", "pot.arrears_paid",
    "member.left", "replacement.offered", "replacement.done", "replacement.refused",
    "default.declared", "default.ended", "guarantee.asked", "guarantee.accepted", "guarantee.called", "set_off.agreed",
    "caution.paid", "caution.returned", "fund.received", "grant.asked", "grant.paid", "grant.refused",
    "vote.opened", "vote.passed", "vote.rejected",
)  # fmt: skip


async def tell(session: AsyncSession, name: str, tontine_id: UUID, **ids: UUID) -> None:
    """Publish one of EVENTS."""
    await publish(session, name, {"tontine": str(tontine_id), **{of: str(each) for of, each in ids.items()}})
