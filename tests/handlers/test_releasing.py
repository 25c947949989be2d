"""What the month's cap had set aside goes into the wallet in the first night of the next month, once, and is told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import ledger
import payments
from core import clock
from core.db import Database
from core.ids import new_id
from core.money import Money
from core.outbox import OutboxMessage
from handlers.releasing import begin_to_release, register_releasing
from ledger import AccountKind
from members import Member, register, use_phone
from members.wallets import wallet_owner
from tests.payments.kit import PHONE, World, opened_world

DAY = timedelta(days=1)


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(database, tmp_path) as world:
        register_releasing(world.jobs)
        await database.run(begin_to_release)
        yield world


async def awa_of(world: World) -> Member:
    """Awa, of the lowest tier, who is reached on Telegram."""
    awa = await world.database.run(lambda session: register(session, "telegram", "100", "Awa", "fr"))
    await world.database.run(lambda session: use_phone(session, awa, PHONE.e164))
    return awa


async def stands(world: World, member: Member) -> tuple[int, int]:
    """What is in the wallet, and what is parked."""
    return (await world.wallet(member))[0], (await world.stands(member, AccountKind.PARKED)).posted.amount


async def told(world: World, member: Member) -> list[str]:
    async with world.database.reading() as session:
        said = select(OutboxMessage.view).where(OutboxMessage.subject == f"released:{member.id}")
        return [view["text"] for view in await session.scalars(said.order_by(OutboxMessage.seq))]


def noon_of_the_tenth() -> timedelta:
    """How far ahead the tenth of next month is."""
    now = datetime.now(UTC)
    first = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first.replace(day=10, hour=12, minute=0, second=0, microsecond=0) - now


def until_the_next_month() -> timedelta:
    now = clock.now()
    return (now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=1) - now


async def test_what_the_months_cap_parked_is_released_in_the_first_night_of_the_next(world: World) -> None:
    with clock.ahead(noon_of_the_tenth()):
        awa = await awa_of(world)
        first, second = await world.open_deposit(awa, 150_000), await world.open_deposit(awa, 150_000)
        await world.pay(first)
        await world.spend(awa, 150_000)
        await world.pay(second)
        await world.spend(awa, 50_000)
        assert await stands(world, awa) == (0, 100_000)

        await world.work_through(DAY, 2 * DAY)
        assert await stands(world, awa) == (0, 100_000)
        assert await told(world, awa) == []

        turned = until_the_next_month()
        await world.work_through(turned, turned, turned + DAY)
        assert await stands(world, awa) == (100_000, 0)
        [said] = await told(world, awa)
        assert "100\u00a0000\u00a0F\u00a0CFA" in said
        assert await world.books_are_right()


async def test_however_many_have_money_parked_all_of_it_is_looked_at(world: World) -> None:
    async with world.database.transaction() as session:
        members = [await register(session, "telegram", str(number), "Awa", "fr") for number in range(101)]
        provider = await ledger.open_account(session, payments.HOUSE, AccountKind.PROVIDER)
        for member in members:
            parked = await ledger.open_account(session, wallet_owner(member.id), AccountKind.PARKED)
            post = ledger.Post(
                id=new_id(), debit=provider.id, credit=parked.id, amount=Money(500), kind="parked", journal=new_id()
            )
            await ledger.post(session, post)
    await world.work(DAY)
    async with world.database.reading() as session:
        assert await payments.parked_money(session) == []
    assert await stands(world, members[-1]) == (500, 0)
    assert await world.books_are_right()
