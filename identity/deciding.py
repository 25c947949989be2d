"""Deciding: an operator looks at a document, and accepts or refuses. Each look and each decision is on record."""

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.events import publish
from identity.requests import (
    NOTE_AT_MOST,
    IdentityPicture,
    IdentityRequest,
    IdentityState,
    NotWaiting,
    Reason,
    lock_request,
)
from identity.safe import Safe
from members import Member, Tier, find_by_address
from operators import Act, Operator, record, require


class OwnRequest(Refusal):
    """Nobody decides about themselves."""

    key = "refusal.identity.own"


async def look_at(session: AsyncSession, safe: Safe, request: IdentityRequest, operator: Operator) -> bytes | None:
    """The picture, as JPEG; None where it is not here any more. Raises NotAllowed, and Unopenable without the key."""
    require(operator, Act.SEE_DOCUMENT)
    await record(session, operator, Act.SEE_DOCUMENT, f"identity:{request.reference}")
    picture = await session.get(IdentityPicture, request.id)
    return safe.open(picture.sealed, request.id) if picture is not None else None


async def accept(session: AsyncSession, request: IdentityRequest, operator: Operator) -> None:
    """The document is theirs: the member is identified from now on. Raises NotAllowed, OwnRequest, NotWaiting."""
    request = await _decide(session, request, operator, IdentityState.ACCEPTED)
    member = await session.get_one(Member, request.member_id)
    member.tier = Tier.IDENTIFIED
    await record(session, operator, Act.VERIFY_IDENTITY, f"identity:{request.reference}", did="accepted")
    await publish(session, "identity.accepted", {"id": str(request.id)})


async def refuse(
    session: AsyncSession, request: IdentityRequest, operator: Operator, reason: Reason, note: str = ""
) -> None:
    """Not like this: the member is told why, and may ask again. Raises NotAllowed, OwnRequest, NotWaiting."""
    request = await _decide(session, request, operator, IdentityState.REFUSED)
    request.reason, request.note = reason, note.strip()[:NOTE_AT_MOST] or None
    did = {"did": "refused", "reason": reason.value}
    await record(session, operator, Act.VERIFY_IDENTITY, f"identity:{request.reference}", **did)
    await publish(session, "identity.refused", {"id": str(request.id)})


async def _decide(
    session: AsyncSession, request: IdentityRequest, operator: Operator, state: IdentityState
) -> IdentityRequest:
    require(operator, Act.VERIFY_IDENTITY)
    request = await lock_request(session, request.id)
    if request.state is not IdentityState.WAITING:
        raise NotWaiting(reference=request.reference)
    if operator.channel and operator.external_id:
        themselves = await find_by_address(session, operator.channel, operator.external_id)
        if themselves is not None and themselves.id == request.member_id:
            raise OwnRequest
    request.state, request.decided_at, request.decided_by = state, clock.now(), operator.id
    return request
