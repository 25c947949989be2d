"""Who is met at an address: a channel's own id is theirs for good, a number only while it is in their hands."""

from datetime import timedelta

from sqlalchemy import update

from core import clock
from core.db import Database
from members import Address, Meeting, Member, addresses_of, find_by_address, meet, renumber

NUMBER, OTHER_NUMBER = "22670123456", "22670999999"


async def met(
    database: Database, external_id: str, name: str = "Awa", alias: str | None = None, *, is_number: bool = False
) -> Meeting:
    return await database.run(
        lambda session: meet(session, "whatsapp", external_id, name, "fr", alias=alias, is_number=is_number)
    )


async def after(database: Database, silence: timedelta) -> None:
    async def work(session):
        await session.execute(update(Address).values(met_at=clock.now() - silence))

    await database.run(work)


async def found(database: Database, external_id: str) -> Member | None:
    async with database.reading() as session:
        return await find_by_address(session, "whatsapp", external_id)


async def ids_of(database: Database, member: Member) -> list[tuple[str, str | None]]:
    async with database.reading() as session:
        return [(each.external_id, each.alias) for each in await addresses_of(session, member.id)]


async def test_somebody_is_the_same_person_with_their_id_their_number_or_both(database: Database):
    awa = (await met(database, "BF.1", alias=NUMBER)).member
    assert (await met(database, "BF.1")).member.id == awa.id
    assert (await met(database, NUMBER, is_number=True)).member.id == awa.id
    assert await ids_of(database, awa) == [("BF.1", NUMBER)]


async def test_who_was_known_by_number_alone_is_known_by_their_own_id_once_it_is_told(database: Database):
    awa = (await met(database, NUMBER, is_number=True)).member
    again = await met(database, "BF.1", alias=NUMBER)
    assert (again.member.id, again.address.external_id, again.address.alias) == (awa.id, "BF.1", NUMBER)
    assert await ids_of(database, awa) == [("BF.1", NUMBER)]


async def test_a_number_that_comes_with_another_id_is_another_person_who_gets_the_number_only(database: Database):
    awa = (await met(database, "BF.1", alias=NUMBER)).member
    stranger = (await met(database, "BF.2", "Paul", alias=NUMBER)).member
    assert stranger.id != awa.id
    assert await ids_of(database, awa) == [("BF.1", None)]
    assert await ids_of(database, stranger) == [("BF.2", NUMBER)]
    assert (await met(database, "BF.1")).member.id == awa.id


async def test_a_number_alone_that_was_silent_for_long_is_nobodys_wallet(database: Database):
    awa = (await met(database, NUMBER, is_number=True)).member
    await after(database, timedelta(days=120))
    stranger = await met(database, NUMBER, "Paul", is_number=True)
    assert stranger.member.id != awa.id
    assert stranger.number_was_known
    assert (await found(database, NUMBER)).id == stranger.member.id
    assert not (await met(database, NUMBER, "Paul", is_number=True)).number_was_known


async def test_an_own_id_may_be_silent_for_as_long_as_its_owner_likes(database: Database):
    awa = (await met(database, "BF.1", alias=NUMBER)).member
    await after(database, timedelta(days=1_000))
    assert (await met(database, "BF.1", alias=NUMBER)).member.id == awa.id


async def test_an_old_number_that_now_comes_with_an_id_opens_no_wallet_after_a_long_silence(database: Database):
    awa = (await met(database, NUMBER, is_number=True)).member
    await after(database, timedelta(days=120))
    someone = await met(database, "BF.2", "Paul", alias=NUMBER)
    assert someone.member.id != awa.id
    assert someone.number_was_known


async def test_whoever_changes_numbers_stays_who_they_are(database: Database):
    awa = (await met(database, "BF.1", alias=NUMBER)).member
    assert (await met(database, "BF.1", alias=OTHER_NUMBER)).member.id == awa.id
    assert await found(database, NUMBER) is None
    moved = await database.run(lambda session: renumber(session, "whatsapp", "BF.1", "BF.9", NUMBER))
    assert moved is not None
    assert (await found(database, "BF.9")).id == awa.id


async def test_a_change_of_numbers_never_makes_two_known_people_one(database: Database):
    awa = (await met(database, "BF.1", alias=NUMBER)).member
    paul = (await met(database, "BF.2", "Paul", alias=OTHER_NUMBER)).member
    assert await database.run(lambda session: renumber(session, "whatsapp", "BF.1", "BF.2", OTHER_NUMBER)) is None
    assert (await found(database, "BF.1")).id == awa.id
    assert (await found(database, "BF.2")).id == paul.id


async def test_a_new_number_beside_the_same_id_is_noted(database: Database):
    awa = (await met(database, "BF.1", alias=NUMBER)).member
    await database.run(lambda session: renumber(session, "whatsapp", "BF.1", "BF.1", OTHER_NUMBER))
    assert await ids_of(database, awa) == [("BF.1", OTHER_NUMBER)]
