"""A payment's page: what it is now, and its whole story."""

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from complaints import complaints_about
from console.finding import Payment, payment_named
from console.people import names_of
from console.story import Story, kind_of, story_of
from console.visits import NotFound, Visit
from core.phones import Phone, pretty
from operators import Act, checked_reason
from payments import Send
from payments.review import review_item


async def show(visit: Visit) -> web.Response:
    """The page."""
    async with visit.house.database.reading() as session:
        payment, facts = await _look(session, visit.named("reference"))
    await visit.note(Act.SEE, payment.reference)
    return _page(visit, payment, facts, number="")


async def show_number(visit: Visit) -> web.Response:
    """The same with the whole number that pays or is paid, for a reason that is written down first."""
    reason = checked_reason(visit.typed("reason"))
    async with visit.house.database.reading() as session:
        payment, facts = await _look(session, visit.named("reference"))
    if isinstance(payment, Send):
        raise NotFound
    await visit.note(Act.SEE_NUMBER, payment.reference, reason=reason)
    return _page(visit, payment, facts, number=pretty(Phone(payment.phone)))


async def _look(session: AsyncSession, reference: str) -> tuple[Payment, dict[str, Any]]:
    payment = await payment_named(session, reference)
    if payment is None:
        raise NotFound
    people = {payment.sender_id, payment.recipient_id} if isinstance(payment, Send) else {payment.member_id}
    story: Story = await story_of(session, payment)
    item = None if isinstance(payment, Send) else await review_item(session, payment)
    complaints = await complaints_about(session, payment.id)
    return payment, {
        "names": await names_of(session, people), "story": story, "item": item, "complaints": complaints
    }  # fmt: skip


def _page(visit: Visit, payment: Payment, facts: dict[str, Any], number: str) -> web.Response:
    method = "" if isinstance(payment, Send) else visit.house.methods.name_of(payment.method)
    return visit.page("payment.html", payment=payment, kind=kind_of(payment), method=method, number=number, **facts)
