"""The outbox: what is to be said, in the order it was said.

A message is put here in the transaction that gives cause for it. A sender claims an *address*, never a message, so
that what was said first arrives first. Sending happens at least once: a process that dies between sending and
writing it down sends again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    Select,
    String,
    exists,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, trail
from core.db import Id, Json, Model, UtcDateTime, insert_once, ring
from core.ids import new_id

BELL = "outbox"
# Longer than one call to a channel can last, and renewed before each further message: whoever died holds it no longer.
LEASE = timedelta(seconds=20)

# What becomes of a message, each step after the one before; "failed" is the end of it.
_LADDER = ("", "sent", "delivered", "read", "failed")

_EVER = datetime.min.replace(tzinfo=UTC)

_Sequence = BigInteger().with_variant(Integer, "sqlite")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where something is said: a channel and the channel's own name for the chat."""

    channel: str
    chat: str


class OutboxAddress(Model):
    """A chat that has, or had, something to be told; `due_at` is null when nothing waits, or has to wait for them.

    `heard_at` is when somebody last wrote to us there, `nudged_at` when they were last asked to.
    """

    __tablename__ = "outbox_address"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(64), primary_key=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    quiet_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Nothing more is said there before: what comes meanwhile is merged."""
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    nudged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OutboxFile(Model):
    """A picture or document that goes with a message."""

    __tablename__ = "outbox_file"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    content: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OutboxMessage(Model):
    """One message, or one edit of a message said earlier (`edits`).

    `view` is channel-neutral data; `subject` says what it is about (`deposit:<id>`), so that a later notice finds it.
    `reference` is the payment's that gave cause for it, if one did. `receipt` is what the channel says became of it,
    where it does: sent, delivered, read or failed.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        ForeignKeyConstraint(["channel", "chat"], ["outbox_address.channel", "outbox_address.chat"]),
        Index("ix_outbox_message_queue", "channel", "chat", "state", "seq"),
        Index("ix_outbox_message_external_id", "channel", "chat", "external_id"),
    )

    seq: Mapped[int] = mapped_column(_Sequence, primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(Id, unique=True)
    channel: Mapped[str] = mapped_column(String(16))
    chat: Mapped[str] = mapped_column(String(64))
    edits: Mapped[UUID | None] = mapped_column(Id)
    subject: Mapped[str | None] = mapped_column(String(80), index=True)
    reference: Mapped[str | None] = mapped_column(String(20))
    view: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(8), default="queued")  # queued, sent, merged or failed
    external_id: Mapped[str | None] = mapped_column(String(128))
    receipt: Mapped[str | None] = mapped_column(String(9))
    error: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


async def say(
    session: AsyncSession, to: Destination, view: dict[str, Any], *, subject: str | None = None,
    edits: UUID | None = None,
) -> UUID:  # fmt: skip
    """Queue a message, or an edit of one queued before; returns its id, by which it can be edited later.

    An edit that has a subject makes the edited message about it.
    """
    await _due(session, to)
    if edits is not None and subject is not None:
        await session.execute(update(OutboxMessage).where(OutboxMessage.id == edits).values(subject=subject))
    message = OutboxMessage(
        id=new_id(), channel=to.channel, chat=to.chat, edits=edits, subject=subject, reference=trail.reference(),
        view=view, state="queued", created_at=clock.now(),
    )  # fmt: skip
    session.add(message)
    await session.flush()
    ring(session, BELL)
    return message.id


async def attach(session: AsyncSession, name: str, content: bytes) -> UUID:
    """Keep a file for a message to be queued; its id goes into the message's view."""
    file = OutboxFile(id=new_id(), name=name, content=content, created_at=clock.now())
    session.add(file)
    await session.flush()
    return file.id


async def last_about(session: AsyncSession, to: Destination, subject: str) -> OutboxMessage | None:
    """The last message of its own (not an edit) that was said there about `subject`."""
    return await session.scalar(
        select(OutboxMessage)
        .where(
            OutboxMessage.channel == to.channel,
            OutboxMessage.chat == to.chat,
            OutboxMessage.subject == subject,
            OutboxMessage.edits.is_(None),
        )
        .order_by(OutboxMessage.seq.desc())
        .limit(1)
    )


async def all_about(session: AsyncSession, subject: str) -> list[OutboxMessage]:
    """Every message of its own that was said about `subject`, wherever; in the order in which addresses are locked."""
    said = select(OutboxMessage).where(OutboxMessage.subject == subject, OutboxMessage.edits.is_(None))
    return list(await session.scalars(said.order_by(OutboxMessage.channel, OutboxMessage.chat, OutboxMessage.seq)))


async def shown_now(session: AsyncSession, message: OutboxMessage) -> dict[str, Any]:
    """What a message says, with the edits that are still on their way."""
    edits = select(OutboxMessage.view).where(
        OutboxMessage.channel == message.channel, OutboxMessage.chat == message.chat, OutboxMessage.edits == message.id
    )
    return await session.scalar(edits.order_by(OutboxMessage.seq.desc()).limit(1)) or message.view


async def find(session: AsyncSession, to: Destination, external_id: str | None) -> UUID | None:
    """Our own id of a message, by the channel's; none for what was not sent yet and so has no such id."""
    if external_id is None:
        return None
    return await session.scalar(
        select(OutboxMessage.id)
        .where(
            OutboxMessage.channel == to.channel,
            OutboxMessage.chat == to.chat,
            OutboxMessage.external_id == external_id,
            OutboxMessage.edits.is_(None),
        )
        .limit(1)
    )


async def shown_as(session: AsyncSession, to: Destination, external_id: str) -> OutboxMessage | None:
    """The message or edit that the channel shows under this id now."""
    return await session.scalar(_sent_as(to, external_id).order_by(OutboxMessage.seq.desc()).limit(1))


async def has_said_since(session: AsyncSession, message: OutboxMessage) -> bool:
    """Whether anything was said in that chat after `message`, so that an edit of it might go unseen."""
    later = exists().where(
        OutboxMessage.channel == message.channel,
        OutboxMessage.chat == message.chat,
        OutboxMessage.edits.is_(None),
        OutboxMessage.seq > message.seq,
    )
    return bool(await session.scalar(select(later)))


async def claim_address(session: AsyncSession, channel: str) -> Destination | None:
    """Take the address that has waited longest, for as long as the lease lasts."""
    due = (
        select(OutboxAddress)
        .where(OutboxAddress.channel == channel, OutboxAddress.due_at <= clock.now())
        .order_by(OutboxAddress.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    address = await session.scalar(due)
    if address is None:
        return None
    address.due_at = clock.now() + LEASE
    return Destination(address.channel, address.chat)


async def keep_claim(session: AsyncSession, to: Destination) -> None:
    """Hold on to a claimed address while there is more to be said there."""
    here = update(OutboxAddress).where(OutboxAddress.channel == to.channel, OutboxAddress.chat == to.chat)
    await session.execute(here.values(due_at=clock.now() + LEASE))


async def queued(session: AsyncSession, to: Destination, limit: int = 20) -> list[OutboxMessage]:
    """What waits to be said there, oldest first."""
    rows = await session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.channel == to.channel, OutboxMessage.chat == to.chat, OutboxMessage.state == "queued")
        .order_by(OutboxMessage.seq)
        .limit(limit)
    )
    return list(rows)


async def external_id_of(session: AsyncSession, message_id: UUID) -> str | None:
    """The channel's own id of a message we sent."""
    return await session.scalar(select(OutboxMessage.external_id).where(OutboxMessage.id == message_id))


async def mark(
    session: AsyncSession, message_id: UUID, state: str, *, external_id: str | None = None, error: str | None = None
) -> None:
    """Write down what became of a message: sent, merged into a later edit, or failed for good."""
    values = {"state": state, "external_id": external_id, "error": error and error[:300], "sent_at": clock.now()}
    await session.execute(update(OutboxMessage).where(OutboxMessage.id == message_id).values(**values))


async def mark_merged(session: AsyncSession, message_ids: set[UUID]) -> None:
    """A later edit of the same message says it all: these need not be sent."""
    await session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(message_ids)).values(state="merged"))


async def note_receipt(
    session: AsyncSession, to: Destination, external_id: str, receipt: str, error: str | None = None
) -> bool:
    """Write down what the channel says became of a message; a receipt that comes late takes nothing back.

    False when there is no such message: it may not have been written down yet that it was sent.
    """
    sent = list(await session.scalars(_sent_as(to, external_id)))
    for message in sent:
        if _LADDER.index(receipt) > _LADDER.index(message.receipt or _LADDER[0]):
            message.receipt = receipt
        if receipt == "failed":
            message.state, message.error = "failed", error and error[:300]
    return bool(sent)


async def say_later(session: AsyncSession, to: Destination, external_id: str) -> bool:
    """The channel says, after all, that a message came outside the person's window: it waits for them.

    False when there is no such message.
    """
    sent = list(await session.scalars(_sent_as(to, external_id)))
    for message in sent:
        message.state, message.external_id, message.receipt = "queued", None, None
    if sent:
        address = await _locked(session, to)
        address.heard_at, address.due_at = None, clock.now()
        ring(session, BELL)
    return bool(sent)


async def say_again(
    session: AsyncSession, to: Destination, external_id: str, *, at: datetime, since: datetime
) -> bool | None:
    """The channel took a message and then lost it, for no fault of the message: it is said again, not before `at`.

    None when there is no such message; False when it was put here before `since`, and is no news any more.
    """
    sent = list(await session.scalars(_sent_as(to, external_id)))
    if not sent or any(message.created_at < since for message in sent):
        return False if sent else None
    for message in sent:
        message.state, message.external_id, message.receipt = "queued", None, None
    address = await _locked(session, to)
    address.due_at = min(at, address.due_at or at)
    ring(session, BELL)
    return True


async def set_external_id(session: AsyncSession, message_id: UUID, external_id: str) -> None:
    """The channel's id of a message changed: it was gone and had to be said anew."""
    await session.execute(update(OutboxMessage).where(OutboxMessage.id == message_id).values(external_id=external_id))


async def move(session: AsyncSession, to: Destination, chat: str) -> None:
    """The chat has a new id: what waits, and what may yet be edited, goes there."""
    await _due(session, Destination(to.channel, chat))
    here = update(OutboxMessage).where(OutboxMessage.channel == to.channel, OutboxMessage.chat == to.chat)
    await session.execute(here.values(chat=chat))
    (await _locked(session, to)).due_at = None
    ring(session, BELL)


async def release(
    session: AsyncSession, to: Destination, *, retry_in: timedelta | None = None, quiet_until: datetime | None = None
) -> None:
    """Give a claimed address back: due again when more came in, or later when the channel asked to wait.

    Before `quiet_until` nothing more is said there.
    """
    address = await _locked(session, to)
    more = await session.scalar(_waiting_at(to))
    if retry_in is None:
        address.quiet_until = quiet_until
    if not more:
        address.due_at, address.attempts = None, 0
    elif retry_in is None:
        address.due_at, address.attempts = _not_before(quiet_until), 0
        ring(session, BELL)
    else:
        address.due_at, address.attempts = clock.now() + retry_in, address.attempts + 1


async def wait_for_them(
    session: AsyncSession, to: Destination, up_to: int, *, nudged: bool, quiet_until: datetime | None = None
) -> None:
    """Give a claimed address back until its person writes: what waits there, up to that `seq`, cannot be said before.

    What came in meanwhile is looked at once more.
    """
    address = await _locked(session, to)
    address.quiet_until = quiet_until
    if nudged:
        address.nudged_at = clock.now()
    more = await session.scalar(_waiting_at(to, after=up_to))
    address.due_at, address.attempts = (_not_before(quiet_until) if more else None), 0
    if more:
        ring(session, BELL)


async def heard(session: AsyncSession, to: Destination) -> None:
    """Somebody wrote to us there: what had to wait for that may be said now, and they are there again."""
    now = clock.now()
    if await insert_once(session, OutboxAddress, channel=to.channel, chat=to.chat, heard_at=now, attempts=0):
        return
    address = await _locked(session, to)
    address.heard_at, address.nudged_at, address.blocked_at = now, None, None
    if address.due_at is None and await session.scalar(_waiting_at(to)):
        address.due_at = _not_before(address.quiet_until)
        ring(session, BELL)


async def heard_at(session: AsyncSession, to: Destination) -> datetime | None:
    """When somebody last wrote to us there."""
    here = (OutboxAddress.channel == to.channel, OutboxAddress.chat == to.chat)
    return await session.scalar(select(OutboxAddress.heard_at).where(*here))


async def address_at(session: AsyncSession, to: Destination) -> OutboxAddress:
    """What is known of that chat."""
    return await session.get_one(OutboxAddress, (to.channel, to.chat))


async def release_all(session: AsyncSession) -> None:
    """Make every claimed address due: for the start of the only sender, which knows that nobody else holds one."""
    await session.execute(update(OutboxAddress).where(OutboxAddress.due_at.is_not(None)).values(due_at=clock.now()))


async def block(session: AsyncSession, to: Destination) -> None:
    """The person blocked us: drop what waits; what they miss is in their history when they come back."""
    address = await _locked(session, to)
    address.blocked_at, address.due_at = clock.now(), None
    waiting = update(OutboxMessage).where(
        OutboxMessage.channel == to.channel, OutboxMessage.chat == to.chat, OutboxMessage.state == "queued"
    )
    await session.execute(waiting.values(state="failed", error="blocked"))


async def waiting(session: AsyncSession) -> tuple[int, timedelta]:
    """How many messages wait for a sender, and how long the oldest has.

    What waits for its reader to write is not late, and not counted.
    """
    # Not joined, nor asked for what is not null: SQLite would read every message there is, or every address.
    due = select(OutboxAddress.channel, OutboxAddress.chat).where(OutboxAddress.due_at > _EVER)
    row = await session.execute(
        select(func.count(), func.min(OutboxMessage.created_at)).where(
            tuple_(OutboxMessage.channel, OutboxMessage.chat).in_(due), OutboxMessage.state == "queued"
        )
    )
    count, oldest = row.one()
    return count, (clock.now() - oldest) if oldest else timedelta(0)


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next address will be due. What is due by now and not sent is in other hands, or nobody's here."""
    return await session.scalar(select(func.min(OutboxAddress.due_at)).where(OutboxAddress.due_at > clock.now()))


async def _due(session: AsyncSession, to: Destination) -> None:
    """Have the address looked at, and lock its row, so that the order of messages is the order of commits."""
    now = clock.now()
    if await insert_once(session, OutboxAddress, channel=to.channel, chat=to.chat, due_at=now, attempts=0):
        return
    address = await _locked(session, to)
    address.blocked_at = None
    if address.due_at is None:
        address.due_at = _not_before(address.quiet_until)


def _not_before(quiet_until: datetime | None) -> datetime:
    """Now, or when the quiet of an address is over."""
    now = clock.now()
    return max(now, quiet_until) if quiet_until else now


async def _locked(session: AsyncSession, to: Destination) -> OutboxAddress:
    return await session.get_one(OutboxAddress, (to.channel, to.chat), with_for_update=True, populate_existing=True)


def _sent_as(to: Destination, external_id: str) -> Select[OutboxMessage]:
    return select(OutboxMessage).where(
        OutboxMessage.channel == to.channel, OutboxMessage.chat == to.chat, OutboxMessage.external_id == external_id
    )


def _waiting_at(to: Destination, after: int = 0) -> Select[tuple[bool]]:
    return select(
        exists().where(
            OutboxMessage.channel == to.channel, OutboxMessage.chat == to.chat, OutboxMessage.state == "queued",
            OutboxMessage.seq > after,
        )
    )  # fmt: skip
