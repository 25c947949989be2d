"""Reminding: operators hear of a complaint on the working day before each of its deadlines, and when one has passed."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from complaints.deadlines import Deadlines, day_before
from core.jobs import enqueue

REMIND = "remind_of_complaint"
ANSWER, END = "answer", "end"


async def plan_reminders(session: AsyncSession, complaint_id: UUID, due: Deadlines, country: str) -> None:
    """Look again before each deadline and at it."""
    for what, deadline in ((ANSWER, due.answer_by), (END, due.end_by)):
        for is_late, at in ((False, day_before(deadline, country)), (True, deadline)):
            payload = {"id": str(complaint_id), "what": what, "is_late": is_late}
            await enqueue(session, REMIND, f"{complaint_id}:{what}:{is_late}", payload, run_at=at)
