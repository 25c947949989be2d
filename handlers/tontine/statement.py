"""What one takes away of a tontine: /releve. One's own account, the statement to check, or everything for officers."""

import asyncio
import re
import unicodedata
from dataclasses import dataclass

from sqlalchemy import select

import tontines
from bot.chat import Chat, Flow, Said
from bot.questions import OneOf
from bot.views import Button, View
from core import clock, outbox
from handlers.tontine.account import account_of
from handlers.tontine.board import last_seal
from handlers.tontine.documents import account_pdf
from handlers.tontine.exports import account_csv, tontine_zip
from handlers.tontine.links import Links
from handlers.tontine.which import ask_tontine
from tontines import Membership, MembershipState, Tontine
from tontines.statement_file import write_file

_PDF, _CSV, _CHAIN, _ALL = "pdf", "csv", "chain", "all"
_HAD_PART = (MembershipState.APPROVED, MembershipState.ACTIVE, MembershipState.LEFT)
_ENDINGS = {_PDF: "pdf", _CSV: "csv", _CHAIN: "jsonl", _ALL: "zip"}


@dataclass(frozen=True, slots=True)
class _Paper:
    """A file to send, and the sentence that goes with it."""

    content: bytes
    caption: str


def statement_of(links: Links) -> Flow:
    """Choose a tontine and a paper, and receive it as a file."""

    async def run(chat: Chat) -> None:
        tontine = await ask_tontine(chat, await _with_papers(chat))
        if tontine is None:
            return
        membership = await tontines.find_membership(chat.session, tontine.id, chat.member.id)
        assert membership is not None  # noqa: S101 - it is one of theirs
        offered = [_PDF, _CSV, _CHAIN]
        if membership.id in (await tontines.officers_of(chat.session, tontine.id)).values():
            offered.append(_ALL)
        named = [(paper, chat.text(f"statement.paper.{paper}")) for paper in offered]
        chosen = await chat.ask("paper", OneOf(named, columns=1), name=tontine.name)
        if chosen == _CHAIN and await last_seal(chat.session, tontine.id) is None:
            chat.say("statement.nothing_sealed", name=tontine.name)
            return
        paper = await _paper(chat, links, tontine, membership, chosen)
        file = await outbox.attach(chat.session, _file_name(chat, tontine, chosen), paper.content)
        again = Button(chat.text("button.statement"), data="go:statement")
        chat.said.append(Said(View(paper.caption, ((again,),), document=file)))

    return run


async def _with_papers(chat: Chat) -> list[Tontine]:
    """The tontines that the member takes or took part in, closed ones too: what was paid stays theirs to see."""
    mine = select(Tontine).join(Membership).where(Membership.member_id == chat.member.id)
    had_part = mine.where(Membership.state.in_(_HAD_PART))
    return list(await chat.session.scalars(had_part.order_by(Tontine.created_at, Tontine.id)))


async def _paper(chat: Chat, links: Links, tontine: Tontine, membership: Membership, chosen: str) -> _Paper:
    language, session = chat.member.language, chat.session
    if chosen == _CHAIN:
        lines = await tontines.statement(session, tontine.id)
        told = chat.text(
            "statement.chain",
            name=tontine.name,
            line=len(lines),
            hash=lines[-1]["hash"],
            page=f"{links.public}/tontine/verify",
        )
        return _Paper(write_file(lines), told)
    if chosen == _ALL:
        return _Paper(await tontine_zip(session, tontine, language), chat.text("statement.all", name=tontine.name))
    account = await account_of(session, membership)
    render = account_pdf if chosen == _PDF else account_csv
    told = chat.text(
        "statement.mine", name=tontine.name, owed=account.total_owed, paid=account.total_paid,
        left=account.total_left, received=account.total_received,
    )  # fmt: skip
    return _Paper(await asyncio.to_thread(render, account, language), told)


def _file_name(chat: Chat, tontine: Tontine, chosen: str) -> str:
    """`releve-les-amies-2026-11-22.pdf`: letters that every telephone and computer can keep in a name."""
    bare = unicodedata.normalize("NFKD", tontine.name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:40] or "tontine"
    day = clock.now().date().isoformat()
    return f"{chat.text(f'statement.file.{chosen}')}-{words}-{day}.{_ENDINGS[chosen]}"
