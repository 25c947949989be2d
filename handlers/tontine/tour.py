"""The round that collects now: /tour posts its card again in the group, and shows it in private."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.groups import GroupTurn, Toast
from bot.views import Button, View
from core import i18n
from handlers.tontine import auction_notices, need_notices
from handlers.tontine.answers import leading_to
from handlers.tontine.board import board_of
from handlers.tontine.card import open_rounds, post_again
from handlers.tontine.card_text import card_text
from handlers.tontine.contribute import CONTRIBUTE
from handlers.tontine.links import id_of
from handlers.tontine.next_turn import next_turn, said_of, ways_to_say
from handlers.tontine.which import TONTINE, ask_tontine, buttons_for, my_membership
from handlers.tontine.words import labels
from tontines import Round, Tontine
from tontines.group import tontines_in
from tontines.states import RoundState

TOUR = "tour"


async def tour_in_group(turn: GroupTurn, _: str) -> None:
    """Post the card again; which one is asked when several tontines live here."""
    here = await tontines_in(turn.session, turn.here.channel, turn.here.chat)
    if not here:
        await turn.say(View(i18n.text(turn.language, "tour.no_tontine")))
    elif len(here) == 1:
        await _post(turn, here[0])
    else:
        rows = tuple((Button(name, data=f"{TOUR}:{UUID(id_).hex}"),) for id_, name in labels(here))
        await turn.say(View(i18n.text(turn.language, "tour.which"), rows))


async def tour_chosen(turn: GroupTurn, argument: str) -> Toast:
    """One of the several tontines of the group was chosen."""
    chosen = id_of(argument)
    for tontine in await tontines_in(turn.session, turn.here.channel, turn.here.chat):
        if tontine.id == chosen:
            await _post(turn, tontine)
            return Toast()
    return Toast(i18n.text(turn.language, "group.old_button"))


async def tour(chat: Chat) -> None:
    """The card of the round that collects now, in private."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    rounds = await open_rounds(chat.session, tontine.id)
    coming = await next_turn(chat.session, tontine)
    if not rounds and coming is None:
        key, facts = await _nothing_open(chat.session, tontine, chat.member.language)
        chat.say(key, **facts)
    if rounds:
        await _say_cards(chat, tontine, rounds)
    if coming is not None:
        membership = await my_membership(chat, tontine)
        ways = await buttons_for(chat.session, chat.member, tontine)
        text = await said_of(chat.session, coming, tontine, chat.member.language, chat.member.time_zone)
        chat.say("tour.is", card=text, buttons=await ways_to_say(chat, ways, coming, membership))


async def _say_cards(chat: Chat, tontine: Tontine, rounds: list[UUID]) -> None:
    pay = await leading_to(chat.session, chat.member, "contribute", CONTRIBUTE, {TONTINE: str(tontine.id)})
    for round_id in rounds:
        text = card_text(chat.member.language, await board_of(chat.session, round_id))
        chat.say("tour.is", card=text, buttons=[[pay]])


async def _post(turn: GroupTurn, tontine: Tontine) -> None:
    rounds = await open_rounds(turn.session, tontine.id)
    for round_id in rounds:
        await post_again(turn.session, turn.here, await turn.session.get_one(Round, round_id))
    coming = await next_turn(turn.session, tontine)
    if coming is not None and coming.is_auction:
        await auction_notices.post_again(turn.session, turn.here, coming.round)
    elif coming is not None:
        await turn.say(await need_notices.card_of(turn.session, coming, tontine, turn.language))
    elif not rounds:
        key, facts = await _nothing_open(turn.session, tontine, turn.language)
        await turn.say(View(i18n.text(turn.language, key, **facts)))


async def _nothing_open(session: AsyncSession, tontine: Tontine, language: str) -> tuple[str, dict[str, Any]]:
    """What to say when no round collects: when the next one opens, if one does."""
    coming = select(Round).where(Round.tontine_id == tontine.id, Round.state == RoundState.SCHEDULED)
    next_one = await session.scalar(coming.order_by(Round.opens_at).limit(1))
    if next_one is None:
        return "tour.none", {"tontine": tontine.name}
    when = i18n.moment(language, next_one.opens_at, tontine.rules.zone)
    return "tour.next", {"tontine": tontine.name, "number": next_one.number, "when": when}
