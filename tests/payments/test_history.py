"""A member's past, page by page."""

import pytest
from sqlalchemy import update

import payments
from core import clock
from core.money import Money
from ledger import AccountKind
from members import Member
from payments import Line, LineKind, Send, history, request_send
from tests.payments.kit import World


async def pages(world: World, member: Member, limit: int) -> list[Line]:
    lines, before = [], None
    async with world.database.reading() as session:
        while True:
            page = await history(session, member.id, before, limit)
            assert 0 < len(page.lines) <= limit
            lines += page.lines
            before = page.before
            if before is None:
                return lines


@pytest.fixture
async def awa_and_issa(world: World) -> tuple[Member, Member]:
    """Two members with a busy day behind them."""
    awa, issa = await world.member("Awa"), await world.member("Issa")
    paid, taken_back, _ = [await world.open_deposit(awa, amount) for amount in (5000, 3000, 1000)]
    await world.pay(paid)
    await world.pay(taken_back)
    done, given_back = [await world.open_payout(awa, amount) for amount in (2000, 700)]
    await world.flush(hurry=True)
    async with world.database.transaction() as session:
        await payments.reverse_deposit(session, await payments.lock_deposit(session, taken_back.id))
        await payments.reverse_payout(session, await payments.lock_payout(session, given_back.id))
        await request_send(session, awa, issa.id, Money(500), "merci", key="to Issa")
        await request_send(session, issa, awa.id, Money(200), key="to Awa")
    await world.ask_payout(awa, 300)
    assert (await world.payout(done)).state == "completed"
    return awa, issa


async def test_everything_is_there_newest_first_the_pending_ones_too(
    world: World, awa_and_issa: tuple[Member, Member]
) -> None:
    awa, issa = awa_and_issa
    lines = await pages(world, awa, 50)
    told = [(line.kind, line.amount.amount, line.state) for line in lines]
    assert told == [
        (LineKind.PAYOUT, -300, "requested"),
        (LineKind.RECEIVED, 200, "completed"),
        (LineKind.SENT, -500, "completed"),
        (LineKind.PAYOUT_REVERSAL, 700, "reversed"),
        (LineKind.DEPOSIT_REVERSAL, -3000, "reversed"),
        (LineKind.PAYOUT, -700, "reversed"),
        (LineKind.PAYOUT, -2000, "completed"),
        (LineKind.DEPOSIT, 1000, "open"),
        (LineKind.DEPOSIT, 3000, "reversed"),
        (LineKind.DEPOSIT, 5000, "settled"),
    ]
    sent = lines[2]
    assert (sent.note, sent.counterparty_id, sent.method) == ("merci", issa.id, None)
    assert sent.reference.startswith("S-")
    assert (lines[0].method, lines[0].fee, lines[0].note) == ("orange_money", Money(0), None)
    moved = sum(line.amount.amount for line in lines if line.state not in {"requested", "open"})
    assert (moved, 300) == await world.wallet(awa)


@pytest.mark.parametrize("limit", [1, 2, 3, 9, 10, 11])
async def test_pages_of_any_length_tell_the_same_story(
    world: World, awa_and_issa: tuple[Member, Member], limit: int
) -> None:
    awa, _ = awa_and_issa
    assert await pages(world, awa, limit) == await pages(world, awa, 50)


async def test_a_member_sees_only_their_own(world: World, awa_and_issa: tuple[Member, Member]) -> None:
    _, issa = awa_and_issa
    assert [(line.kind, line.amount.amount) for line in await pages(world, issa, 50)] == [
        (LineKind.SENT, -200),
        (LineKind.RECEIVED, 500),
    ]


async def test_parked_money_is_told_to_whom_it_is_parked_for(world: World) -> None:
    awa, issa = await world.member("Awa"), await world.member("Issa", tier="unidentified")
    await world.give(awa, 5000)
    await world.give(issa, 200_000)
    async with world.database.transaction() as session:
        await request_send(session, awa, issa.id, Money(500), key="too much")
    assert [line.parked for line in await pages(world, issa, 5)] == [Money(500)]
    assert [line.parked for line in await pages(world, awa, 5)] == [Money(0)]
    assert (await world.stands(issa, AccountKind.PARKED)).posted == Money(500)


async def test_what_happened_in_the_same_moment_is_on_one_page_or_the_next(world: World) -> None:
    awa, issa = await world.member("Awa"), await world.member("Issa")
    await world.give(awa, 5000)
    async with world.database.transaction() as session:
        for number in range(4):
            await request_send(session, awa, issa.id, Money(100 + number), key=f"at once {number}")
        await session.execute(update(Send).values(created_at=clock.now()))
    lines = await pages(world, awa, 1)
    assert sorted(line.amount.amount for line in lines) == [-103, -102, -101, -100]
