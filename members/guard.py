"""A wallet's guard: the member's PIN and its tries, what left without it, and the time in which it cools off."""

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime, insert_once, word
from core.errors import Refusal
from core.events import publish
from core.money import Money
from members.members import Member
from members.safety import SAFETY

_DAY = timedelta(days=1)

PIN_CHOSEN = "guard.pin_chosen"
PIN_LOCKED = "guard.pin_locked"
PIN_RESET = "guard.pin_reset"


class Cooling(StrEnum):
    """Why a wallet cools off. After a reset nothing leaves; after the others no large amounts do."""

    PIN = "pin"
    ADDRESS = "address"
    RESET = "reset"


class PinLocked(Refusal):
    """Too many wrong tries. Params: `until` (datetime)."""

    key = "refusal.pin.locked"


class WeakPin(Refusal):
    """Not digits, too few or too many of them, or so common that it would be guessed first."""

    key = "refusal.pin.weak"


class Guard(Model):
    """What stands between a member's telephone and their wallet; there is none until it is first needed.

    `tries` were claimed since the last right PIN, `locks` is how often that led to a lock. `spent` francs left without
    the PIN in the day that began at `spent_since`, `frozen_why` is set while the wallet is
    frozen.
    """

    __tablename__ = "guard"

    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    pin_hash: Mapped[str | None] = mapped_column(String(200))
    tries: Mapped[int] = mapped_column(default=0)
    locks: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ask_above: Mapped[int | None] = mapped_column(BigInteger)
    spent: Mapped[int] = mapped_column(BigInteger, default=0)
    spent_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cooling_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cooling_why: Mapped[Cooling | None] = mapped_column(word(Cooling))
    frozen_why: Mapped[str | None] = mapped_column(String(32))

    @property
    def is_locked(self) -> bool:
        return self.locked_until is not None and self.locked_until > clock.now()

    @property
    def cools_until(self) -> datetime | None:
        """When the wallet has cooled off; None where it has."""
        until = self.cooling_since + SAFETY.cooling if self.cooling_since else None
        return until if until and until > clock.now() else None


async def guard_of(session: AsyncSession, member_id: UUID) -> Guard:
    """The member's guard, nobody else's until the transaction ends."""
    await insert_once(session, Guard, member_id=member_id, tries=0, locks=0, spent=0)
    return await session.get_one(Guard, member_id, with_for_update=True, populate_existing=True)


async def look_at_guard(session: AsyncSession, member_id: UUID) -> Guard | None:
    """The member's guard as it stands, without a lock; None where nothing ever needed one."""
    return await session.get(Guard, member_id, populate_existing=True)


async def has_pin(session: AsyncSession, member_id: UUID) -> bool:
    """Whether this member has chosen a PIN."""
    chosen = select(Guard.member_id).where(Guard.member_id == member_id, Guard.pin_hash.is_not(None))
    return await session.scalar(chosen) is not None


def refuse_weak(pin: str) -> None:
    """Raises WeakPin. What is tried first by whoever guesses: one digit, digits in order, the same two again."""
    is_long_enough = SAFETY.digits_at_least <= len(pin) <= SAFETY.digits_at_most
    if not (pin.isascii() and pin.isdecimal() and is_long_enough):
        raise WeakPin
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {9}) or pin == pin[:2] * (len(pin) // 2):
        raise WeakPin


async def claim_try(session: AsyncSession, member_id: UUID) -> str:
    """Count a try before it is made, and give the hash to compare with. Raises PinLocked.

    The last one locks at once, and only the right PIN undoes that: however many guess side by side, and whoever dies in
    between, nobody gets one more.
    """
    guard = await guard_of(session, member_id)
    if guard.is_locked:
        raise PinLocked(until=guard.locked_until)
    guard.tries += 1
    if guard.tries >= SAFETY.tries:
        guard.locked_until = clock.now() + SAFETY.locks[min(guard.locks, len(SAFETY.locks) - 1)]
        guard.tries, guard.locks = 0, guard.locks + 1
    await session.flush()
    return guard.pin_hash or ""


async def tries_left(session: AsyncSession, member_id: UUID) -> int:
    """How many more wrong PINs there may be before the lock; tells the member, once, when that was the last."""
    guard = await guard_of(session, member_id)
    if not guard.is_locked:
        return SAFETY.tries - guard.tries
    await publish(session, PIN_LOCKED, {"member": str(member_id)})
    return 0


async def forgive(session: AsyncSession, member_id: UUID) -> None:
    """The PIN was right: what was tried before counts no more."""
    guard = await guard_of(session, member_id)
    guard.tries, guard.locks, guard.locked_until = 0, 0, None
    await session.flush()


async def choose_pin(session: AsyncSession, member_id: UUID, pin_hash: str) -> None:
    """This is the member's PIN from now on; the wallet cools off. Whoever it belongs to is told."""
    guard = await guard_of(session, member_id)
    is_first = guard.pin_hash is None
    guard.pin_hash = pin_hash
    guard.tries, guard.locks, guard.locked_until = 0, 0, None
    await cool_off(session, member_id, Cooling.PIN)
    await publish(session, PIN_CHOSEN, {"member": str(member_id), "is_first": is_first})


async def reset_pin(session: AsyncSession, member_id: UUID) -> None:
    """An operator has made sure of who asks: the PIN is gone, the next need asks for a new one, and nothing leaves."""
    guard = await guard_of(session, member_id)
    guard.pin_hash, guard.tries, guard.locks, guard.locked_until = None, 0, 0, None
    await cool_off(session, member_id, Cooling.RESET)
    await publish(session, PIN_RESET, {"member": str(member_id)})


async def cool_off(session: AsyncSession, member_id: UUID, why: Cooling) -> None:
    """From now on the wallet cools off; what held everything back does so to its end."""
    guard = await guard_of(session, member_id)
    if guard.cools_until is None or guard.cooling_why is not Cooling.RESET or why is Cooling.RESET:
        guard.cooling_since, guard.cooling_why = clock.now(), why
    await session.flush()


async def asked_above(session: AsyncSession, member_id: UUID, at_most: Money) -> Money:
    """Above what the PIN is asked for: `at_most`, or less where the member wants that."""
    guard = await look_at_guard(session, member_id)
    if guard is None or guard.ask_above is None:
        return at_most
    return min(at_most, Money(guard.ask_above))


async def spend_without_pin(session: AsyncSession, member: Member, amount: Money) -> bool:
    """Whether `amount` may leave without the PIN; it then counts for this day. Many small sends are a large one."""
    at_most = await asked_above(session, member.id, SAFETY.out_without_pin)
    if amount > at_most:
        return False
    guard = await guard_of(session, member.id)
    if guard.spent_since is None or clock.now() - guard.spent_since >= _DAY:
        guard.spent, guard.spent_since = 0, clock.now()
    if guard.spent + amount.amount > at_most.amount:
        return False
    guard.spent += amount.amount
    await session.flush()
    return True


async def take_over_guard(session: AsyncSession, kept: UUID, given_up: UUID) -> None:
    """Two members turned out to be one: the PIN of whoever is kept goes on, else the other's, and the wallet cools."""
    theirs = await look_at_guard(session, given_up)
    guard = await guard_of(session, kept)
    if theirs is not None:
        guard.pin_hash = guard.pin_hash or theirs.pin_hash
        limits = [limit for limit in (guard.ask_above, theirs.ask_above) if limit is not None]
        guard.ask_above = min(limits, default=None)
        await session.delete(theirs)
    await cool_off(session, kept, Cooling.ADDRESS)
