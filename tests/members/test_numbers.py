from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from core import clock
from core.db import Database
from members import Member, MemberPhone, phones_of, use_phone, verify_phone, wallet_owner
from tests.members.kit import owner_of

BURKINA, BENIN, FRANCE = "+22670123456", "+2290197123456", "+33612345678"


async def use(database: Database, member: Member, e164: str) -> Member:
    return await _with(database, member, use_phone, e164)


async def verify(database: Database, member: Member, e164: str) -> Member:
    return await _with(database, member, verify_phone, e164)


async def used(database: Database, member: Member, **limit: int) -> list[str]:
    async with database.reading() as session:
        return await phones_of(session, member.id, **limit)


@pytest.mark.parametrize(
    ("e164", "zone"),
    [
        (BURKINA, "Africa/Ouagadougou"),
        (BENIN, "Africa/Porto-Novo"),
        ("+2250712345678", "Africa/Abidjan"),
        # A number of another continent says nothing of where its owner's money lives.
        (FRANCE, "Africa/Ouagadougou"),
        # A calling code of the whole world has no zone at all.
        ("+80012345678", "Africa/Ouagadougou"),
    ],
)
async def test_the_first_number_tells_the_zone(database: Database, awa: Member, e164: str, zone: str):
    assert (await use(database, awa, e164)).time_zone == zone


async def test_a_later_number_does_not_move_a_member_to_another_zone(database: Database, awa: Member):
    await use(database, awa, BENIN)
    assert (await use(database, awa, BURKINA)).time_zone == "Africa/Porto-Novo"
    assert (await verify(database, awa, "+22501020304")).time_zone == "Africa/Porto-Novo"


async def test_the_numbers_used_last_come_first(database: Database, awa: Member, issa: Member):
    numbers = [f"+2267012345{last}" for last in range(5)]
    for minute, number in enumerate([*numbers, numbers[0]]):
        with clock.ahead(timedelta(minutes=minute)):
            await use(database, awa, number)
    assert await used(database, awa) == [numbers[0], numbers[4], numbers[3]]
    assert await used(database, awa, limit=10) == [numbers[0], *reversed(numbers[1:])]
    assert await used(database, issa) == []


async def test_a_number_that_was_only_used_is_nobodys(database: Database, awa: Member, issa: Member):
    await use(database, awa, BURKINA)
    await use(database, issa, BURKINA)
    assert await owner_of(database, BURKINA) is None
    assert await used(database, issa) == [BURKINA]


async def test_a_verified_number_finds_its_member(database: Database, awa: Member, issa: Member):
    await verify(database, awa, BURKINA)
    await use(database, issa, BURKINA)
    assert await owner_of(database, BURKINA) == "Awa"
    assert await owner_of(database, BENIN) is None
    await verify(database, awa, BURKINA)
    assert await owner_of(database, BURKINA) == "Awa"


async def test_a_number_used_before_becomes_theirs_when_it_is_verified(database: Database, awa: Member):
    await use(database, awa, BURKINA)
    await verify(database, awa, BURKINA)
    assert await owner_of(database, BURKINA) == "Awa"
    assert await used(database, awa) == [BURKINA]


async def test_a_recycled_number_moves_and_the_wallet_does_not(database: Database, awa: Member, issa: Member):
    await verify(database, awa, BURKINA)
    await verify(database, awa, BENIN)
    await verify(database, issa, BURKINA)
    assert await owner_of(database, BURKINA) == "Issa"
    assert await owner_of(database, BENIN) == "Awa"
    async with database.reading() as session:
        before = await session.get_one(Member, awa.id)
    assert wallet_owner(before.id) == wallet_owner(awa.id) != wallet_owner(issa.id)

    await verify(database, awa, BURKINA)
    assert await owner_of(database, BURKINA) == "Awa"


async def test_the_database_itself_lets_a_number_be_one_members_only(database: Database, awa: Member, issa: Member):
    await verify(database, awa, BURKINA)
    await use(database, issa, BURKINA)

    async def take_it_by_hand() -> None:
        async with database.transaction() as session:
            mine = await session.get_one(MemberPhone, (issa.id, BURKINA))
            mine.verified_at = clock.now()

    with pytest.raises(IntegrityError):
        await take_it_by_hand()
    assert await owner_of(database, BURKINA) == "Awa"


async def _with(database: Database, member: Member, do, e164: str) -> Member:
    async with database.transaction() as session:
        known = await session.get_one(Member, member.id)
        await do(session, known, e164)
        return known
