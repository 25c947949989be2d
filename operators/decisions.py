"""What takes two: one operator proposes with a reason, another one approves, and only then it happens."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.canonical import Fact
from core.db import Id, Json, Model, UtcDateTime, insert_once, word
from core.errors import Refusal
from core.events import publish
from core.ids import new_id
from operators.acts import record
from operators.people import Operator
from operators.reasons import checked_reason
from operators.rights import Act, require

PROPOSED = "decision.proposed"
_OPEN = text("verdict IS NULL")


class AlreadyProposed(Refusal):
    """Somebody has proposed something about this already, and nobody has decided. Params: `subject`."""

    key = "refusal.operator.already_proposed"


class AlreadyDecided(Refusal):
    """Somebody was faster, or there is no such decision. Params: `subject`."""

    key = "refusal.operator.already_decided"


class SecondOperatorNeeded(Refusal):
    """Whoever proposed something does not approve it. Params: `subject`."""

    key = "refusal.operator.second_needed"


class Verdict(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class Decision(Model):
    """Something proposed, and what a second person said; `verdict` is null until then.

    Of one kind there is one open decision about a subject at a time.
    """

    __tablename__ = "operator_decision"
    __table_args__ = (
        Index("uq_operator_decision_open", "kind", "subject", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_operator_decision_verdict", "verdict", "proposed_at"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(128), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(500))
    proposed_by: Mapped[UUID] = mapped_column(Id, ForeignKey("operator.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None] = mapped_column(Id, ForeignKey("operator.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verdict: Mapped[Verdict | None] = mapped_column(word(Verdict))


Apply: TypeAlias = Callable[[AsyncSession, Decision], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Kind:
    act: Act
    apply: Apply


class Decisions:
    """Every kind of decision there is: which right it takes, and what happens once it is approved."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def register(self, kind: str, act: Act, apply: Apply) -> None:
        """Let `apply` carry out approved decisions of that kind; where it raises a Refusal nothing is decided."""
        self._kinds[kind] = _Kind(act, apply)

    def right_for(self, kind: str) -> Act:
        """The right that proposing, approving and rejecting a decision of that kind takes."""
        return self._kinds[kind].act

    async def propose(
        self, session: AsyncSession, by: Operator, kind: str, subject: str, *, reason: str,
        payload: Mapping[str, Fact] | None = None,
    ) -> Decision:  # fmt: skip
        """Propose something about `subject`. Raises NotAllowed, ReasonMissing, AlreadyProposed."""
        require(by, self.right_for(kind))
        reason, decision_id = checked_reason(reason), new_id()
        is_ours = await insert_once(
            session, Decision, id=decision_id, kind=kind, subject=subject, payload=dict(payload or {}), reason=reason,
            proposed_by=by.id, proposed_at=clock.now(),
        )  # fmt: skip
        if not is_ours:
            raise AlreadyProposed(subject=subject)
        decision = await session.get_one(Decision, decision_id)
        await publish(session, PROPOSED, {"id": str(decision.id)})
        await self._record(session, by, decision, "proposed", **decision.payload)
        return decision

    async def approve(self, session: AsyncSession, by: Operator, decision_id: UUID) -> Decision:
        """Approve, and carry it out in this same transaction.

        Raises NotAllowed, AlreadyDecided, SecondOperatorNeeded, and whatever refuses to be carried out: then the
        decision stays open.
        """
        decision = await self._open(session, by, decision_id)
        if decision.proposed_by == by.id:
            raise SecondOperatorNeeded(subject=decision.subject)
        self._decide(decision, by, Verdict.APPROVED)
        await self._kinds[decision.kind].apply(session, decision)
        await self._record(session, by, decision, "approved")
        return decision

    async def reject(self, session: AsyncSession, by: Operator, decision_id: UUID, reason: str = "") -> Decision:
        """Decide that it does not happen; whoever proposed it may think again. Raises NotAllowed, AlreadyDecided."""
        decision = await self._open(session, by, decision_id)
        self._decide(decision, by, Verdict.REJECTED)
        await self._record(session, by, decision, "rejected", **({"because": checked_reason(reason)} if reason else {}))
        return decision

    async def _open(self, session: AsyncSession, by: Operator, decision_id: UUID) -> Decision:
        """The decision, locked: of two who decide at once the second finds it decided."""
        decision = await session.get(Decision, decision_id, with_for_update=True, populate_existing=True)
        if decision is None:
            raise AlreadyDecided(subject="")
        require(by, self.right_for(decision.kind))
        if decision.verdict is not None:
            raise AlreadyDecided(subject=decision.subject)
        return decision

    def _decide(self, decision: Decision, by: Operator, verdict: Verdict) -> None:
        decision.verdict, decision.decided_by, decision.decided_at = verdict, by.id, clock.now()

    async def _record(self, session: AsyncSession, by: Operator, decision: Decision, did: str, **more: Fact) -> None:
        facts: dict[str, Fact] = {**more, "did": did, "kind": decision.kind, "decision": str(decision.id)}
        if did == "proposed":
            facts["reason"] = decision.reason
        await record(session, by, self.right_for(decision.kind), decision.subject, **facts)


async def open_decisions(session: AsyncSession, kind: str | None = None) -> list[Decision]:
    """What waits for a second person, the oldest first."""
    waiting = select(Decision).where(Decision.verdict.is_(None)).order_by(Decision.proposed_at)
    return list(await session.scalars(waiting.where(Decision.kind == kind) if kind else waiting))


async def find_decision(session: AsyncSession, subject: str, kind: str | None = None) -> Decision | None:
    """The open decision about `subject`, of that kind where one is named."""
    about = select(Decision).where(Decision.subject == subject, Decision.verdict.is_(None))
    return await session.scalar((about.where(Decision.kind == kind) if kind else about).limit(1))
