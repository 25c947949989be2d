"""What a member owes is settled from their wallet by two people, and then the wallet opens again."""

import pytest

import payments
from core.money import Money
from ledger import AccountKind
from members import Member
from operators import Decision
from payments import DebtOutstanding, LineKind, NothingToCollect
from tests.payments.counter import WHY, Counter, opened_counter
from tests.payments.kit import World


@pytest.fixture
async def counter(world: World) -> Counter:
    return await opened_counter(world)


async def debtor(world: World) -> Member:
    """Awa has spent 3 500 F of a deposit of 5 000 F that was then taken back."""
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    await world.spend(awa, 3500)
    async with world.database.transaction() as session:
        await payments.reverse_deposit(session, await payments.lock_deposit(session, deposit.id))
    return awa


async def propose(counter: Counter, member: Member) -> Decision:
    return await counter.world.database.run(
        lambda session: payments.propose_collection(session, counter.decisions, counter.proposes, member.id, reason=WHY)
    )


async def test_a_debt_is_settled_as_far_as_the_wallet_goes(world: World, counter: Counter) -> None:
    awa = await debtor(world)
    with pytest.raises(NothingToCollect):
        await propose(counter, awa)
    for given, left, owed in ((1500, 0, -2000), (9000, 7000, 0)):
        await world.give(awa, given)
        await counter.approve(await propose(counter, awa))
        assert await world.wallet(awa) == (left, 0)
        assert (await world.stands(awa, AccountKind.RECEIVABLE)).posted == Money(owed)
        if owed:
            with pytest.raises(DebtOutstanding):
                await world.ask_payout(awa, 1000)
    await world.work()
    await world.ask_payout(awa, 1000)
    async with world.database.reading() as session:
        kinds = [(line.kind, line.amount) for line in (await payments.history(session, awa.id)).lines[1:3]]
    assert kinds == [(LineKind.DEBT_PAID, Money(-2000)), (LineKind.DEBT_PAID, Money(-1500))]
    assert world.events.count("correction.made") == 2
    assert await world.books_are_right()
    with pytest.raises(NothingToCollect):
        await propose(counter, awa)


async def test_no_more_is_taken_than_is_owed_by_the_time_it_is_approved(world: World, counter: Counter) -> None:
    awa = await debtor(world)
    await world.give(awa, 9000)
    decision = await propose(counter, awa)
    await world.spend(awa, 8000)
    await counter.approve(decision)
    assert await world.wallet(awa) == (0, 0)
    assert (await world.stands(awa, AccountKind.RECEIVABLE)).posted == Money(-2500)
