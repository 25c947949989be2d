"""Money from one member to another."""

import asyncio

import pytest
from sqlalchemy import text

import ledger
import payments
from core import clock
from core.ids import new_id
from core.money import Money
from ledger import AccountKind, InsufficientFunds
from members import Member
from members.wallets import member_account
from payments import (
    KeyReused,
    MemberFrozen,
    NoteTooLong,
    OperationTooLarge,
    OperationTooSmall,
    Send,
    SendToSelf,
    request_send,
)
from tests.payments.kit import World
from tests.stories.town import until


async def send(
    world: World, sender: Member, recipient: Member, amount: int, *, note: str | None = None, key: str = ""
) -> Send:
    run = key or f"run-{next(world.runs)}"
    return await world.database.run(
        lambda session: request_send(session, sender, recipient.id, Money(amount), note, key=run)
    )


async def test_a_send_moves_money_at_once_and_tells(world: World) -> None:
    awa, issa = await world.member("Awa"), await world.member("Issa")
    await world.give(awa, 5000)
    sent = await send(world, awa, issa, 500, note="pour le marché")
    await world.work()
    assert (sent.amount, sent.note, sent.parked) == (500, "pour le marché", 0)
    assert await world.wallet(awa) == (4500, 0)
    assert await world.wallet(issa) == (500, 0)
    assert world.events == ["send.completed"]
    assert await world.books_are_right()


async def test_eight_taps_at_once_send_once(world: World) -> None:
    awa, issa = await world.member("Awa"), await world.member("Issa")
    await world.give(awa, 5000)
    taps = await asyncio.gather(*(send(world, awa, issa, 500, key="one run") for _ in range(8)))
    assert len({tap.id for tap in taps}) == 1
    assert await world.wallet(issa) == (500, 0)
    with pytest.raises(KeyReused):
        await send(world, awa, issa, 600, key="one run")


async def test_what_exceeds_the_recipients_cap_is_parked_for_them(world: World) -> None:
    awa, issa = await world.member("Awa"), await world.member("Issa", tier="unidentified")
    await world.give(awa, 50_000)
    await world.give(issa, 190_000)
    sent = await send(world, awa, issa, 15_000)
    assert sent.parked == 5000
    assert await world.wallet(issa) == (200_000, 0)
    assert (await world.stands(issa, AccountKind.PARKED)).posted == Money(5000)
    await send(world, awa, issa, 1000)
    assert (await world.stands(issa, AccountKind.PARKED)).posted == Money(6000)


async def test_a_refused_send_leaves_nothing_behind(world: World) -> None:
    awa, issa = await world.member("Awa"), await world.member("Issa")
    await world.give(awa, 1000)
    async with world.database.transaction() as session:
        for recipient, amount, note, refusal in (
            (awa, 500, None, SendToSelf),
            (issa, 500, "x" * 141, NoteTooLong),
            (issa, 50, None, OperationTooSmall),
            (issa, -500, None, OperationTooSmall),
            (issa, 2_000_001, None, OperationTooLarge),
            (issa, 1500, None, InsufficientFunds),
        ):
            with pytest.raises(refusal):
                await request_send(session, awa, recipient.id, Money(amount), note, key="one run")
    async with world.database.reading() as session:
        assert (await payments.history(session, awa.id)).lines == []
    await send(world, awa, issa, 500, key="one run")
    assert await world.wallet(awa) == (500, 0)


async def test_a_frozen_member_sends_nothing(world: World) -> None:
    awa, issa = await world.member("Awa"), await world.member("Issa")
    await world.give(awa, 1000)
    async with world.database.transaction() as session:
        (await session.get_one(Member, awa.id)).frozen_at = clock.now()
    with pytest.raises(MemberFrozen):
        await send(world, awa, issa, 500)


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_two_who_never_had_a_wallet_and_send_to_each_other_at_once_do_not_wait_for_one_another(
    world: World,
) -> None:
    first, second = sorted([await world.member("Awa"), await world.member("Issa")], key=lambda each: each.id)

    async def send_back() -> None:
        # Not `run`, which would do again what a deadlock has ended.
        async with world.database.transaction() as session:
            await request_send(session, second, first.id, Money(200), key="back")

    async with world.database.transaction() as session:
        # A wallet that is opened in a transaction under way: whoever wants to open it too waits for its end.
        provider = await ledger.open_account(session, payments.HOUSE, AccountKind.PROVIDER)
        wallet = await member_account(session, first.id)
        given = ledger.Post(
            id=new_id(), debit=provider.id, credit=wallet, amount=Money(1000), kind="deposit", journal=new_id()
        )
        await ledger.post(session, given)
        back = asyncio.create_task(send_back())
        await until(lambda: _waits_or_is_over(world, back))
        await request_send(session, first, second.id, Money(500), key="forth")
    await back
    assert (await world.wallet(first), await world.wallet(second)) == ((700, 0), (300, 0))
    assert await world.books_are_right()


async def _waits_or_is_over(world: World, back: asyncio.Task[None]) -> bool:
    """Whether a transaction of this database waits for the end of another."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with world.database.reading() as session:
        return back.done() or bool(await session.scalar(text(waiting)))
