"""What a ceiling has parked is released by two people, as far as the ceiling lets it."""

from datetime import timedelta

import pytest

import payments
from core import clock
from core.money import Money
from ledger import AccountKind
from members import Member
from operators import Decision, SecondOperatorNeeded
from payments import NothingToRelease
from tests.payments.counter import WHY, Counter, opened_counter
from tests.payments.kit import World


@pytest.fixture
async def counter(world: World) -> Counter:
    return await opened_counter(world)


async def over_the_ceiling(world: World) -> Member:
    """Issa, who may hold 200 000 F, has been paid 203 000 F."""
    issa = await world.member("Issa", tier="unidentified")
    await world.give(issa, 195_000)
    deposit = await world.ask_deposit(issa, 5000)
    async with world.database.transaction() as session:
        locked = await payments.lock_deposit(session, deposit.id)
        await payments.settle_deposit(session, locked, Money(8000))
    await world.work()
    return issa


async def propose(counter: Counter, member: Member) -> Decision:
    return await counter.world.database.run(
        lambda session: payments.propose_release(session, counter.decisions, counter.proposes, member.id, reason=WHY)
    )


async def parked(world: World, member: Member) -> int:
    return (await world.stands(member, AccountKind.PARKED)).posted.amount


async def test_what_fits_under_the_ceiling_again_is_released_by_two(world: World, counter: Counter) -> None:
    issa = await over_the_ceiling(world)
    with pytest.raises(NothingToRelease):
        await propose(counter, issa)
    await world.spend(issa, 2000)
    async with world.database.reading() as session:
        [waits] = await payments.parked_money(session)
    assert (waits.member_id, waits.parked, waits.releasable) == (issa.id, Money(3000), Money(2000))
    decision = await propose(counter, issa)
    with pytest.raises(SecondOperatorNeeded):
        await counter.approve(decision, counter.proposes)
    assert await parked(world, issa) == 3000
    await counter.approve(decision)
    await world.work()
    assert (await world.wallet(issa), await parked(world, issa)) == ((200_000, 0), 1000)
    assert world.events[-1] == "parked.released"
    assert await world.books_are_right()


async def test_room_that_is_gone_by_the_time_it_is_approved_releases_nothing(world: World, counter: Counter) -> None:
    issa = await over_the_ceiling(world)
    await world.spend(issa, 2000)
    decision = await propose(counter, issa)
    await world.give(issa, 2000)
    with pytest.raises(NothingToRelease):
        await counter.approve(decision)
    assert await parked(world, issa) == 3000


async def test_what_may_not_be_loaded_this_month_is_released_in_the_next(world: World, counter: Counter) -> None:
    issa = await world.member("Issa", tier="unidentified")
    deposit = await world.ask_deposit(issa, 5000)
    async with world.database.transaction() as session:
        await payments.settle_deposit(session, await payments.lock_deposit(session, deposit.id), Money(205_000))
    await world.spend(issa, 100_000)
    assert (await world.wallet(issa), await parked(world, issa)) == ((100_000, 0), 5000)
    with pytest.raises(NothingToRelease):
        await propose(counter, issa)
    with clock.ahead(timedelta(days=31)):
        await counter.approve(await propose(counter, issa))
    assert (await world.wallet(issa), await parked(world, issa)) == ((105_000, 0), 0)
