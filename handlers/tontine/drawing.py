"""The draw in the group: what binds us is announced, members stir it, and the result comes at its time."""

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
from core import clock, i18n
from core.jobs import Payload, enqueue
from handlers.tontine import words
from handlers.tontine.links import WORD, Links, id_of, token_of
from handlers.tontine.people import cut, group_language
from handlers.tontine.telling import place_of, tell_each, tell_group, tell_members, turn_in_group
from handlers.tontine.which import ask_tontine, hinted_id
from tontines.cycle_tables import WORDS_LENGTH, Cycle, Draw, Entropy, Round
from tontines.cycles import holdings_of, rounds_of, turns_of
from tontines.draw import verify_draw
from tontines.drawing import NoDraw, WordsInvalid, add_words
from tontines.group_tables import Tontine

TURN_CARD = "turn_draw_card"
MIX_TAP = "tmix"


class DrawWords(Question[str]):
    """A word of one's own, or chance's."""

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


async def add_word(chat: Chat) -> None:
    """A word of one's own, said in private: the group reads it with the result."""
    named = await chat.once("cycle", str, lambda: _named(chat))
    cycle = await _cycle(chat.session, named)
    if cycle is None:
        chat.say("dialogue.old_button")
        return
    tontine = await chat.session.get_one(Tontine, cycle.tontine_id)
    said = await chat.ask("words", DrawWords(), name=tontine.name)
    is_new = await add_words(chat.session, cycle.id, chat.member.id, said)
    chat.say("draw_word.added" if is_new else "tontine.draw.mixed_already", words=said)


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


def committed(links: Links) -> Callable[[AsyncSession, Payload], Awaitable[None]]:
    """The draw is announced: in the group, or to each where there is none."""

    async def announce(session: AsyncSession, payload: Payload) -> None:
        cycle = await session.get_one(Cycle, UUID(payload["cycle"]))
        tontine = await session.get_one(Tontine, cycle.tontine_id)
        view = await _announcement(session, links, cycle, tontine)
        if not await tell_group(session, tontine, view, subject=_subject(cycle.id)):
            draw = await session.get_one(Draw, cycle.id)
            for_all = Button(
                i18n.text(await group_language(session, tontine.id), "tontine.button.my_word"),
                url=_word(links, cycle.id),
            )
            at = i18n.moment(await group_language(session, tontine.id), draw.reveal_at, cycle.rules.zone)
            await tell_members(
                session, tontine, "tontine.draw.committed_private", [for_all], subject=_subject(cycle.id),
                commitment=draw.commitment, at=at,
            )  # fmt: skip

    return announce


async def words_added(session: AsyncSession, payload: Payload) -> None:
    """The announcement counts who has stirred; once for however many did within a moment."""
    await enqueue(session, TURN_CARD, payload["cycle"], {"cycle": payload["cycle"]}, run_at=clock.now())


def turn_card(links: Links) -> Callable[[AsyncSession, Payload], Awaitable[None]]:
    """The job that turns the announcement in place."""

    async def turn(session: AsyncSession, payload: Payload) -> None:
        cycle = await session.get_one(Cycle, UUID(payload["cycle"]))
        tontine = await session.get_one(Tontine, cycle.tontine_id)
        view = await _announcement(session, links, cycle, tontine)
        await turn_in_group(session, tontine, view, subject=_subject(cycle.id))

    return turn


def revealed(links: Links) -> Callable[[AsyncSession, Payload], Awaitable[None]]:
    """The result, for everybody."""

    async def tell(session: AsyncSession, payload: Payload) -> None:
        cycle = await session.get_one(Cycle, UUID(payload["cycle"]))
        tontine = await session.get_one(Tontine, cycle.tontine_id)
        await words_added(session, payload)

        async def result(language: str) -> View:
            order = await order_in_words(session, cycle, language)
            page = Button(i18n.text(language, "tontine.button.draw_page"), url=links.to_draw(cycle.id))
            return View(i18n.text(language, "tontine.draw.revealed", name=tontine.name, order=order), ((page,),))

        if await place_of(session, tontine) is None:
            await tell_each(session, tontine, lambda member: result(member.language), subject=f"drawn:{cycle.id}")
        else:
            await tell_group(session, tontine, await result(await group_language(session, tontine.id)))

    return tell


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


async def _announcement(session: AsyncSession, links: Links, cycle: Cycle, tontine: Tontine) -> View:
    language = await group_language(session, tontine.id)
    draw = await session.get_one(Draw, cycle.id, populate_existing=True)
    count = await session.scalar(select(func.count()).where(Entropy.cycle_id == cycle.id)) or 0
    facts = {
        "name": tontine.name, "commitment": draw.commitment, "count": count,
        "at": i18n.moment(language, draw.reveal_at, cycle.rules.zone),
    }  # fmt: skip
    if draw.revealed_at is not None:
        return View(i18n.text(language, "tontine.draw.over", **facts))
    mixing = Button(i18n.text(language, "tontine.button.mix"), data=f"{MIX_TAP}:{token_of(cycle.id)}")
    word = Button(i18n.text(language, "tontine.button.my_word"), url=_word(links, cycle.id))
    return View(i18n.text(language, "tontine.draw.committed", **facts), ((mixing, word),))


async def _verdict(session: AsyncSession, links: Links, tontine: Tontine, language: str) -> tuple[Markup, Button]:
    """What a recomputation finds; raises NoDraw where no lots were drawn."""
    mine = select(Draw).join(Cycle, Cycle.id == Draw.cycle_id).where(Cycle.tontine_id == tontine.id)
    draw = await session.scalar(mine.order_by(Cycle.number.desc()).limit(1))
    if draw is None:
        raise NoDraw
    button = Button(i18n.text(language, "tontine.button.draw_page"), url=links.to_draw(draw.cycle_id))
    if draw.public is None:
        at = i18n.moment(language, draw.reveal_at, tontine.rules.zone)
        return i18n.text(
            language, "tontine.verify.pending", name=tontine.name, commitment=draw.commitment, at=at
        ), button
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


def _word(links: Links, cycle_id: UUID) -> str:
    return links.deep_link(WORD + token_of(cycle_id))


def _subject(cycle_id: UUID) -> str:
    return f"draw:{cycle_id}"
