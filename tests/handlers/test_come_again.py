"""While the database is away nothing is decided: whatever a person says is asked for again, and never passed over."""

from datetime import timedelta

import pytest

from bot.chat import Chat
from bot.commands import Command, Commands
from bot.groups import GroupActs, GroupDesk
from bot.incoming import Incoming
from bot.reception import ComeAgain, Reception
from core import clock
from core.db import Database
from tests.stories.town import free_port

FASTER_THAN_ANYBODY = 601


def said(number: int) -> Incoming:
    return Incoming("telegram", f"word {number}", "text", "7", "7", "Binta", is_private=True, text="/solde")


def answering(database: Database, balance: Command) -> Reception:
    commands = Commands([balance])
    return Reception(database, commands, GroupDesk(commands, GroupActs(), lambda _: ""))


async def test_a_flood_while_the_database_is_away_is_asked_to_come_again() -> None:
    async def balance(_: Chat) -> None:
        pytest.fail("nobody is answered without the database")

    database = Database(f"postgresql://cauri@127.0.0.1:{free_port()}/cauri")
    reception = answering(database, Command("balance", balance, {"fr": "solde"}))
    # From the beginning of a minute, for a flood is counted by the minute.
    with clock.ahead(timedelta(seconds=60 - clock.now().second)):
        for number in range(FASTER_THAN_ANYBODY):
            with pytest.raises(ComeAgain):
                await reception.receive(said(number))
    await database.close()
