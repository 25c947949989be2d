"""Complaints: what members say is wrong, until when they have an answer, and the words that answer and end it."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

import complaints
from complaints import Complaint, ComplaintState
from console.finding import complaint_called
from console.log import operator_names, recent_acts
from console.people import names_of
from console.visits import NotFound, Visit, led_to
from core.ids import new_id
from operators import Act, Operator, find_decision

_PATH = "/console/complaints"
_LINES = 50

Reply: TypeAlias = Callable[[AsyncSession, Complaint, Operator, str, str], Awaitable[Complaint]]


async def show_all(visit: Visit) -> web.Response:
    """What is not over, by the deadline that comes next: what is late comes first."""
    async with visit.house.database.reading() as session:
        waiting = await complaints.waiting(session)
        found = await complaints.open_complaints(session, _LINES)
        names = await names_of(session, {each.member_id for each in found})
    await visit.note(Act.SEE, "complaints")
    return visit.page("complaints.html", waiting=waiting, found=found, names=names)


async def show(visit: Visit) -> web.Response:
    """One complaint: what was said, until when it is answered and ended, and what may be done."""
    async with visit.house.database.reading() as session:
        complaint = await known_complaint(session, visit)
        subject = f"complaint:{complaint.reference}"
        notes = await complaints.notes_of(session, complaint.id)
        decision = await find_decision(session, subject, complaints.COMPENSATION)
        names = await names_of(session, {complaint.member_id})
        acts, people = await recent_acts(session, subject), await operator_names(session)
    await visit.note(Act.SEE, subject)
    return visit.page(
        "complaint.html", complaint=complaint, notes=notes, decision=decision, names=names, acts=acts, people=people,
        form=new_id(),
    )  # fmt: skip


async def answer(visit: Visit) -> web.Response:
    """Say something to the member, who may answer in turn."""
    return await _said(visit, complaints.answer)


async def end(visit: Visit) -> web.Response:
    """Say the last word, without money."""
    return await _said(visit, complaints.end)


async def known_complaint(session: AsyncSession, visit: Visit) -> Complaint:
    """The complaint that the address names; raises NotFound."""
    complaint = await complaint_called(session, visit.named("reference"))
    if complaint is None:
        raise NotFound
    return complaint


async def _said(visit: Visit, reply: Reply) -> web.Response:
    async def act(session: AsyncSession) -> Complaint:
        complaint = await known_complaint(session, visit)
        return await reply(session, complaint, visit.operator, visit.written("words"), visit.typed("form"))

    complaint = await visit.house.database.run(act)
    # The other button of a form that has been used did nothing: the page says what was done, not what was tapped.
    done = "ended" if complaint.state is ComplaintState.CLOSED else "answered"
    return led_to(f"{_PATH}/{complaint.reference}", done=done)
