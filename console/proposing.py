"""Proposing: what one operator says became of a payment, or wants released, until a second one has decided."""

from typing import Protocol
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

import complaints
import payments
from console.complaints import known_complaint
from console.visits import NotFound, Visit, led_to
from core.money import Money, parse_amount
from members import Member
from operators import Decision, Decisions, Operator
from payments import Outcome, Way


async def propose_outcome(visit: Visit) -> web.Response:
    """Say what became of a payment that waits for a person. Nothing moves before somebody else approves."""
    try:
        outcome = Outcome(visit.typed("outcome"))
    except ValueError:
        raise NotFound from None
    reference, amount = visit.named("reference"), _amount(visit)
    return _proposed(
        await visit.house.database.run(
            lambda session: payments.propose_resolution(
                session,
                visit.house.decisions,
                visit.operator,
                reference,
                outcome,
                reason=visit.typed("reason"),
                amount=amount,
            )
        )
    )


async def propose_release(visit: Visit) -> web.Response:
    """Propose to move what a ceiling has parked into the member's wallet, as far as the ceilings let it."""
    return await _about_a_wallet(visit, payments.propose_release)


async def propose_collection(visit: Visit) -> web.Response:
    """Propose to settle what a member owes from their wallet, as far as it goes."""
    return await _about_a_wallet(visit, payments.propose_collection)


async def propose_way(visit: Visit) -> web.Response:
    """Propose what becomes of a difference with GetMiPay's books, or of what stands in suspense for it."""
    try:
        way = Way(visit.typed("way"))
    except ValueError:
        raise NotFound from None

    async def propose(session: AsyncSession) -> Decision:
        member = await _credited(session, visit) if way is Way.CREDIT else None
        return await payments.propose_way(
            session, visit.house.decisions, visit.operator, visit.named("reference"), way, member=member,
            reason=visit.typed("reason"),
        )  # fmt: skip

    return _proposed(await visit.house.database.run(propose))


async def propose_compensation(visit: Visit) -> web.Response:
    """Propose to end a complaint with money of the house; what the member reads is proposed with it."""
    amount = parse_amount(visit.typed("amount"))

    async def propose(session: AsyncSession) -> Decision:
        complaint = await known_complaint(session, visit)
        return await complaints.propose_compensation(
            session, visit.house.decisions, complaint, visit.operator, amount, words=visit.written("words"),
            reason=visit.typed("reason"),
        )  # fmt: skip

    return _proposed(await visit.house.database.run(propose))


class _Propose(Protocol):
    async def __call__(
        self, session: AsyncSession, decisions: Decisions, by: Operator, member_id: UUID, *, reason: str
    ) -> Decision: ...


async def _about_a_wallet(visit: Visit, propose: _Propose) -> web.Response:
    member_id = visit.id_named("id")

    async def about(session: AsyncSession) -> Decision:
        if await session.get(Member, member_id) is None:
            raise NotFound
        return await propose(session, visit.house.decisions, visit.operator, member_id, reason=visit.typed("reason"))

    return _proposed(await visit.house.database.run(about))


async def _credited(session: AsyncSession, visit: Visit) -> Member:
    """Whom it is to be credited to: by the id that stands on their page."""
    try:
        member = await session.get(Member, UUID(visit.typed("member")))
    except ValueError:
        member = None
    if member is None:
        raise NotFound
    return member


def _amount(visit: Visit) -> Money | None:
    """What was typed; raises what `parse_amount` does."""
    typed = visit.typed("amount")
    return parse_amount(typed) if typed else None


def _proposed(decision: Decision) -> web.Response:
    return led_to(f"/console/decisions/{decision.id}", done="proposed")
