"""A conversation's memory: one row for each person in each chat, locked while a message is answered.

The answers given so far are kept by key, so that any process, and a new release in mid-dialogue, can go on.
"""

import base64
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Json, Model, UtcDateTime, insert_once
from core.ids import new_id

# A dialogue left alone for longer is not taken up again by itself: nobody remembers what they were asked.
PAUSED_FOR_AT_MOST = timedelta(minutes=15)
_PAUSED_AT_MOST = 3
_PROOF = "proof"


@dataclass
class Run:
    """One going-through of a flow: what was answered, what was fixed, and the question that waits.

    `answers` and `facts` are pairs in the order they came; a fact remembers how many answers stood before it, so
    that going back over those answers forgets it. `hints` are answers somebody gave ahead, not yet looked at.
    `was_resumed` says that its question was asked again after a detour, and not answered since.
    """

    flow: str
    id: str = field(default_factory=lambda: str(new_id()))
    step: int = 0
    answers: list[tuple[str, Any]] = field(default_factory=list)
    facts: list[tuple[str, Any, int]] = field(default_factory=list)
    hints: dict[str, str] = field(default_factory=dict)
    prompt: dict[str, Any] | None = None
    touched_at: str = field(default_factory=lambda: clock.now().isoformat())
    was_resumed: bool = False

    @property
    def uuid(self) -> UUID:
        return UUID(self.id)

    @property
    def token(self) -> str:
        """What stands in this run's buttons: the random end of its id, which nobody can guess."""
        return base64.urlsafe_b64encode(self.uuid.bytes[6:]).decode().rstrip("=")

    def answer_to(self, key: str) -> Any:
        """The saved answer, or None: no saved answer is None."""
        return next((value for name, value in self.answers if name == key), None)

    def go_back(self) -> None:
        """Forget the last answer, the facts that rested on it, and the hints, which would answer it again.

        A proof is no answer to go back to: it goes together with what it was given for.
        """
        while self.answers and _is_proof(self.answers.pop()[1]):
            continue
        self.hints = {}
        self.facts = [fact for fact in self.facts if fact[2] <= len(self.answers)]

    @property
    def has_answers(self) -> bool:
        """Whether there is an answer to go back to."""
        return any(not _is_proof(value) for _, value in self.answers)

    def is_fresh(self) -> bool:
        """Whether somebody may still remember being asked."""
        return clock.now() - datetime.fromisoformat(self.touched_at) <= PAUSED_FOR_AT_MOST


def proof_answer(proof_id: UUID) -> dict[str, str]:
    """How a proof stands among the answers of a run."""
    return {_PROOF: str(proof_id)}


def proof_in(value: Any) -> UUID | None:
    """The proof that an answer is; None for any other answer."""
    return UUID(value[_PROOF]) if _is_proof(value) else None


def _is_proof(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {_PROOF}


class Conversation(Model):
    """Who talks where, the run that is open, those that wait behind it, and the last one that ended."""

    __tablename__ = "conversation"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"))
    runs: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    last_token: Mapped[str | None] = mapped_column(String(24))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def open_runs(self) -> list[Run]:
        """The open runs, the current one last; those forgotten for too long are left out, the current one never."""
        runs = [Run(**data) for data in self.runs]
        return [run for run in runs[:-1] if run.is_fresh()] + runs[-1:]

    def keep(self, runs: list[Run]) -> None:
        """Write the open runs back."""
        self.runs = [asdict(run) for run in runs[-_PAUSED_AT_MOST:]]
        self.updated_at = clock.now()


async def lock(session: AsyncSession, channel: str, chat: str, person: str, member_id: UUID) -> Conversation:
    """The conversation of this person in this chat, theirs alone until the transaction ends.

    Where somebody else is met behind the same address, nothing of what the former one was asked is left.
    """
    await insert_once(
        session, Conversation, channel=channel, chat=chat, person=person, member_id=member_id, runs=[],
        updated_at=clock.now(),
    )  # fmt: skip
    key = (channel, chat, person)
    memory = await session.get_one(Conversation, key, with_for_update=True, populate_existing=True)
    if memory.member_id != member_id:
        memory.member_id, memory.runs, memory.last_token = member_id, [], None
    return memory


async def follow(session: AsyncSession, given_up: UUID, kept: UUID) -> None:
    """The two turned out to be one person: what either of them is being asked stays open."""
    theirs = update(Conversation).where(Conversation.member_id == given_up)
    # Past the rows that are held already: a refusal rolls this back, and would leave the open one unread in mid-turn.
    await session.execute(theirs.values(member_id=kept), execution_options={"synchronize_session": False})


async def waits_for_a_secret(session: AsyncSession, channel: str, chat: str, person: str) -> bool:
    """Whether the question open there is one whose answer must not be kept as it was typed.

    Asked when something has failed, which may be what stands in the memory itself.
    """
    memory = await session.get(Conversation, (channel, chat, person))
    prompt = memory.runs[-1].get("prompt") if memory is not None and memory.runs else None
    return bool(prompt and prompt.get("is_secret"))


async def give_up(session: AsyncSession, channel: str, chat: str, person: str) -> None:
    """Forget what is open there: answers that made our code raise once would do so at each message."""
    here = update(Conversation).where(
        Conversation.channel == channel, Conversation.chat == chat, Conversation.person == person
    )
    await session.execute(here.values(runs=[]))
