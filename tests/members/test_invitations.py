import asyncio
from collections.abc import Callable

import pytest

from core.db import Database
from core.money import Money
from members import Invitation, Member, invite, join
from tests.members.kit import newcomer


async def invited(database: Database, sender: Member, francs: int = 500) -> str:
    return (await database.run(lambda session: invite(session, sender, Money(francs)))).code


async def comes(database: Database, code: str, member: Member) -> Invitation | None:
    return await database.run(lambda session: join(session, code, member))


async def test_an_invitation_keeps_who_wanted_to_send_how_much(database: Database, awa: Member):
    code = await invited(database, awa)
    async with database.reading() as session:
        kept = await session.get_one(Invitation, code)
    assert (kept.sender_id, kept.amount, kept.joined_id, kept.joined_at) == (awa.id, 500, None, None)


async def test_a_code_cannot_be_guessed_and_fits_a_telegram_link(database: Database, awa: Member):
    codes = {await invited(database, awa) for _ in range(20)}
    assert len(codes) == 20
    for code in codes:
        assert 16 <= len(code) <= 60
        assert code.replace("-", "").replace("_", "").isalnum()


async def test_the_first_to_come_is_the_one_it_was_for(database: Database, awa: Member, issa: Member):
    code = await invited(database, awa)
    answered = await comes(database, code, issa)
    assert answered is not None
    assert (answered.sender_id, answered.joined_id, answered.amount) == (awa.id, issa.id, 500)
    assert answered.joined_at is not None


async def test_an_invitation_is_answered_once(database: Database, awa: Member, issa: Member):
    code = await invited(database, awa)
    moussa = await newcomer(database, "300", "Moussa")
    assert await comes(database, code, issa) is not None
    assert await comes(database, code, moussa) is None
    assert await comes(database, code, issa) is None


async def test_nobody_answers_their_own_invitation(database: Database, awa: Member, issa: Member):
    code = await invited(database, awa)
    assert await comes(database, code, awa) is None
    assert await comes(database, code, issa) is not None


async def test_a_code_that_was_never_given_out_invites_nobody(database: Database, issa: Member):
    assert await comes(database, "unheard-of", issa) is None


async def test_of_many_who_come_at_once_one_joins(database: Database, database_url: str, awa: Member):
    code = await invited(database, awa)
    crowd = [await newcomer(database, f"crowd-{number}", "Moussa") for number in range(8)]
    elsewhere = Database(database_url)
    answers = await asyncio.gather(*(comes((database, elsewhere)[i % 2], code, one) for i, one in enumerate(crowd)))
    await elsewhere.close()
    assert sum(answer is not None for answer in answers) == 1


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_who_looked_before_the_other_joined_is_still_second(
    database: Database, awa: Member, issa: Member, until_somebody_waits: Callable
):
    code = await invited(database, awa)
    moussa = await newcomer(database, "300", "Moussa")

    async def look_then_join() -> Invitation | None:
        async with database.transaction() as session:
            assert (await session.get_one(Invitation, code)).joined_id is None
            return await join(session, code, moussa)

    async with database.transaction() as session:
        assert await join(session, code, issa) is not None
        await session.flush()
        second = asyncio.create_task(look_then_join())
        await until_somebody_waits()
    assert await second is None
