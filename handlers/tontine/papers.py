"""The papers that members take away, drawn by a job: what they need is read, then drawn, and only then said.

Drawing takes half a second, and in the conversation's transaction it would keep everybody on SQLite from writing.
"""

import asyncio
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import tontines
from bot.chat import Chat
from bot.views import Button, View
from core import clock, i18n, outbox
from core.db import Database
from core.jobs import Jobs, Payload, end_job, enqueue
from core.outbox import Destination
from handlers.tontine.account import account_of
from handlers.tontine.documents import account_pdf
from handlers.tontine.exports import account_csv, tontine_files, zipped
from handlers.tontine.links import Links
from members import Member
from tontines import Tontine
from tontines.statement_file import write_file

PAPER = "tontine_paper"
PDF, CSV, CHAIN, ALL = "pdf", "csv", "chain", "all"

_ENDINGS = {PDF: "pdf", CSV: "csv", CHAIN: "jsonl", ALL: "zip"}


@dataclass(frozen=True, slots=True)
class _Paper:
    """A file still to be drawn, and the sentence that goes with it."""

    name: str
    caption: str
    draw: Callable[[], bytes]


async def order_paper(chat: Chat, tontine: Tontine, chosen: str) -> None:
    """Have a paper brought to where it was asked for."""
    order = {
        "order": str(chat.run_id), "member": str(chat.member.id), "tontine": str(tontine.id), "paper": chosen,
        "channel": chat.here.channel, "chat": chat.here.chat,
    }  # fmt: skip
    await enqueue(chat.session, PAPER, order["order"], order)


def register_papers(jobs: Jobs, links: Links) -> None:
    """Draw what is ordered."""

    async def bring(database: Database, order: Payload) -> None:
        async with database.reading() as session:
            member = await session.get_one(Member, UUID(order["member"]))
            paper = await _read(session, links, member, order)
        content = await asyncio.to_thread(paper.draw)
        await database.run(lambda session: _say(session, order, member.language, paper, content))

    jobs.calling(PAPER, bring)


async def _say(session: AsyncSession, order: Payload, language: str, paper: _Paper, content: bytes) -> None:
    if not await end_job(session, PAPER, order["order"]):
        return
    file = await outbox.attach(session, paper.name, content)
    again = Button(i18n.text(language, "button.statement"), data="go:statement")
    view = View(paper.caption, ((again,),), document=file)
    await outbox.say(session, Destination(order["channel"], order["chat"]), view.dump())


async def _read(session: AsyncSession, links: Links, member: Member, order: Payload) -> _Paper:
    tontine = await session.get_one(Tontine, UUID(order["tontine"]))
    chosen, language = order["paper"], member.language
    name = _file_name(language, tontine, chosen)
    if chosen == CHAIN:
        lines = await tontines.statement(session, tontine.id)
        told = i18n.text(
            language, "statement.chain", name=tontine.name, line=len(lines), hash=lines[-1]["hash"],
            page=f"{links.public}/tontine/verify",
        )  # fmt: skip
        return _Paper(name, told, partial(write_file, lines))
    if chosen == ALL:
        files = await tontine_files(session, tontine, language)
        return _Paper(name, i18n.text(language, "statement.all", name=tontine.name), partial(zipped, files))
    membership = await tontines.find_membership(session, tontine.id, member.id)
    assert membership is not None  # noqa: S101 - nobody else was offered it, and no membership is ever deleted
    account = await account_of(session, membership)
    told = i18n.text(
        language, "statement.mine", name=tontine.name, owed=account.total_owed, paid=account.total_paid,
        left=account.total_left, received=account.total_received,
    )  # fmt: skip
    return _Paper(name, told, partial(account_pdf if chosen == PDF else account_csv, account, language))


def _file_name(language: str, tontine: Tontine, chosen: str) -> str:
    """`releve-les-amies-2026-11-22.pdf`: letters that every telephone and computer can keep in a name."""
    bare = unicodedata.normalize("NFKD", tontine.name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:40] or "tontine"
    day = clock.now().date().isoformat()
    return f"{i18n.text(language, f'statement.file.{chosen}')}-{words}-{day}.{_ENDINGS[chosen]}"
