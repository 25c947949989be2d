"""Invitations: somebody wanted to send money to a person who is not a member yet. The money stays with the sender."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime
from core.money import Money
from members.members import Member


class Invitation(Model):
    """A link to pass on; whoever joins by it is proposed to the sender, by name, before any money moves."""

    __tablename__ = "invitation"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    sender_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"))
    amount: Mapped[int]
    joined_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("member.id"))
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def invite(session: AsyncSession, sender: Member, amount: Money) -> Invitation:
    """Write down the wish to send `amount`; the code is unguessable, for it names a person to send money to."""
    invitation = Invitation(
        code=secrets.token_urlsafe(12), sender_id=sender.id, amount=amount.amount, created_at=clock.now()
    )
    session.add(invitation)
    await session.flush()
    return invitation


async def join(session: AsyncSession, code: str, member: Member) -> Invitation | None:
    """Let `member` answer an invitation: the first one to come, and never the sender, is the one it was for."""
    invitation = await session.get(Invitation, code, with_for_update=True)
    if invitation is None or invitation.joined_id is not None or invitation.sender_id == member.id:
        return None
    invitation.joined_id, invitation.joined_at = member.id, clock.now()
    return invitation
