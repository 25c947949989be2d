"""The card of a round: one message in the group, edited in place as money comes in.

One job redraws it, however many reasons there were meanwhile; what it shows is what every member may see of a round.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.views import Button, View
from core import clock, i18n, outbox
from core.jobs import Payload, enqueue
from core.outbox import Destination
from handlers.tontine.board import board_of
from handlers.tontine.card_text import card_text, subject_of
from handlers.tontine.people import group_language
from handlers.tontine.private_card import redraw_privately
from handlers.tontine.telling import place_of
from tontines import Round, Tontine
from tontines.group import tontines_in
from tontines.money_tables import Pot
from tontines.states import RoundState

DRAW_CARD = "draw_card"
PAY, WHERE_I_AM = "pay", "mine"

# Fifty people who tap within a second are one or two drawings, not fifty.
_GATHERED = timedelta(milliseconds=300)


async def redraw(session: AsyncSession, round_id: UUID) -> None:
    """Have the round's card drawn again, soon; it is posted where it was not yet."""
    await enqueue(session, DRAW_CARD, str(round_id), {"round": str(round_id)}, run_at=clock.now() + _GATHERED)


async def redraw_open(session: AsyncSession, tontine_id: UUID) -> None:
    """Have the cards of all open rounds drawn again: a payment may have gone to the oldest one."""
    for round_id in await open_rounds(session, tontine_id):
        await redraw(session, round_id)


async def open_rounds(session: AsyncSession, tontine_id: UUID) -> list[UUID]:
    """The rounds that collect now, the oldest first."""
    mine = select(Round.id).where(Round.tontine_id == tontine_id, Round.state == RoundState.OPEN)
    return list(await session.scalars(mine.order_by(Round.opens_at, Round.number)))


async def draw_card(session: AsyncSession, payload: Payload) -> None:
    """Draw the card as the round stands now, in the message that shows it."""
    round_ = await session.get_one(Round, UUID(payload["round"]))
    tontine = await session.get_one(Tontine, round_.tontine_id)
    if round_.state is RoundState.SCHEDULED:
        return
    await redraw_privately(session, tontine, round_.id)
    here = await place_of(session, tontine)
    if here is None:
        return
    view = (await card_of(session, round_)).dump()
    posted = await outbox.last_about(session, here, subject_of(round_.id))
    if posted is None:
        await outbox.say(session, here, view, subject=subject_of(round_.id))
    elif view != await outbox.shown_now(session, posted):
        await outbox.say(session, here, view, edits=posted.id)


async def post_again(session: AsyncSession, here: Destination, round_: Round) -> None:
    """Say the card anew at the end of the chat; the one above only says that it went there."""
    posted = await outbox.last_about(session, here, subject_of(round_.id))
    if posted is not None:
        moved = i18n.text(await group_language(session, round_.tontine_id), "card.moved")
        await outbox.say(session, here, View(moved).dump(), edits=posted.id)
    view = await card_of(session, round_)
    await outbox.say(session, here, view.dump(), subject=subject_of(round_.id))


async def lives_in(session: AsyncSession, here: Destination, tontine_id: UUID) -> bool:
    """Whether this is the tontine's own group, and not one into which its card was forwarded."""
    return tontine_id in {each.id for each in await tontines_in(session, here.channel, here.chat)}


async def card_of(session: AsyncSession, round_: Round) -> View:
    """The card with its two buttons; one of a closed round has nothing left to pay."""
    language = await group_language(session, round_.tontine_id)
    board = await board_of(session, round_.id)
    buttons = [Button(i18n.text(language, "button.where_i_am"), data=f"{WHERE_I_AM}:{round_.id.hex}")]
    if not board.is_closed:
        buttons.insert(0, Button(i18n.text(language, "button.pay_contribution"), data=f"{PAY}:{round_.id.hex}"))
    has_request = await session.get(Pot, round_.id) is not None
    return View(card_text(language, board, has_request=has_request), tuple((button,) for button in buttons))
