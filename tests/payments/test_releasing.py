"""What a cap had set aside: released as far as the limits let it, once, and never more than there was."""

import asyncio

from sqlalchemy import update

import payments
from core.money import Money
from ledger import AccountKind
from members import Member
from tests.payments.kit import World


async def with_parked(world: World, held: int, parked: int) -> Member:
    """Somebody whose wallet is full, with money beside it, as sends leave it."""
    awa, moussa = await world.member(tier="unidentified"), await world.member("Moussa")
    await world.give(awa, held)
    await world.give(moussa, parked)
    await world.database.run(lambda session: payments.request_send(session, moussa, awa.id, Money(parked), key="s"))
    return awa


async def identified(world: World, member: Member) -> None:
    async with world.database.transaction() as session:
        await session.execute(update(Member).where(Member.id == member.id).values(tier="identified"))


async def parked_of(world: World, member: Member) -> int:
    return (await world.stands(member, AccountKind.PARKED)).posted.amount


async def release(world: World, member: Member) -> Money:
    return await world.database.run(lambda session: payments.release_parked(session, member.id))


async def test_a_higher_limit_lets_all_of_it_in(world: World) -> None:
    awa = await with_parked(world, 200_000, 50_000)
    assert await release(world, awa) == Money(0)
    await identified(world, awa)
    assert await release(world, awa) == Money(50_000)
    assert (await world.wallet(awa), await parked_of(world, awa)) == ((250_000, 0), 0)
    assert await release(world, awa) == Money(0)
    assert await world.books_are_right()


async def test_room_lets_in_as_much_as_there_is_room_for(world: World) -> None:
    awa = await with_parked(world, 200_000, 50_000)
    await world.spend(awa, 20_000)
    assert await release(world, awa) == Money(20_000)
    assert (await world.wallet(awa), await parked_of(world, awa)) == ((200_000, 0), 30_000)
    assert await world.books_are_right()


async def test_what_exceeds_the_months_limit_stays_parked_though_there_is_room(world: World) -> None:
    awa = await world.member(tier="unidentified")
    first, second = await world.open_deposit(awa, 150_000), await world.open_deposit(awa, 150_000)
    await world.pay(first)
    await world.spend(awa, 150_000)
    await world.pay(second)
    await world.spend(awa, 50_000)
    assert await release(world, awa) == Money(0)
    assert await parked_of(world, awa) == 100_000
    await identified(world, awa)
    assert await release(world, awa) == Money(100_000)


async def test_releases_at_once_never_let_in_more_than_was_there(world: World) -> None:
    awa = await with_parked(world, 200_000, 50_000)
    await identified(world, awa)
    await asyncio.gather(*(release(world, awa) for _ in range(4)), return_exceptions=True)
    assert (await world.wallet(awa), await parked_of(world, awa)) == ((250_000, 0), 0)
    assert await world.books_are_right()
