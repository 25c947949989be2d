"""A channel on which people may be told things only for a day after they wrote: nothing is lost, nobody is pestered."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select, update

from bot.channels import Cost, OutsideWindow
from bot.sender import send_one_address
from bot.views import Saying, View
from core import clock, outbox
from core.db import Database
from core.outbox import Destination, OutboxAddress, OutboxFile, OutboxMessage
from core.pacing import Pace

HERE = Destination("whatsapp", "BF.1")
APPROVED = "deposit.settled"


@dataclass
class Windowed:
    """A network that knows approved sentences only, once the window is closed."""

    name: str = "whatsapp"
    pace: Pace | None = None
    said: list[str] = field(default_factory=list)
    nudges: list[str] = field(default_factory=list)

    async def send(
        self, chat: str, view: View, edits: str | None, file: OutboxFile | None = None, *, is_open: bool = True
    ) -> str:
        if not is_open and (view.said is None or view.said.key != APPROVED):
            raise OutsideWindow
        self.said.append(view.text)
        return f"wamid.{len(self.said)}"

    async def nudge(self, chat: str, language: str) -> None:
        self.nudges.append(language)

    def pace_in(self, chat: str) -> Pace | None:
        return None

    def cost(self, chat: str, view: View, edits: str | None) -> Cost:
        return Cost(1, 1)

    def fits_together(self, first: View, second: View) -> bool:
        return not first.rows


async def say(database: Database, text: str, key: str = "deposit.failed") -> None:
    view = View(text, said=Saying("en", key, {}))
    await database.run(lambda session: outbox.say(session, HERE, view.dump()))


async def hear(database: Database) -> None:
    await database.run(lambda session: outbox.heard(session, HERE))


async def send(database: Database, channel: Windowed) -> None:
    while await send_one_address(database, channel):
        pass


async def states(database: Database) -> dict[str, str]:
    async with database.reading() as session:
        return {row.view["text"]: row.state for row in await session.scalars(select(OutboxMessage))}


async def long_after(database: Database, hours: int) -> None:
    """As if so many hours had passed since they wrote and were nudged."""
    past = clock.now() - timedelta(hours=hours)
    nudged = {"nudged_at": past, "heard_at": past}
    await database.run(lambda session: session.execute(update(OutboxAddress).values(**nudged)))


async def test_what_is_said_within_a_day_is_sent_at_once(database: Database):
    channel = Windowed()
    await hear(database)
    await say(database, "un")
    await send(database, channel)
    assert (channel.said, channel.nudges) == (["un"], [])


async def test_what_cannot_be_said_waits_for_the_person_who_is_asked_once_to_write(database: Database):
    channel = Windowed()
    await say(database, "un")
    await say(database, "deux")
    await send(database, channel)
    await say(database, "trois")
    await send(database, channel)
    assert (channel.said, channel.nudges) == ([], ["en"])
    assert set((await states(database)).values()) == {"queued"}

    await hear(database)
    await send(database, channel)
    assert channel.said == ["un\n\ndeux\n\ntrois"]
    assert set((await states(database)).values()) == {"sent"}


async def test_an_approved_sentence_overtakes_those_that_wait(database: Database):
    channel = Windowed()
    await say(database, "un")
    await send(database, channel)
    await say(database, "reçu", APPROVED)
    await send(database, channel)
    assert channel.said == ["reçu"]
    assert await states(database) == {"un": "queued", "reçu": "sent"}


async def test_an_approved_sentence_gets_through_however_much_waits(database: Database):
    channel = Windowed()
    for number in range(25):
        await say(database, str(number))
    await say(database, "reçu", APPROVED)
    await send(database, channel)
    assert channel.said == ["reçu"]


async def test_who_did_not_answer_is_asked_again_the_next_day_and_only_if_there_is_news(database: Database):
    channel = Windowed()
    await say(database, "un")
    await send(database, channel)
    await long_after(database, 25)
    await send(database, channel)
    assert channel.nudges == ["en"]
    await say(database, "deux")
    await send(database, channel)
    assert channel.nudges == ["en", "en"]


async def test_the_window_closes_a_day_after_they_wrote(database: Database):
    channel = Windowed()
    await hear(database)
    await long_after(database, 24)
    await say(database, "un")
    await send(database, channel)
    assert channel.said == []


async def test_a_turns_messages_are_one_message_and_keep_one_id(database: Database):
    channel = Windowed()
    await hear(database)
    for words in ("un", "deux", "trois"):
        await say(database, words)
    await send(database, channel)
    assert channel.said == ["un\n\ndeux\n\ntrois"]
    async with database.reading() as session:
        assert set(await session.scalars(select(OutboxMessage.external_id))) == {"wamid.1"}


async def receipts(database: Database, *kinds: str) -> list[tuple[str | None, str]]:
    for kind in kinds:
        await database.run(lambda session, kind=kind: outbox.note_receipt(session, HERE, "wamid.1", kind, "131026"))
    async with database.reading() as session:
        return [(row.receipt, row.state) for row in await session.scalars(select(OutboxMessage))]


async def test_receipts_climb_the_ladder_and_a_late_one_takes_nothing_back(database: Database):
    await hear(database)
    await say(database, "un")
    await send(database, Windowed())
    assert await receipts(database, "sent", "read", "delivered") == [("read", "sent")]


async def test_a_message_that_failed_after_all_is_failed(database: Database):
    await hear(database)
    await say(database, "un")
    await send(database, Windowed())
    assert await receipts(database, "sent", "failed") == [("failed", "failed")]


async def test_a_receipt_of_a_message_not_yet_known_says_so(database: Database):
    await hear(database)
    assert not await database.run(lambda session: outbox.note_receipt(session, HERE, "wamid.9", "sent"))


async def test_what_the_channel_found_outside_the_window_after_all_is_said_when_they_write(database: Database):
    channel = Windowed()
    await hear(database)
    await say(database, "un")
    await send(database, channel)
    assert await database.run(lambda session: outbox.say_later(session, HERE, "wamid.1"))
    await send(database, channel)
    assert (channel.said, channel.nudges) == (["un"], ["en"])
    await hear(database)
    await send(database, channel)
    assert channel.said == ["un", "un"]
