"""The card of a round: one message in the group, edited in place as money comes in.

One job redraws it, however many reasons there were meanwhile; what it shows is what every member may see of a round.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.views import Button, View
from core import clock, i18n, outbox
from core.jobs import Payload, enqueue
from core.outbox import Destination, OutboxMessage
from handlers.tontine.board import Board, Row, Standing, board_of
from handlers.tontine.people import cut, group_language
from handlers.tontine.telling import place_of
from tontines import Round, Tontine
from tontines.group import tontines_in
from tontines.money_tables import Pot
from tontines.states import RoundState

DRAW_CARD = "draw_card"
PAY, WHERE_I_AM = "pay", "mine"

# Fifty people who tap within a second are one or two drawings, not fifty.
_GATHERED = timedelta(milliseconds=300)
# Up to so many members have a line each; more are named in a row for each standing, so many of them.
_LINES = 15
_NAMED = 15


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
    here = await place_of(session, tontine)
    if here is None or round_.state is RoundState.SCHEDULED:
        return
    view = (await card_of(session, round_)).dump()
    posted = await outbox.last_about(session, here, subject_of(round_.id))
    if posted is None:
        await outbox.say(session, here, view, subject=subject_of(round_.id))
    elif view != await _shown_now(session, posted):
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


def subject_of(round_id: UUID) -> str:
    """What the card's message is about."""
    return f"round:{round_id}"


def card_text(language: str, board: Board, *, has_request: bool = False) -> Markup:
    """The card's words: whose turn, until when, how much is there, and who has paid."""
    names = [cut(name) for name in board.beneficiaries]
    return i18n.text(
        language, "card.text", tontine=board.tontine, number=board.number, of=board.of, names=", ".join(names),
        until=i18n.moment(language, board.deadline, board.zone), collected=board.collected, expected=board.expected,
        state=i18n.text(language, f"card.state.{_state(board, has_request=has_request)}"),
        rows=_rows(language, board.rows),
        price=i18n.text(language, "card.price", price=board.price) if board.price else "",
        taken_back=i18n.text(language, "card.taken_back", amount=board.taken_back) if board.taken_back else "",
    )  # fmt: skip


def _state(board: Board, *, has_request: bool) -> str:
    if board.is_closed:
        return "closed"
    if has_request:
        return "requested"
    if board.collected >= board.expected:
        return "full"
    return "late" if board.deadline < clock.now() else "open"


def _rows(language: str, rows: Sequence[Row]) -> Markup:
    if len(rows) <= _LINES:
        return Markup("\n").join(_row(language, row) for row in rows)
    standing = {each: [row for row in rows if row.standing is each] for each in Standing}
    return Markup("\n").join(_folded(language, each, some) for each, some in standing.items() if some)


def _row(language: str, row: Row) -> Markup:
    return i18n.text(language, f"card.row.{row.standing}", name=cut(row.name), paid=row.paid, owed=row.owed)


def _folded(language: str, standing: Standing, rows: Sequence[Row]) -> Markup:
    """Many members in few words: how many stand so, and the first of their names."""
    names = ", ".join(cut(row.name) for row in rows[:_NAMED])
    more = i18n.text(language, "card.more", count=len(rows) - _NAMED) if len(rows) > _NAMED else ""
    return i18n.text(language, f"card.folded.{standing}", count=len(rows), names=names, more=more)


async def _shown_now(session: AsyncSession, posted: OutboxMessage) -> dict[str, object]:
    """What the message says, with the edits that are still on their way."""
    edits = select(OutboxMessage.view).where(OutboxMessage.edits == posted.id).order_by(OutboxMessage.seq.desc())
    return await session.scalar(edits.limit(1)) or posted.view
