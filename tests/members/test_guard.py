"""A wallet's guard: nobody gets more tries than there are, small sums add up, and what was changed cools off."""

import asyncio
import sys
from datetime import timedelta

import pytest

from core import clock
from core.db import Database
from core.money import Money
from members import Freezing, Member, Pins, freeze, has_pin, reset_pin, unfreeze
from members.guard import (
    Cooling,
    PinLocked,
    WeakPin,
    choose_pin,
    claim_try,
    cool_off,
    forgive,
    guard_of,
    refuse_weak,
    spend_without_pin,
    tries_left,
)
from members.safety import SAFETY
from members.uniting import unite
from tests.members.guesser import SECRET, guess

PIN = "2580"


async def chosen(database: Database, member: Member, pin: str = PIN) -> str:
    kept = await Pins(SECRET).hash(member.id, pin)
    await database.run(lambda session: choose_pin(session, member.id, kept))
    return kept


async def claimed(database: Database, member: Member) -> str:
    return await database.run(lambda session: claim_try(session, member.id))


async def test_a_hash_is_of_one_member_one_pin_and_one_house(awa: Member, issa: Member):
    kept = await Pins(SECRET).hash(awa.id, PIN)
    assert kept.startswith("$argon2id$")
    assert PIN not in kept
    assert kept != await Pins(SECRET).hash(awa.id, PIN)
    assert await Pins(SECRET).is_right(awa.id, PIN, kept)
    assert not await Pins(SECRET).is_right(awa.id, "2581", kept)
    assert not await Pins(SECRET).is_right(issa.id, PIN, kept)
    assert not await Pins("another house").is_right(awa.id, PIN, kept)
    assert not await Pins(SECRET).is_right(awa.id, PIN, "")


@pytest.mark.parametrize(
    "pin", ["", "258", "2580258", "0000", "1234", "4321", "9012", "1212", "252525", "25 80", "٢٥٨٠"]
)
def test_a_pin_that_is_guessed_first_is_refused(pin: str):
    with pytest.raises(WeakPin):
        refuse_weak(pin)


@pytest.mark.parametrize("pin", ["2580", "13579", "907142"])
def test_any_other_pin_will_do(pin: str):
    refuse_weak(pin)


async def test_guessing_from_many_processes_side_by_side_gets_no_more_than_three_tries(
    database: Database, database_url: str, awa: Member
):
    await chosen(database, awa)
    guesses = [f"{1300 + 7 * number}" for number in range(12)]
    others = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.members.guesser", database_url, str(awa.id), *guesses,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    here = await guess(database_url, awa.id, guesses)
    told = [await each.communicate() for each in others]
    assert here + sum(int(said) for said, _ in told) == SAFETY.tries
    with pytest.raises(PinLocked):
        await claimed(database, awa)


async def test_whoever_dies_between_claiming_and_comparing_has_had_their_try(database: Database, awa: Member):
    await chosen(database, awa)
    for _ in range(SAFETY.tries):
        await claimed(database, awa)
    with pytest.raises(PinLocked):
        await claimed(database, awa)


async def test_the_lock_grows_each_time_and_a_right_pin_ends_the_counting(database: Database, awa: Member):
    await chosen(database, awa)
    ahead = timedelta()
    for lock in (*SAFETY.locks, SAFETY.locks[-1]):
        with clock.ahead(ahead):
            for left in (2, 1, 0):
                await claimed(database, awa)
                assert await database.run(lambda session: tries_left(session, awa.id)) == left
        ahead += lock
        with clock.ahead(ahead - timedelta(seconds=5)), pytest.raises(PinLocked):
            await claimed(database, awa)
        ahead += timedelta(seconds=1)
    with clock.ahead(ahead):
        await claimed(database, awa)
        await database.run(lambda session: forgive(session, awa.id))
        for _ in range(SAFETY.tries):
            await claimed(database, awa)
        with pytest.raises(PinLocked) as locked:
            await claimed(database, awa)
        assert locked.value.params["until"] <= clock.now() + SAFETY.locks[0]


async def test_small_sums_of_a_day_add_up_also_when_they_leave_at_once(database: Database, awa: Member):
    async def spend(francs: int) -> bool:
        return await database.run(lambda session: spend_without_pin(session, awa, Money(francs)))

    assert SAFETY.out_without_pin == Money(10_000)
    assert not await spend(10_001)
    assert sorted(await asyncio.gather(*(spend(3_000) for _ in range(5)))) == [False, False, True, True, True]
    assert await spend(1_000)
    assert not await spend(1)
    with clock.ahead(timedelta(hours=25)):
        assert await spend(10_000)


async def test_who_wants_to_be_asked_always_is(database: Database, awa: Member):
    async def lower(session):
        (await guard_of(session, awa.id)).ask_above = 0

    await database.run(lower)
    assert not await database.run(lambda session: spend_without_pin(session, awa, Money(1)))


async def test_a_reset_is_not_shortened_by_choosing_another_pin(database: Database, awa: Member):
    await chosen(database, awa)
    await database.run(lambda session: reset_pin(session, awa.id))
    assert not await database.run(lambda session: has_pin(session, awa.id))
    await chosen(database, awa, "4071")
    guard = await database.run(lambda session: guard_of(session, awa.id))
    assert (guard.cooling_why, guard.cools_until is not None) == (Cooling.RESET, True)
    with clock.ahead(timedelta(hours=25)):
        assert guard.cools_until is None
        await database.run(lambda session: cool_off(session, awa.id, Cooling.ADDRESS))
        guard = await database.run(lambda session: guard_of(session, awa.id))
        assert guard.cooling_why is Cooling.ADDRESS


async def test_freezing_and_unfreezing_twice_is_doing_it_once(database: Database, awa: Member):
    assert await database.run(lambda session: freeze(session, awa.id, Freezing.MEMBER))
    assert not await database.run(lambda session: freeze(session, awa.id, Freezing.OPERATOR))
    guard = await database.run(lambda session: guard_of(session, awa.id))
    assert guard.frozen_why == Freezing.MEMBER
    assert await database.run(lambda session: unfreeze(session, awa.id))
    assert not await database.run(lambda session: unfreeze(session, awa.id))


@pytest.mark.parametrize("whose", ["kept", "given up", "both"])
async def test_the_pin_outlives_uniting_and_the_wallet_cools_off(
    database: Database, awa: Member, issa: Member, whose: str
):
    if whose != "given up":
        await chosen(database, awa)
    if whose != "kept":
        await chosen(database, issa, "4071")

    async def work(session):
        await unite(session, await session.get_one(Member, awa.id), await session.get_one(Member, issa.id))

    await database.run(work)
    guard = await database.run(lambda session: guard_of(session, awa.id))
    assert guard.cooling_why is Cooling.ADDRESS
    assert guard.pin_hash is not None
