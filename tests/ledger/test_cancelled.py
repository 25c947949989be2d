"""A writer that is cancelled, wherever it stands just then, leaves nobody waiting."""

import asyncio

import ledger
from core.db import Database
from core.ids import new_id
from core.money import Money
from ledger import AccountKind


async def test_whoever_is_cancelled_anywhere_keeps_nobody_from_writing_though_the_traceback_is_kept(database: Database):
    async with database.transaction() as session:
        provider = (await ledger.open_account(session, "house", AccountKind.PROVIDER)).id
        wallet = (await ledger.open_account(session, "member:awa", AccountKind.WALLET)).id

    async def post() -> None:
        command = ledger.Post(
            id=new_id(), debit=provider, credit=wallet, amount=Money(1), kind="deposit", journal=new_id()
        )
        async with database.transaction() as session:
            await ledger.post(session, command)

    async def post_without_end() -> None:
        while True:
            await post()

    remembered = []
    for number in range(60):
        writing = asyncio.create_task(post_without_end())
        await asyncio.sleep(0.01 + number * 0.0007)
        writing.cancel()
        await asyncio.wait([writing])
        remembered.append(writing)
        async with asyncio.timeout(5):
            await post()
    assert all(each.cancelled() for each in remembered)
    async with database.reading() as session:
        assert (await ledger.audit(session)).is_clean
