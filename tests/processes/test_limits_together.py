"""Several processes speak on one channel, and keep its limits together."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.views import View
from core import outbox
from core.db import Database
from core.outbox import Destination, OutboxMessage
from tests.processes.crew import gathered
from tests.stories.group import group_of
from tests.stories.town import Person, Town, callers, house_settings, running_sandbox, until

SENDERS = 3
EACH = 6
TELEGRAM_PER_SECOND = 30
# Less than Meta's usual 80, so that a few people's messages are too many.
WHATSAPP_PER_SECOND = 10


@pytest.mark.parametrize(("engine", "channel"), [("postgresql", "telegram"), ("postgresql", "whatsapp")])
async def test_three_senders_are_never_told_to_wait_and_each_message_is_said_once_and_in_order(
    database: Database, tmp_path: Path, channel: str
) -> None:
    async with running_sandbox(tmp_path) as url, callers(url) as http:
        # On a busy machine what left in order arrives closer together: a little more than what is kept to.
        await http.post("/whatsapp/api/knobs", json={"throughput": WHATSAPP_PER_SECOND + 2})
        limits = {"telegram_per_second": TELEGRAM_PER_SECOND, "whatsapp_per_second": WHATSAPP_PER_SECOND}
        settings = house_settings(database.url.render_as_string(hide_password=False), url, **limits)
        town = Town(http, database, "", settings, channel)
        people = await _people(town)
        async with gathered(settings, tmp_path) as crew:
            for _ in range(SENDERS):
                await crew.joins("work")
            await _say_to_all(database, people)
            await until(lambda: _is_all_said(database))
            assert crew.said("outbox.asked_to_wait") == []
            assert crew.said("outbox.send_failed") == []
        heard = {
            _where(person): [text for text in await person.said_to_me() if text.startswith("n°")] for person in people
        }
        assert heard == {_where(person): [f"n° {number}" for number in range(EACH)] for person in people}


async def _people(town: Town) -> list[Person]:
    """Enough of them that what each may be told in a moment is more than all of them may."""
    if town.channel == "whatsapp":
        known = (await town.sandbox.get("/whatsapp/api/people")).json()["people"]
        people = [await town.person(str(each["id"])) for each in known[:4]]
        for person in people:
            await person.says("Bonjour")
        return people
    people = [await town.newcomer(f"Awa {number}", f"+2267000{number:04}") for number in range(16)]
    for person in people:
        await person.starts()
    # A chat has limits of its own, and a group has narrower ones.
    group = await group_of(town, "Tontine", *people[:2])
    return [*people, replace(people[0], chat=str(group))]


async def _say_to_all(database: Database, people: list[Person]) -> None:
    async with database.transaction() as session:
        for person in people:
            await outbox.heard(session, _where(person))
        for number in range(EACH):
            for person in people:
                await outbox.say(session, _where(person), View(f"n° {number}", apart=True).dump())


def _where(person: Person) -> Destination:
    channel, private = person.address
    return Destination(channel, private if person.chat == "private" else person.chat)


async def _is_all_said(database: Database) -> bool:
    async with database.reading() as session:
        left = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.state == "queued")
        return not await session.scalar(left)
