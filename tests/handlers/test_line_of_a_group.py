"""Many who tap in one group at once stand in line without keeping everybody else from the database."""

import asyncio

import pytest

from bot.chat import Chat
from bot.commands import Command, Commands
from bot.groups import GroupActs, GroupDesk, GroupTurn, Toast
from bot.incoming import Incoming
from bot.reception import Reception
from core.db import Database

TAPS = 40


def tapped(number: int, chat: str = "-1") -> Incoming:
    return Incoming("telegram", f"tap {number}", "tap", chat, str(number), "Awa", is_private=False, text="pay:1")


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_while_a_group_taps_others_are_answered_and_then_every_tap_is(database: Database) -> None:
    has_begun, may_go = asyncio.Event(), asyncio.Event()

    async def pay(turn: GroupTurn, _: str) -> Toast:
        has_begun.set()
        if turn.here.chat == "-1":
            await may_go.wait()
        return Toast("payé")

    answered = asyncio.Event()

    async def balance(_: Chat) -> None:
        answered.set()

    commands = Commands([Command("balance", balance, {"fr": "solde"})])
    reception = Reception(database, commands, GroupDesk(commands, GroupActs(taps={"pay": pay}), lambda _: ""))
    taps = [asyncio.create_task(reception.receive(tapped(number))) for number in range(TAPS)]
    await has_begun.wait()

    await reception.receive(Incoming("telegram", "1", "text", "7", "7", "Binta", is_private=True, text="/solde"))
    assert answered.is_set()
    assert await reception.receive(tapped(TAPS, chat="-2")) == Toast("payé")
    assert not any(tap.done() for tap in taps)

    may_go.set()
    assert await asyncio.gather(*taps) == [Toast("payé")] * TAPS
