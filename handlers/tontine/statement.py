"""What one takes away of a tontine: /releve. One's own account, the statement to check, or everything for officers."""

from sqlalchemy import select

import tontines
from bot.chat import Chat
from bot.questions import OneOf
from handlers.tontine.board import last_seal
from handlers.tontine.papers import ALL, CHAIN, CSV, PDF, order_paper
from handlers.tontine.which import ask_tontine
from tontines import Membership, MembershipState, Tontine

_HAD_PART = (MembershipState.APPROVED, MembershipState.ACTIVE, MembershipState.LEFT)


async def statement(chat: Chat) -> None:
    """Choose a tontine and a paper, and receive it as a file."""
    tontine = await ask_tontine(chat, await _with_papers(chat))
    if tontine is None:
        return
    membership = await tontines.find_membership(chat.session, tontine.id, chat.member.id)
    assert membership is not None  # noqa: S101 - it is one of theirs
    offered = [PDF, CSV, CHAIN]
    if membership.id in (await tontines.officers_of(chat.session, tontine.id)).values():
        offered.append(ALL)
    named = [(paper, chat.text(f"statement.paper.{paper}")) for paper in offered]
    chosen = await chat.ask("paper", OneOf(named, columns=1), name=tontine.name)
    if chosen == CHAIN and await last_seal(chat.session, tontine.id) is None:
        chat.say("statement.nothing_sealed", name=tontine.name)
        return
    await order_paper(chat, tontine, chosen)
    chat.say("statement.comes", name=tontine.name)


async def _with_papers(chat: Chat) -> list[Tontine]:
    """The tontines that the member takes or took part in, closed ones too: what was paid stays theirs to see."""
    mine = select(Tontine).join(Membership).where(Membership.member_id == chat.member.id)
    had_part = mine.where(Membership.state.in_(_HAD_PART))
    return list(await chat.session.scalars(had_part.order_by(Tontine.created_at, Tontine.id)))
