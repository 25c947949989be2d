"""Retention: a document is kept only for as long as there is a reason to."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.events import subscribe
from core.jobs import Jobs, Payload, TransactionalHandler, enqueue
from identity.requests import IdentityPicture, IdentityRequest, IdentityState

FORGET = "forget_identity_picture"


def register_retention(jobs: Jobs, kept_for: timedelta) -> None:
    """Forget the picture of a refused request after `kept_for`.

    An accepted one is kept for as long as its member is one: the law on money laundering asks for it.
    """
    jobs.in_transaction(FORGET, _forget)
    subscribe(jobs, "identity.refused", forget_later(kept_for))


def forget_later(kept_for: timedelta) -> TransactionalHandler:
    async def plan(session: AsyncSession, payload: Payload) -> None:
        await enqueue(session, FORGET, payload["id"], {"id": payload["id"]}, run_at=clock.now() + kept_for)

    return plan


async def _forget(session: AsyncSession, payload: Payload) -> None:
    request = await session.get_one(IdentityRequest, UUID(payload["id"]))
    if request.state is IdentityState.REFUSED:
        await session.execute(delete(IdentityPicture).where(IdentityPicture.request_id == request.id))
