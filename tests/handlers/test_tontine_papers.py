"""Papers and minutes are drawn by jobs: however often a job is begun, what it brings comes once."""

import asyncio

import pytest
from sqlalchemy import select

import tontines
from bot.chat import Chat
from bot.conversation import Run
from core.db import Database
from core.jobs import JobRow, Jobs
from core.outbox import Destination, OutboxFile, OutboxMessage
from handlers.tontine.links import Links
from handlers.tontine.minutes import MINUTES, register_minutes
from handlers.tontine.papers import ALL, CHAIN, CSV, PAPER, PDF, order_paper, register_papers
from tests.tontines.conftest import village
from tests.tontines.kit import Group, Village

__all__ = ["village"]

HERE = Destination("test", "Binta's")


@pytest.fixture
def jobs() -> Jobs:
    jobs = Jobs()
    register_papers(jobs, Links(lambda payload: payload, "https://cauri.example"))
    register_minutes(jobs)
    return jobs


async def order(village: Village, group: Group, paper: str) -> JobRow:
    async with village.transaction() as session:
        chat = Chat(session, village.people["Binta"], Run("statement"), HERE)
        await order_paper(chat, await session.get_one(tontines.Tontine, group.id), paper)
        job = await session.scalar(select(JobRow).where(JobRow.kind == PAPER))
        assert job is not None
        return job


async def told(database: Database, to: Destination) -> list[str]:
    """The names of the files that were said there."""
    async with database.reading() as session:
        messages = list(await session.scalars(select(OutboxMessage).where(OutboxMessage.chat == to.chat)))
        files = [each.view.get("document") or each.view.get("picture") for each in messages]
        every = {str(each.id): each.name for each in await session.scalars(select(OutboxFile))}
        return [every[file] for file in files if file]


@pytest.mark.parametrize(("paper", "ending"), [(PDF, ".pdf"), (CSV, ".csv"), (CHAIN, ".jsonl"), (ALL, ".zip")])
async def test_a_paper_whose_job_is_begun_twice_comes_once(
    village: Village, database: Database, jobs: Jobs, paper: str, ending: str
):
    group = await village.running("Awa", "Binta", "Chantal")
    job = await order(village, group, paper)
    # A worker that lost its lease goes on drawing beside the one that has it now.
    bring = jobs._calling[PAPER]
    await asyncio.gather(bring(database, job.payload), bring(database, job.payload))
    [name] = await told(database, HERE)
    assert name.endswith(ending)
    async with database.reading() as session:
        assert await session.get(JobRow, job.id) is None


async def test_minutes_begun_twice_are_in_the_group_once_and_the_sums_come_after_the_last(
    village: Village, database: Database, jobs: Jobs
):
    group = await village.running("Awa", "Binta", "Chantal", short_pot="carry")
    for number in (1, 2, 3):
        await group.open(number)
        for name in ("Awa", "Binta", "Chantal"):
            await group.pay(name, 5_000)
        await group.pay_pot(number)
    rounds = [(await group.round(number)).id for number in (1, 2, 3)]
    async with database.transaction() as session:
        for round_id in rounds:
            await jobs._transactional["event:round.closed"](session, {"round": str(round_id)})
        waiting = list(await session.scalars(select(JobRow).where(JobRow.kind == MINUTES).order_by(JobRow.id)))
    write = jobs._calling[MINUTES]
    for job in waiting:
        await asyncio.gather(write(database, job.payload), write(database, job.payload))
    assert await told(database, Destination("test", "42")) == ["tour-1.png", "tour-2.png", "tour-3.png"]
    async with database.reading() as session:
        said = list(await session.scalars(select(OutboxMessage.subject).order_by(OutboxMessage.seq)))
    assert [subject.partition(":")[0] for subject in said if subject].count("cycle") == 1
