"""What a member may hold and load, asked before and again when money arrives."""

import asyncio
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

import payments
from core import clock
from core.money import Money
from ledger import AccountKind
from payments import DayFull, DayOutFull, MonthFull, MonthOutFull, OperationTooLarge, OperationTooSmall, WalletFull
from tests.payments.kit import World


async def test_a_deposit_too_large_for_the_wallet_is_refused_with_the_room_left(world: World) -> None:
    awa = await world.member(tier="unidentified")
    await world.give(awa, 150_000)
    with pytest.raises(WalletFull) as refused:
        await world.ask_deposit(awa, 50_001)
    assert refused.value.params == {"at_most": Money(200_000), "room": Money(50_000)}
    await world.ask_deposit(awa, 50_000)


async def test_money_held_for_a_payout_still_counts_as_held_by_the_member(world: World) -> None:
    awa = await world.member(tier="unidentified")
    await world.give(awa, 200_000)
    await world.ask_payout(awa, 100_000)
    with pytest.raises(WalletFull) as refused:
        await world.ask_deposit(awa, 100)
    assert refused.value.params["room"] == Money(0)


async def test_one_operation_has_its_bounds(world: World) -> None:
    awa = await world.member(tier="unidentified")
    with pytest.raises(OperationTooLarge):
        await world.ask_deposit(awa, 200_001)
    async with world.database.reading() as session:
        with pytest.raises(OperationTooSmall):
            await payments.refuse_taking_out(session, awa, Money(99))


async def test_a_month_has_its_limit_and_the_next_one_starts_anew(world: World) -> None:
    awa = await world.member(tier="unidentified")
    deposit = await world.open_deposit(awa, 150_000)
    await world.pay(deposit)
    await world.spend(awa, 150_000)
    with pytest.raises(MonthFull) as refused:
        await world.ask_deposit(awa, 60_000)
    assert refused.value.params == {"at_most": Money(200_000), "room": Money(50_000)}
    with clock.ahead(timedelta(days=31)):
        await world.ask_deposit(awa, 60_000)


async def test_what_arrives_over_the_month_is_parked_never_bounced(world: World) -> None:
    awa = await world.member(tier="unidentified")
    first, second = await world.open_deposit(awa, 150_000), await world.open_deposit(awa, 150_000)
    await world.pay(first)
    await world.spend(awa, 150_000)
    await world.pay(second)
    found = await world.deposit(second)
    assert found.parked == 100_000
    assert await world.wallet(awa) == (50_000, 0)
    assert (await world.stands(awa, AccountKind.PARKED)).posted == Money(100_000)
    assert await world.books_are_right()


async def test_two_deposits_at_once_cannot_both_find_room(world: World) -> None:
    awa = await world.member(tier="unidentified")
    deposits = [await world.open_deposit(awa, 60_000) for _ in range(5)]
    await asyncio.gather(*(world.pay(deposit) for deposit in deposits))
    assert await world.wallet(awa) == (200_000, 0)
    assert (await world.stands(awa, AccountKind.PARKED)).posted == Money(100_000)
    assert await world.books_are_right()


async def test_a_reversed_deposit_makes_room_in_the_month_again(world: World) -> None:
    awa = await world.member(tier="unidentified")
    deposit = await world.open_deposit(awa, 150_000)
    await world.pay(deposit)
    async with world.database.transaction() as session:
        await payments.reverse_deposit(session, await payments.lock_deposit(session, deposit.id))
    async with world.database.reading() as session:
        assert await payments.loaded_this_month(session, awa.id, "XOF") == Money(0)


def at_noon_of_a_tenth(days_later: int = 0) -> AbstractContextManager[None]:
    """A day in the middle of a month, and an hour in the middle of it: no limit starts anew by chance."""
    today = clock.now()
    tenth = (today.replace(day=28) + timedelta(days=10)).replace(day=10, hour=12)
    return clock.ahead(tenth - today + timedelta(days=days_later))


async def test_a_day_has_its_limit_and_the_next_one_starts_anew(world: World) -> None:
    awa = await world.member()
    with at_noon_of_a_tenth():
        await world.pay(await world.open_deposit(awa, 1_500_000))
        await world.spend(awa, 1_500_000)
        with pytest.raises(DayFull) as refused:
            await world.ask_deposit(awa, 600_000)
    assert refused.value.params == {"at_most": Money(2_000_000), "room": Money(500_000)}
    with at_noon_of_a_tenth(1):
        await world.ask_deposit(awa, 600_000)


async def test_what_goes_out_in_a_day_and_in_a_month_has_its_limits(world: World) -> None:
    awa, moussa = await world.member(tier="unidentified"), await world.member("Moussa")
    await world.give(awa, 600_000)
    for day in (0, 1):
        with at_noon_of_a_tenth(day):
            await world.ask_payout(awa, 120_000)
            async with world.database.transaction() as session:
                await payments.request_send(session, awa, moussa.id, Money(80_000), key=f"send {day}")
            with pytest.raises(DayOutFull) as full:
                await world.ask_payout(awa, 100)
            assert full.value.params == {"at_most": Money(200_000), "room": Money(0)}
    with at_noon_of_a_tenth(2):
        with pytest.raises(MonthOutFull) as refused:
            await world.ask_payout(awa, 150_000)
        assert refused.value.params == {"at_most": Money(500_000), "room": Money(100_000)}
        await world.ask_payout(awa, 100_000)


async def test_a_withdrawal_that_came_back_counts_no_more(world: World) -> None:
    awa = await world.member(tier="unidentified")
    await world.give(awa, 200_000)
    await world.turn(payout_fault="refused")
    await world.open_payout(awa, 200_000)
    await world.ask_payout(awa, 200_000)


async def test_a_refusal_by_a_limit_leads_to_being_identified_where_that_would_help(world: World) -> None:
    for tier, leads_to in (("unidentified", "identity"), ("identified", None)):
        member = await world.member(tier=tier)
        async with world.database.reading() as session:
            with pytest.raises(OperationTooLarge) as refused:
                await payments.refuse_loading(session, member, Money(2_000_001), Money(2_000_001))
        assert refused.value.leads_to == leads_to
