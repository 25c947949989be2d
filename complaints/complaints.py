"""Complaints: what a member says is wrong, until when they are answered, and how it stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from complaints.deadlines import deadlines
from complaints.reminding import plan_reminders
from core import clock
from core.db import Id, Model, UtcDateTime, insert_once, word
from core.errors import Refusal
from core.events import publish
from core.ids import new_id, new_reference
from members import Member

WORDS_AT_LEAST, WORDS_AT_MOST = 5, 1_000


class Category(StrEnum):
    """What is wrong."""

    NOT_CREDITED = "not_credited"
    """Paid, and the money is not in the wallet."""
    NOT_RECEIVED = "not_received"
    """Withdrawn, and the money is not on the telephone."""
    WRONG_AMOUNT = "wrong_amount"
    WRONG_PERSON = "wrong_person"
    NOT_ME = "not_me"
    OTHER = "other"


class ComplaintState(StrEnum):
    OPEN = "open"
    """We owe a word."""
    ANSWERED = "answered"
    """The member has one, and may answer."""
    CLOSED = "closed"


class Outcome(StrEnum):
    """How it ended."""

    BY_ITSELF = "by_itself"
    """What was looked up settled it."""
    EXPLAINED = "explained"
    COMPENSATED = "compensated"
    WITHDRAWN = "withdrawn"
    """The member says that it is settled."""


class Author(StrEnum):
    MEMBER = "member"
    OPERATOR = "operator"


class ComplaintClosed(Refusal):
    """Params: `reference`."""

    key = "refusal.complaint.closed"


class WordsMissing(Refusal):
    """Params: `at_least`, `at_most` (characters)."""

    key = "refusal.complaint.words"


@dataclass(frozen=True, slots=True)
class Subject:
    """The transaction that a complaint is about: `kind` and `id` are payments' own words, opaque here."""

    kind: str
    id: UUID
    reference: str


_STILL_OPEN = text("state <> 'closed'")


class Complaint(Model):
    """One complaint. `key` is the run of the dialogue that made it; about one transaction there is one at a time."""

    __tablename__ = "complaint"
    __table_args__ = (
        Index(
            "uq_complaint_open", "member_id", "about_id", unique=True, sqlite_where=_STILL_OPEN,
            postgresql_where=_STILL_OPEN,
        ),
        Index("ix_complaint_member_id_opened_at", "member_id", "opened_at"),
        Index("ix_complaint_about_id", "about_id"),
        Index("ix_complaint_state_end_by", "state", "end_by"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"))
    category: Mapped[Category] = mapped_column(word(Category))
    state: Mapped[ComplaintState] = mapped_column(word(ComplaintState))
    outcome: Mapped[Outcome | None] = mapped_column(word(Outcome))
    about_kind: Mapped[str | None] = mapped_column(String(16))
    about_id: Mapped[UUID | None] = mapped_column(Id)
    about_reference: Mapped[str | None] = mapped_column(String(20))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime] = mapped_column(UtcDateTime)
    end_by: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the first answer was given."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def due_by(self) -> datetime:
        """The deadline that comes next: the first answer's until it is given, then the end's."""
        return self.answer_by if self.answered_at is None else self.end_by

    @property
    def is_late(self) -> bool:
        """Whether it is not over and that deadline has passed."""
        return self.state is not ComplaintState.CLOSED and self.due_by < clock.now()


class ComplaintNote(Model):
    """What somebody said in a complaint."""

    __tablename__ = "complaint_note"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    complaint_id: Mapped[UUID] = mapped_column(Id, ForeignKey("complaint.id"), index=True)
    author: Mapped[Author] = mapped_column(word(Author))
    operator_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("operator.id"))
    words: Mapped[str] = mapped_column(String(WORDS_AT_MOST))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


async def complain(
    session: AsyncSession, member: Member, category: Category, words: str, *, key: str, country: str,
    subject: Subject | None = None,
) -> Complaint:  # fmt: skip
    """Open a complaint, with its deadlines by the holidays of `country`; publishes `complaint.opened`.

    Where one about the same transaction is open, the words are added to it. The same key again gives the first one.
    Raises WordsMissing.
    """
    known = await session.scalar(select(Complaint).where(Complaint.key == key))
    if known is not None:
        return known
    checked_words(words)
    now, complaint_id = clock.now(), new_id()
    due = deadlines(now, country)
    is_ours = await insert_once(
        session, Complaint, id=complaint_id, key=key, reference=new_reference("K"), member_id=member.id,
        category=category, state=ComplaintState.OPEN, about_kind=subject.kind if subject else None,
        about_id=subject.id if subject else None, about_reference=subject.reference if subject else None,
        opened_at=now, answer_by=due.answer_by, end_by=due.end_by,
    )  # fmt: skip
    if not is_ours:
        return await _already(session, member, words, key, subject)
    complaint = await session.get_one(Complaint, complaint_id)
    await note(session, complaint, Author.MEMBER, words)
    await plan_reminders(session, complaint.id, due, country)
    await publish(session, "complaint.opened", {"id": str(complaint.id)})
    return complaint


async def say_more(session: AsyncSession, complaint: Complaint, words: str) -> None:
    """The member adds something: we owe them a word again. Raises ComplaintClosed, WordsMissing."""
    complaint = await lock_open(session, complaint.id)
    complaint.state = ComplaintState.OPEN
    await note(session, complaint, Author.MEMBER, words)
    await publish(session, "complaint.said_more", {"id": str(complaint.id)})


async def withdraw(session: AsyncSession, complaint: Complaint) -> None:
    """The member says that it is settled. Raises ComplaintClosed."""
    close(await lock_open(session, complaint.id), Outcome.WITHDRAWN)


async def end_by_itself(session: AsyncSession, complaint: Complaint) -> bool:
    """What was looked up settles it; False where it was over already."""
    complaint = await lock(session, complaint.id)
    if complaint.state is ComplaintState.CLOSED:
        return False
    complaint.answered_at = complaint.answered_at or clock.now()
    close(complaint, Outcome.BY_ITSELF)
    return True


async def complaints_of(session: AsyncSession, member_id: UUID, limit: int = 5) -> list[Complaint]:
    """A member's complaints, the newest first."""
    theirs = select(Complaint).where(Complaint.member_id == member_id).order_by(Complaint.opened_at.desc())
    return list(await session.scalars(theirs.limit(limit)))


async def complaints_about(session: AsyncSession, about_id: UUID, limit: int = 5) -> list[Complaint]:
    """The complaints about a transaction, the newest first, those that are over too."""
    found = select(Complaint).where(Complaint.about_id == about_id).order_by(Complaint.opened_at.desc())
    return list(await session.scalars(found.limit(limit)))


async def complaint_named(session: AsyncSession, reference: str) -> Complaint | None:
    return await session.scalar(select(Complaint).where(Complaint.reference == reference.strip().upper()))


async def open_about(session: AsyncSession, about_id: UUID, member_id: UUID | None = None) -> list[Complaint]:
    """The complaints about a transaction that are not over."""
    found = select(Complaint).where(Complaint.about_id == about_id, Complaint.state != ComplaintState.CLOSED)
    return list(await session.scalars(found if member_id is None else found.where(Complaint.member_id == member_id)))


async def notes_of(session: AsyncSession, complaint_id: UUID) -> list[ComplaintNote]:
    """What was said, the oldest first."""
    said = select(ComplaintNote).where(ComplaintNote.complaint_id == complaint_id)
    return list(await session.scalars(said.order_by(ComplaintNote.at, ComplaintNote.id)))


async def note(
    session: AsyncSession, complaint: Complaint, author: Author, words: str, operator_id: UUID | None = None, *,
    note_id: UUID | None = None,
) -> None:  # fmt: skip
    """Write down what somebody says. Raises WordsMissing."""
    session.add(
        ComplaintNote(
            id=note_id or new_id(),
            complaint_id=complaint.id,
            author=author,
            operator_id=operator_id,
            words=checked_words(words),
            at=clock.now(),
        )
    )
    await session.flush()


def close(complaint: Complaint, outcome: Outcome) -> None:
    """End a complaint that is locked."""
    complaint.state, complaint.outcome, complaint.closed_at = ComplaintState.CLOSED, outcome, clock.now()


async def lock(session: AsyncSession, complaint_id: UUID) -> Complaint:
    """The complaint as it stands now, nobody else's until this transaction ends."""
    await session.flush()
    return await session.get_one(Complaint, complaint_id, with_for_update=True, populate_existing=True)


async def lock_open(session: AsyncSession, complaint_id: UUID) -> Complaint:
    """The same; raises ComplaintClosed where it is over."""
    complaint = await lock(session, complaint_id)
    refuse_closed(complaint)
    return complaint


def refuse_closed(complaint: Complaint) -> None:
    """Raises ComplaintClosed where it is over."""
    if complaint.state is ComplaintState.CLOSED:
        raise ComplaintClosed(reference=complaint.reference)


def checked_words(words: str) -> str:
    """The words without what nobody can read; raises WordsMissing."""
    kept = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in words).strip()
    if not WORDS_AT_LEAST <= len(kept) <= WORDS_AT_MOST:
        raise WordsMissing(at_least=WORDS_AT_LEAST, at_most=WORDS_AT_MOST)
    return kept


async def follow(session: AsyncSession, given_up: UUID, kept: UUID) -> None:
    """The two turned out to be one person: the complaints of either are theirs.

    Where both had complained of the same transaction, such as money that one had sent to the other, one goes on.
    """
    open_there = select(Complaint.about_id).where(Complaint.member_id == kept, _STILL_OPEN)
    twice = update(Complaint).where(Complaint.member_id == given_up, _STILL_OPEN, Complaint.about_id.in_(open_there))
    over = {"state": ComplaintState.CLOSED, "outcome": Outcome.WITHDRAWN, "closed_at": clock.now()}
    await session.execute(twice.values(over), execution_options={"synchronize_session": False})
    await session.execute(update(Complaint).where(Complaint.member_id == given_up).values(member_id=kept))


async def _already(
    session: AsyncSession, member: Member, words: str, key: str, subject: Subject | None
) -> Complaint:  # fmt: skip
    """The complaint that this one would be a second of."""
    known = await session.scalar(select(Complaint).where(Complaint.key == key))
    if known is None and subject is not None:
        known = (await open_about(session, subject.id, member.id))[0]
        await say_more(session, known, words)
    if known is None:
        raise AssertionError("neither its key nor its subject is taken")
    return known
