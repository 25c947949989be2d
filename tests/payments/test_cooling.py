"""Cooling off: a day in which no large sum leaves, by whatever door, however many ask at once."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

import payments
from core import clock
from core.money import Money
from members import Freezing, MemberPhone, freeze, reset_pin
from members.guard import Cooling, cool_off
from members.members import Member
from members.safety import SAFETY
from payments import FailureCode, PayoutState
from payments.cooling import AfterReset, NumberIsNew, WalletCools, accept_number, is_new_number
from payments.payouts import Payout
from tests.payments.kit import PHONE, World

LARGE = SAFETY.out_while_cooling.amount
A_DAY_LATER = SAFETY.cooling + timedelta(minutes=1)


async def cools(world: World, member: Member, why: Cooling = Cooling.ADDRESS) -> None:
    await world.database.run(lambda session: cool_off(session, member.id, why))


async def forgets_number(world: World, member: Member) -> None:
    known = update(MemberPhone).where(MemberPhone.member_id == member.id).values(payout_since=None)
    await world.database.run(lambda session: session.execute(known))


async def send(world: World, sender: Member, recipient: Member, francs: int, key: str) -> UUID:
    work = await world.database.run(
        lambda session: payments.request_send(session, sender, recipient.id, Money(francs), key=key)
    )  # fmt: skip
    return work.id


async def outcome(asking: Awaitable[Payout]) -> str:
    try:
        await asking
    except (WalletCools, NumberIsNew):
        return "refused"
    return "asked"


async def test_withdrawals_and_sends_of_a_cooling_wallet_are_bounded_together(world: World) -> None:
    awa, issa = await world.member(), await world.member("Issa")
    await world.give(awa, 200_000)
    await cools(world, awa)
    with pytest.raises(WalletCools) as refused:
        await world.ask_payout(awa, LARGE + 1_000)
    assert refused.value.params["room"] == Money(LARGE)
    await send(world, awa, issa, 20_000, "first")
    await world.ask_payout(awa, LARGE - 20_000)
    with pytest.raises(WalletCools) as refused:
        await send(world, awa, issa, 100, "second")
    assert refused.value.params["room"] == Money(0)
    assert await world.wallet(awa) == (180_000, LARGE - 20_000)
    # What had been asked for before is no new request.
    await send(world, awa, issa, 20_000, "first")
    with clock.ahead(A_DAY_LATER):
        await world.ask_payout(awa, LARGE + 1_000)


async def test_many_withdrawals_at_once_find_the_same_room(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 300_000)
    await cools(world, awa)
    answers = await asyncio.gather(*(outcome(world.ask_payout(awa, 20_000)) for _ in range(6)))
    assert sorted(answers) == ["asked", "asked", "refused", "refused", "refused", "refused"]


async def test_a_number_is_new_until_a_day_after_it_was_agreed_to(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 300_000)
    await forgets_number(world, awa)
    async with world.database.reading() as session:
        assert await is_new_number(session, awa.id, PHONE.e164)
    with pytest.raises(NumberIsNew):
        await world.ask_payout(awa, LARGE + 1_000)
    assert await world.database.run(lambda session: accept_number(session, awa.id, PHONE.e164))
    assert not await world.database.run(lambda session: accept_number(session, awa.id, PHONE.e164))
    answers = await asyncio.gather(*(outcome(world.ask_payout(awa, 30_000)) for _ in range(4)))
    assert sorted(answers) == ["asked", "refused", "refused", "refused"]
    with clock.ahead(A_DAY_LATER):
        await world.ask_payout(awa, LARGE + 1_000)


async def test_after_a_reset_nothing_leaves_for_a_day(world: World) -> None:
    awa, issa = await world.member(), await world.member("Issa")
    await world.give(awa, 10_000)
    await world.database.run(lambda session: reset_pin(session, awa.id))
    with pytest.raises(AfterReset):
        await world.ask_payout(awa, 100)
    with pytest.raises(AfterReset):
        await send(world, awa, issa, 100, "x")
    assert await world.wallet(awa) == (10_000, 0)
    with clock.ahead(A_DAY_LATER):
        await world.ask_payout(awa, 100)


async def test_a_withdrawal_that_nobody_was_called_for_yet_comes_back_when_the_wallet_is_frozen(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5_000)
    payout = await world.ask_payout(awa, 2_000)
    await world.database.run(lambda session: freeze(session, awa.id, Freezing.MEMBER))
    await world.work()
    found = await world.payout(payout)
    assert (found.state, found.failure) == (PayoutState.FAILED, FailureCode.FROZEN)
    assert await world.wallet(awa) == (5_000, 0)
    assert found.provider_id is None
