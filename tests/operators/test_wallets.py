"""`cauri wallets`, as it is typed: who may stop a wallet, open it again, take a PIN away; and that the log says so."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from core.db import Database
from members import Member, Pins, has_pin
from members.guard import choose_pin
from operators import Act, acts_about
from tests.members.kit import newcomer
from tests.operators.test_commands import cauri

__all__ = ["cauri"]

WHY = ("--reason", "called back on the number we know")


def with_database(url: str, work: Callable[[Database], Awaitable[Any]]) -> Any:
    """Do something to the tables, as the commands do: in a loop of one's own."""

    async def run() -> Any:
        database = Database(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


@pytest.fixture
def awa(database_url: str, cauri) -> UUID:
    """A member with a PIN, and one operator in each role."""
    for name, role in (("Sita", "support"), ("Fanta", "finance")):
        cauri("operators", "add", name, "--role", role)

    async def work(database: Database) -> UUID:
        member = await newcomer(database, "100", "Awa")
        kept = await Pins("secret").hash(member.id, "2580")
        await database.run(lambda session: choose_pin(session, member.id, kept))
        return member.id

    return with_database(database_url, work)


def test_support_freezes_and_finance_opens_again(cauri, database_url: str, awa: UUID):
    assert cauri("wallets", "freeze", str(awa), "--by", "Sita", *WHY).exit_code == 0
    assert "frozen already" in cauri("wallets", "freeze", str(awa), "--by", "Sita", *WHY).stdout
    refused = cauri("wallets", "unfreeze", str(awa), "--by", "Sita", *WHY)
    assert refused.exit_code == 1
    assert cauri("wallets", "unfreeze", str(awa), "--by", "Fanta", *WHY).exit_code == 0

    async def acts(database: Database) -> list[Act]:
        async with database.reading() as session:
            assert (await session.get_one(Member, awa)).frozen_at is None
            return [line.act for line in await acts_about(session, f"member:{awa}")]

    assert with_database(database_url, acts) == [Act.FREEZE, Act.FREEZE, Act.UNFREEZE]


def test_a_pin_is_taken_away_by_finance_who_says_how_they_made_sure(cauri, database_url: str, awa: UUID):
    made_sure = ("--verified", "showed her card in a video call")
    assert cauri("wallets", "reset-pin", str(awa), "--by", "Sita", *made_sure).exit_code == 1
    assert cauri("wallets", "reset-pin", str(awa), "--by", "Fanta", "--verified", "ok").exit_code == 1
    assert cauri("wallets", "reset-pin", str(awa), "--by", "Fanta", *made_sure).exit_code == 0

    async def chosen(database: Database) -> bool:
        async with database.reading() as session:
            return await has_pin(session, awa)

    assert not with_database(database_url, chosen)


def test_nobody_is_frozen_by_a_slip(cauri, awa: UUID):
    nobody = cauri("wallets", "freeze", str(UUID(int=7)), "--by", "Sita", *WHY)
    assert (nobody.exit_code, "no member" in nobody.stderr) == (1, True)
    assert cauri("wallets", "freeze", "Awa", "--by", "Sita", *WHY).exit_code == 2
    stranger = cauri("wallets", "freeze", str(awa), "--by", "Moussa", *WHY)
    assert (stranger.exit_code, "no operator 'Moussa'" in stranger.stderr) == (1, True)
