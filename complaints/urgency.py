"""Urgency: the complaints that are not over, by the deadline that comes next, and how many of them are late."""

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from complaints.complaints import Complaint, ComplaintState
from core import clock

# Named one by one, so that they are found along the index of states.
_NOT_OVER = Complaint.state.in_((ComplaintState.OPEN, ComplaintState.ANSWERED))
_DUE_BY = case((Complaint.answered_at.is_(None), Complaint.answer_by), else_=Complaint.end_by)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many complaints are not over, and of how many the next deadline has passed."""

    open: int
    late: int


async def open_complaints(session: AsyncSession, limit: int = 50) -> list[Complaint]:
    """What operators have to end, the most urgent first: what is late stands before what is not."""
    found = select(Complaint).where(_NOT_OVER).order_by(_DUE_BY, Complaint.id)
    return list(await session.scalars(found.limit(limit)))


async def waiting(session: AsyncSession) -> Waiting:
    """How many there are. It reads the open ones only, however many are over."""
    late = func.count().filter(clock.now() > _DUE_BY)
    row = (await session.execute(select(func.count(), late).select_from(Complaint).where(_NOT_OVER))).one()
    return Waiting(open=row[0], late=row[1])
