"""Shortcuts: a button that starts a flow with some answers already given, for one member, such as « Réessayer »."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bot.dialogue import GO
from core import clock
from core.db import Id, Json, Model, UtcDateTime


class Shortcut(Model):
    """Answers given ahead, behind an opaque token: a button never carries an amount or a number itself."""

    __tablename__ = "shortcut"

    token: Mapped[str] = mapped_column(String(24), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"))
    hints: Mapped[dict[str, str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def shortcut(session: AsyncSession, member_id: UUID, flow: str, hints: dict[str, str]) -> str:
    """The data of a button that starts `flow` with `hints`, for this member alone."""
    token = secrets.token_urlsafe(12)
    session.add(Shortcut(token=token, member_id=member_id, hints=hints, created_at=clock.now()))
    await session.flush()
    return f"{GO}:{flow}:{token}"


async def hints_of(session: AsyncSession, token: str, member_id: UUID) -> dict[str, str]:
    """The answers behind a shortcut; none for somebody else, who simply starts from the first question."""
    found = await session.get(Shortcut, token)
    return found.hints if found is not None and found.member_id == member_id else {}


async def follow(session: AsyncSession, given_up: UUID, kept: UUID) -> None:
    """The two turned out to be one person: the buttons of either are theirs."""
    await session.execute(update(Shortcut).where(Shortcut.member_id == given_up).values(member_id=kept))
