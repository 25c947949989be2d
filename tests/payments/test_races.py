"""Many at once, on real connections: the money moves once."""

import asyncio
import json

import pytest

from payments import DepositState, PayoutState
from tests.payments.kit import World, completed, signature_of


async def knock_at_once(world: World, bodies: list[dict[str, object]]) -> list[str]:
    texts = [json.dumps(body, sort_keys=True) for body in bodies]
    answers = await asyncio.gather(
        *(world.door.receive(world.database, text.encode(), signature_of(text)) for text in texts)
    )
    assert {answer.status for answer in answers} == {200}
    return [answer.outcome for answer in answers]


async def test_case_07_200_concurrent_copies_of_one_webhook_credit_once(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    outcomes = await knock_at_once(world, [completed(deposit.reference)] * 200)
    assert sorted(outcomes) == ["applied"] + ["duplicate"] * 199
    await world.work()
    assert await world.wallet(awa) == (5000, 0)
    assert world.events.count("deposit.settled") == 1
    assert await world.books_are_right()


async def test_case_07_200_concurrent_copies_of_a_payouts_webhook_complete_it_once(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    outcomes = await knock_at_once(world, [completed(payout.reference, 2000, event="payout.completed")] * 200)
    assert sorted(outcomes) == ["applied"] + ["duplicate"] * 199
    assert await world.wallet(awa) == (3000, 0)
    assert await world.books_are_right()


async def test_both_names_of_one_payment_at_once_credit_once(world: World) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    names = [deposit.reference, deposit.provider_id] * 20
    await knock_at_once(world, [completed(name, note=index) for index, name in enumerate(names)])
    assert await world.wallet(awa) == (5000, 0)
    assert await world.books_are_right()


async def test_completed_and_failed_at_once_end_in_one_state_and_in_balance(world: World) -> None:
    awa = await world.member()
    await world.give(awa, 50_000)
    deposits = [await world.open_deposit(awa, 1000) for _ in range(4)]
    payouts = [await world.open_payout(awa, 1000) for _ in range(4)]
    bodies = [
        completed(payment.reference, 1000, event=f"{kind}.{end}", status="success" if end == "completed" else "failed")
        for kind, group in (("payment", deposits), ("payout", payouts))
        for payment in group
        for end in ("completed", "failed")
        for _ in range(5)
    ]
    await knock_at_once(world, bodies)
    settled = [(await world.deposit(deposit)).state for deposit in deposits].count(DepositState.SETTLED)
    payout_states = [(await world.payout(payout)).state for payout in payouts]
    assert set(payout_states) <= {PayoutState.COMPLETED, PayoutState.FAILED}
    expected = 50_000 + 1000 * settled - 1000 * payout_states.count(PayoutState.COMPLETED)
    assert await world.wallet(awa) == (expected, 0)
    assert await world.books_are_right()


@pytest.mark.parametrize("ways", [3])
async def test_the_webhook_the_look_up_and_the_answer_at_once_credit_once(world: World, ways: int) -> None:
    awa = await world.member()
    deposits = [await world.ask_deposit(awa, 1000) for _ in range(ways)]
    await asyncio.gather(*(world.work() for _ in range(ways)))
    await asyncio.gather(
        *(world.pay(deposit) for deposit in deposits),
        *(world.knock(completed(deposit.reference, 1000)) for deposit in deposits),
    )
    await asyncio.gather(*(world.work() for _ in range(ways)))
    assert await world.wallet(awa) == (1000 * ways, 0)
    assert world.events.count("deposit.settled") == ways
    assert await world.books_are_right()
