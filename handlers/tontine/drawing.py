"""The draw: members stir it, in the group or in private, and anybody has it recomputed."""

import secrets
from collections.abc import Awaitable, Callable
from uuid import UUID

from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat, Flow
from bot.groups import GroupTurn, Toast
from bot.questions import Question
from bot.views import Button, View
from core import i18n
from handlers.tontine import words
from handlers.tontine.links import Links, id_of
from handlers.tontine.people import cut
from handlers.tontine.which import ask_tontine, hinted_id
from tontines.cycle_tables import WORDS_LENGTH, Cycle, Draw, Entropy, Round
from tontines.cycles import holdings_of, rounds_of, turns_of
from tontines.draw import verify_draw
from tontines.drawing import NoDraw, WordsInvalid, add_words, may_add_words
from tontines.group_tables import Tontine

MIX_TAP = "tmix"


class DrawWords(Question[str]):
    """A word of one's own, or chance's."""

    is_in_own_words = True

    async def read_text(self, text: str, session: AsyncSession) -> str:
        said = " ".join(text.split())
        if not 1 <= len(said) <= WORDS_LENGTH:
            raise WordsInvalid(at_most=WORDS_LENGTH)
        return said


async def mix(turn: GroupTurn, token: str) -> Toast:
    """Mélanger: words that chance makes up, in the tapper's name."""
    cycle = await _cycle(turn.session, token)
    if cycle is None:
        return Toast(i18n.text(turn.language, "group.old_button"))
    if turn.member is None:
        return Toast(start="menu")
    is_new = await add_words(turn.session, cycle.id, turn.member.id, secrets.token_hex(8))
    return Toast(i18n.text(turn.language, "tontine.draw.mixed" if is_new else "tontine.draw.mixed_already"))


async def mix_in_private(chat: Chat) -> None:
    """The same for whoever does not read the group."""
    cycle = await _cycle(chat.session, await _named(chat))
    if cycle is None:
        chat.say("dialogue.old_button")
        return
    is_new = await add_words(chat.session, cycle.id, chat.member.id, secrets.token_hex(8))
    await _say_added(chat, cycle, "draw_mix.added" if is_new else "tontine.draw.mixed_already")


async def add_word(chat: Chat) -> None:
    """A word of one's own, said in private: the group reads it with the result. Nobody is asked for one in vain."""
    cycle = await _cycle(chat.session, await chat.once("cycle", str, lambda: _named(chat)))
    if cycle is None:
        chat.say("dialogue.old_button")
        return
    tontine = await chat.session.get_one(Tontine, cycle.tontine_id)
    if await may_add_words(chat.session, cycle.id, chat.member.id):
        said = await chat.ask("words", DrawWords(), name=tontine.name)
        is_new = await add_words(chat.session, cycle.id, chat.member.id, said)
    else:
        said, is_new = "", False
    await _say_added(chat, cycle, "draw_word.added" if is_new else "tontine.draw.mixed_already", said)


def verify(links: Links) -> Flow:
    """/verifier in private: the draw is recomputed from its public record."""

    async def run(chat: Chat) -> None:
        tontine = await ask_tontine(chat)
        if tontine is None:
            return
        text, button = await _verdict(chat.session, links, tontine, chat.member.language)
        chat.say("tontine.verdict", verdict=text, buttons=[[button]])

    return run


def say_verdict(links: Links) -> Callable[[GroupTurn, Tontine], Awaitable[None]]:
    """The same in the group."""

    async def say(turn: GroupTurn, tontine: Tontine) -> None:
        try:
            text, button = await _verdict(turn.session, links, tontine, turn.language)
        except NoDraw as refusal:
            await turn.say(View(i18n.text(turn.language, refusal.key)))
            return
        await turn.say(View(text, ((button,),)))

    return say


async def order_in_words(session: AsyncSession, cycle: Cycle, language: str) -> Markup:
    """The turns, one line each: place, names, day."""
    names = await words.names_of(session, cycle.tontine_id)
    rounds: dict[int, Round] = {each.number: each for each in await rounds_of(session, cycle.id)}
    lines = []
    for turn in await turns_of(session, cycle.id):
        holders = " + ".join(cut(names[each.membership_id]) for each in await holdings_of(session, turn.share_id))
        day = words.short_day(language, words.local_day(cycle.rules, rounds[turn.position].opens_at))
        lines.append(Markup("{}. <b>{}</b> · {}").format(turn.position, holders, day))
    return words.folded(language, lines)


def page_button(links: Links, cycle_id: UUID, language: str) -> Button:
    """The way to the page on which anybody recomputes the draw."""
    return Button(i18n.text(language, "tontine.button.draw_page"), url=links.to_draw(cycle_id))


async def stirred(session: AsyncSession, cycle_id: UUID) -> int:
    """How many people have added their bit of chance."""
    return await session.scalar(select(func.count()).where(Entropy.cycle_id == cycle_id)) or 0


async def _verdict(session: AsyncSession, links: Links, tontine: Tontine, language: str) -> tuple[Markup, Button]:
    """What a recomputation finds; raises NoDraw where no lots were drawn."""
    mine = select(Draw).join(Cycle, Cycle.id == Draw.cycle_id).where(Cycle.tontine_id == tontine.id)
    draw = await session.scalar(mine.order_by(Cycle.number.desc()).limit(1))
    if draw is None:
        raise NoDraw
    button = page_button(links, draw.cycle_id, language)
    if draw.public is None:
        at, count = i18n.moment(language, draw.reveal_at, tontine.rules.zone), await stirred(session, draw.cycle_id)
        facts = {"name": tontine.name, "commitment": draw.commitment, "at": at, "count": count}
        return i18n.text(language, "tontine.verify.pending", **facts), button
    verdict = verify_draw(draw.public)
    key = "tontine.verify.honest" if verdict.is_honest else "tontine.verify.broken"
    cycle = await session.get_one(Cycle, draw.cycle_id)
    order = await order_in_words(session, cycle, language)
    text = i18n.text(
        language, key, name=tontine.name, commitment=draw.commitment, order=order, count=len(draw.public["entropy"])
    )
    return text, button


async def _cycle(session: AsyncSession, token: str) -> Cycle | None:
    found = id_of(token)
    return await session.get(Cycle, found) if found else None


async def _named(chat: Chat) -> str:
    return str(hinted_id(chat, "payload") or "")


async def _say_added(chat: Chat, cycle: Cycle, key: str, said: str = "") -> None:
    tontine = await chat.session.get_one(Tontine, cycle.tontine_id)
    draw = await chat.session.get_one(Draw, cycle.id)
    at = i18n.moment(chat.member.language, draw.reveal_at, cycle.rules.zone)
    chat.say(key, name=tontine.name, at=at, words=said, in_place=True)
