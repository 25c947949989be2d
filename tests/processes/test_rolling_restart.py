"""A new release, one process after the other, while members and GetMiPay go on: nobody notices."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from core.db import Database
from tests.processes.crew import Crew, gathered
from tests.processes.proxy import Proxy, in_front
from tests.stories.town import Person, Town, callers, free_port, house_settings, running_sandbox

NAMES = ("awa", "moussa", "fatou")


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_while_every_process_is_replaced_nothing_is_lost_doubled_or_turned_away(
    database: Database, tmp_path: Path
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    async with (
        in_front(port) as proxy,
        running_sandbox(tmp_path, registered=f"{address}/webhook/getmipay/") as url,
        callers(url) as http,
    ):
        await http.post("/telegram/api/knobs", json={"rate_limits": False})
        await http.post("/getmipay/api/knobs", json={"magic": False, "payout_delay_s": 0.1})
        settings = house_settings(
            database.url.render_as_string(hide_password=False), url, public_url=address, drain_seconds=1
        )
        town = Town(http, database, address, settings, patience_s=40)
        async with gathered(settings, tmp_path) as crew:
            for command in ("serve", "serve", "work", "work"):
                await _joins(crew, proxy, command)
            people = [await town.member(name, balance=1_000) for name in NAMES]
            over = asyncio.Event()
            living = [asyncio.create_task(_lives(person, over)) for person in people]
            await _is_replaced(crew, proxy)
            over.set()
            rounds = await asyncio.gather(*living)
            assert crew.said("job.failed") == crew.said("message.failed") == []
        assert set(proxy.answered) == {200}
        assert [await person.balance() for person in people] == [1_000 + 500 * times for times in rounds]
        assert all(rounds)
        await _asked_for_each_once(town, sum(rounds))
        await town.audit()


async def _lives(person: Person, over: asyncio.Event) -> int:
    """Top up and withdraw until it is over, reading each answer once; how often that was."""
    times, phone = 0, await person.town.phone_of(person.name)
    while not over.is_set():
        times += 1
        said = len(await person.said_to_me())
        # So little that a day of it needs no PIN.
        francs = 100 * (1 + times % 3)
        paid_in, paid_out = _money(500 + francs), _money(francs)
        await person.says(f"recharger {500 + francs} wave {phone}")
        await person.taps("Recevoir le lien")
        await person.pays()
        await person.hears(f"Recharge reçue : {paid_in}")
        await person.says(f"retirer {francs} orange {phone}")
        await person.taps("Confirmer")
        await person.hears(f"Retrait effectué : {paid_out}")
        # What each question turned into, and nothing twice.
        assert len(await person.said_to_me()) == said + 2
    return times


def _money(amount: int) -> str:
    return f"{amount:,} F CFA".replace(",", " ")


async def _joins(crew: Crew, proxy: Proxy, command: str) -> None:
    hand = await crew.joins(command)
    if command == "serve":
        proxy.doors.append(hand.url)


async def _is_replaced(crew: Crew, proxy: Proxy) -> None:
    """One after the other: the old one leaves, the new one is ready, then the next."""
    for hand in list(crew.hands):
        await hand.leaves()
        if hand.url in proxy.doors:
            proxy.doors.remove(hand.url)
        await _joins(crew, proxy, hand.command)


async def _asked_for_each_once(town: Town, rounds: int) -> None:
    """GetMiPay was asked once for each payment: the first top-up of each, and then each round's two."""
    calls = (await town.sandbox.get("/getmipay/api/requests")).json()["requests"]
    asked = Counter(call["reference"] for call in calls if call["path"].endswith("/initiate"))
    assert set(asked.values()) == {1}
    assert len(asked) == len(NAMES) + 2 * rounds
