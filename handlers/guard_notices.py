"""What is told of a wallet's guard, on every conversation of its member: one of them may be in other hands."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice, places_of
from core import clock, i18n, outbox
from core.events import publish, subscribe
from core.jobs import Jobs, Payload
from core.phones import Phone, mask
from handlers.freezing import not_me, support_button
from members import FROZEN, UNFROZEN, Freezing, Member
from members.guard import PIN_CHOSEN, PIN_LOCKED, PIN_RESET, guard_of
from members.safety import SAFETY
from payments import ALERT


def register_guard(jobs: Jobs) -> None:
    """Hear of everything that becomes of a guard."""
    subscribe(jobs, PIN_CHOSEN, _pin_chosen)
    subscribe(jobs, PIN_LOCKED, _pin_locked)
    subscribe(jobs, PIN_RESET, _pin_reset)
    subscribe(jobs, FROZEN, _frozen)
    subscribe(jobs, UNFROZEN, _unfrozen)


async def tell_of_number(session: AsyncSession, member: Member, phone: Phone) -> None:
    """Money goes to a number for the first time."""
    until = clock.now() + SAFETY.cooling
    await _tell(
        session, member, "safety.new_number", phone=mask(phone), most=SAFETY.out_while_cooling,
        until=i18n.moment(member.language, until, member.time_zone),
    )  # fmt: skip


async def tell_of_address(session: AsyncSession, member: Member, here: outbox.Destination) -> None:
    """Another conversation is part of this wallet; where that was done it is known."""
    at = i18n.moment(member.language, clock.now(), member.time_zone)
    await _tell(session, member, "link.told", but=here, at=at)


async def _pin_chosen(session: AsyncSession, payload: Payload) -> None:
    """Where the first one was chosen it is known; another one may have been chosen by somebody else."""
    member = await _member(session, payload)
    places = await places_of(session, member)
    here = places[0] if payload["is_first"] and places else None
    await _tell(
        session, member, "safety.pin_chosen" if payload["is_first"] else "safety.pin_changed", but=here,
        most=SAFETY.out_while_cooling, until=await _cools_until(session, member),
    )  # fmt: skip


async def _pin_locked(session: AsyncSession, payload: Payload) -> None:
    member = await _member(session, payload)
    locked_until = (await guard_of(session, member.id)).locked_until or clock.now()
    until = i18n.moment(member.language, locked_until, member.time_zone)
    await _tell(session, member, "safety.pin_locked", until=until)


async def _pin_reset(session: AsyncSession, payload: Payload) -> None:
    member = await _member(session, payload)
    await _tell(session, member, "safety.pin_reset", until=await _cools_until(session, member))


async def _frozen(session: AsyncSession, payload: Payload) -> None:
    """An operator has to look; a member who did it themselves has read of it where they did."""
    member = await _member(session, payload)
    if payload["why"] == Freezing.MEMBER:
        await publish(session, ALERT, {"reason": "wallet_frozen", "reference": str(member.id)})
    places = await places_of(session, member)
    told = places[1:] if payload["why"] == Freezing.MEMBER else places
    key = "freeze.done" if payload["why"] == Freezing.MEMBER else "freeze.by_operator"
    for place in told:
        await outbox.say(session, place, notice(member, key, [support_button(member.language)]).dump())


async def _unfrozen(session: AsyncSession, payload: Payload) -> None:
    member = await _member(session, payload)
    for place in await places_of(session, member):
        await outbox.say(session, place, notice(member, "freeze.over").dump())


async def _tell(
    session: AsyncSession, member: Member, key: str, *, but: outbox.Destination | None = None, **params: object
) -> None:
    view = notice(member, key, [await not_me(session, member)], **params)
    for place in await places_of(session, member):
        if place != but:
            await outbox.say(session, place, view.dump())


async def _cools_until(session: AsyncSession, member: Member) -> str:
    until = (await guard_of(session, member.id)).cools_until or clock.now()
    return i18n.moment(member.language, until, member.time_zone)


async def _member(session: AsyncSession, payload: Payload) -> Member:
    """Whom it is about, as who they are by now."""
    member = await session.get_one(Member, UUID(payload["member"]))
    return await session.get_one(Member, member.united_with) if member.united_with else member
