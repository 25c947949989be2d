import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from core.db import Database
from core.ids import new_id
from members import Address, Member, addresses_of, find_by_address, register, wallet_owner
from tests.members.kit import newcomer


async def count(database: Database, table: type[Member] | type[Address]) -> int | None:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table))


async def test_a_newcomer_is_unidentified_and_in_the_houses_zone(database: Database):
    member = await newcomer(database, "100", "Awa", "en")
    assert (member.name, member.language, member.tier) == ("Awa", "en", "unidentified")
    assert member.time_zone == "Africa/Ouagadougou"
    assert member.frozen_at is None


async def test_who_comes_again_is_the_same_member_under_the_name_they_have_now(database: Database):
    first = await newcomer(database, "100", "Awa", "en")
    again = await newcomer(database, "100", "Awa Traoré", "fr")
    assert again.id == first.id
    async with database.reading() as session:
        found = await find_by_address(session, "telegram", "100")
    assert found is not None
    assert (found.name, found.language) == ("Awa Traoré", "en")
    assert await count(database, Member) == 1


async def test_the_same_id_on_another_channel_is_somebody_else(database: Database, awa: Member):
    other = await database.run(lambda session: register(session, "whatsapp", "100", "Awa", "fr"))
    assert other.id != awa.id
    async with database.reading() as session:
        assert await find_by_address(session, "ussd", "100") is None


async def test_two_first_messages_at_once_make_one_member(database: Database, database_url: str):
    elsewhere = Database(database_url)
    firsts = [newcomer(house, "100", "Awa") for house in (database, elsewhere) for _ in range(5)]
    members = await asyncio.gather(*firsts)
    await elsewhere.close()
    assert len({member.id for member in members}) == 1
    assert await count(database, Member) == 1
    assert await count(database, Address) == 1


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_who_registers_second_waits_and_finds_the_first(database: Database, until_somebody_waits: Callable):
    async with database.transaction() as session:
        first = await register(session, "telegram", "100", "Awa", "fr")
        second = asyncio.create_task(newcomer(database, "100", "Awa"))
        await until_somebody_waits()
    assert (await second).id == first.id
    assert await count(database, Member) == 1


async def test_a_name_longer_than_we_keep_is_cut(database: Database):
    # Telegram's longest: two names of 64 letters and the space between them.
    longest = f"{'é' * 64} {'É' * 64}"
    assert (await newcomer(database, "100", longest)).name == longest[:128]
    assert (await newcomer(database, "100", longest)).name == longest[:128]
    assert (await newcomer(database, "100", "Awa")).name == "Awa"
    assert (await newcomer(database, "100", longest)).name == longest[:128]


async def test_a_member_is_reached_everywhere_they_wrote_from_the_oldest_first(
    database: Database, awa: Member, issa: Member
):
    async with database.transaction() as session:
        session.add(Address(channel="whatsapp", external_id="abc", member_id=awa.id, created_at=issa.created_at))
    async with database.reading() as session:
        everywhere = await addresses_of(session, awa.id)
        assert [(one.channel, one.external_id) for one in everywhere] == [("telegram", "100"), ("whatsapp", "abc")]
        assert await addresses_of(session, new_id()) == []


async def test_a_wallet_has_its_members_id_in_its_name(awa: Member):
    assert wallet_owner(awa.id) == f"member:{awa.id}"
