"""What waits for a second person, and what was decided. Whoever proposed something never approves it themselves."""

from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

import payments
from console.finding import payment_named
from console.log import operator_names
from console.visits import NotFound, Visit, cursor, led_to
from operators import Act, Decision, Verdict

_PATH = "/console/decisions"
_LINES = 30


async def show_all(visit: Visit) -> web.Response:
    """What is open, the oldest first; or what was decided, the newest first."""
    is_past = visit.query.get("past") == "yes"
    place = cursor(visit.query.get("from", ""))
    async with visit.house.database.reading() as session:
        found = await _past(session, place) if is_past else await _open(session, place)
        names = await operator_names(session)
        waiting = [] if is_past or place else await payments.in_review(session, limit=_LINES)
        differences = [] if is_past or place else await payments.open_differences(session, _LINES)
    await visit.note(Act.SEE, "decisions")
    last = found[_LINES - 1] if len(found) > _LINES else None
    more = f"{last.proposed_at.isoformat()}|{last.id}" if last else ""
    return visit.page(
        "decisions.html",
        found=found[:_LINES],
        names=names,
        is_past=is_past,
        more=more,
        waiting=waiting,
        differences=differences,
    )


async def show(visit: Visit) -> web.Response:
    """One decision: what is proposed, by whom and why."""
    async with visit.house.database.reading() as session:
        decision = await _known(session, visit.id_named("id"))
        names = await operator_names(session)
        payment = await payment_named(session, decision.subject)
    await visit.note(Act.SEE, decision.subject, decision=str(decision.id))
    may_decide = decision.verdict is None and visit.may(visit.house.decisions.right_for(decision.kind))
    return visit.page(
        "decision.html", decision=decision, names=names, payment=payment, may_decide=may_decide,
        is_own=decision.proposed_by == visit.operator.id,
    )  # fmt: skip


async def approve(visit: Visit) -> web.Response:
    """Approve it, and have it done, in one transaction: where it cannot be done nothing is decided."""
    decision_id = visit.id_named("id")
    await visit.house.database.run(lambda session: visit.house.decisions.approve(session, visit.operator, decision_id))
    return led_to(f"{_PATH}/{decision_id}", done="approved")


async def reject(visit: Visit) -> web.Response:
    """Decide that it does not happen."""
    decision_id, reason = visit.id_named("id"), visit.typed("reason")
    await visit.house.database.run(
        lambda session: visit.house.decisions.reject(session, visit.operator, decision_id, reason)
    )
    return led_to(f"{_PATH}/{decision_id}", done="rejected")


async def _open(session: AsyncSession, after: tuple[datetime, UUID] | None) -> list[Decision]:
    waiting = select(Decision).where(Decision.verdict.is_(None)).order_by(Decision.proposed_at, Decision.id)
    if after is not None:
        at, id_ = after
        waiting = waiting.where(or_(Decision.proposed_at > at, and_(Decision.proposed_at == at, Decision.id > id_)))
    return list(await session.scalars(waiting.limit(_LINES + 1)))


async def _past(session: AsyncSession, before: tuple[datetime, UUID] | None) -> list[Decision]:
    decided = select(Decision).where(Decision.verdict.in_(list(Verdict)))
    if before is not None:
        at, id_ = before
        decided = decided.where(or_(Decision.proposed_at < at, and_(Decision.proposed_at == at, Decision.id < id_)))
    newest = decided.order_by(Decision.proposed_at.desc(), Decision.id.desc())
    return list(await session.scalars(newest.limit(_LINES + 1)))


async def _known(session: AsyncSession, decision_id: UUID) -> Decision:
    decision = await session.get(Decision, decision_id)
    if decision is None:
        raise NotFound
    return decision
