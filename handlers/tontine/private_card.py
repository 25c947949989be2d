"""A round's card for who cannot read the group's: a message of their own, with the way to pay what they owe.

Where it can be edited it turns as money comes in. Where it cannot each change would be a message, and outside of the
person's window cost money: so there it comes when the round opens, and then in intervals, only while they are there.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import TRAITS
from bot.notify import notice, places_of, tell
from bot.views import View
from core import clock, i18n, outbox
from core.jobs import Payload, enqueue
from core.money import Money
from handlers.tontine.board import board_of
from handlers.tontine.card_text import card_text, subject_of
from handlers.tontine.saying import contribute_button, facts_of_round, was_told
from handlers.tontine.telling import out_of_group
from members import Member
from tontines import Membership, Round, Tontine
from tontines.dues import dues_owed
from tontines.money_tables import Pot

DRAW_PRIVATE = "draw_private_card"

_GATHERED = timedelta(milliseconds=300)
_BETWEEN_MESSAGES = timedelta(minutes=20)


async def redraw_privately(session: AsyncSession, tontine: Tontine, round_id: UUID) -> None:
    """Have the cards drawn again of all who need one: one job for each, however many reasons there were."""
    for _, member in await out_of_group(session, tontine):
        is_new = not await was_told(session, member, subject_of(round_id))
        can_turn = TRAITS[(await places_of(session, member))[0].channel].edits
        wait = _GATHERED if is_new or can_turn else _BETWEEN_MESSAGES
        about = {"round": str(round_id), "member": str(member.id)}
        await enqueue(session, DRAW_PRIVATE, f"{round_id}:{member.id}", about, run_at=clock.now() + wait)


async def draw_privately(session: AsyncSession, payload: Payload) -> None:
    """Draw a member's own card as the round stands now; nothing is said where it shows nothing new."""
    round_ = await session.get_one(Round, UUID(payload["round"]))
    tontine = await session.get_one(Tontine, round_.tontine_id)
    people = await out_of_group(session, tontine)
    mine = next((each for each in people if str(each[1].id) == payload["member"]), None)
    if mine is None:
        return
    membership, member = mine
    is_new = not await was_told(session, member, subject_of(round_.id))
    view = await _card(session, round_, tontine, membership, member, is_new=is_new)
    if is_new or not await _is_shown(session, member, round_.id, view):
        await tell(session, member, view, subject=subject_of(round_.id))


async def _card(
    session: AsyncSession, round_: Round, tontine: Tontine, membership: Membership, member: Member, *, is_new: bool
) -> View:
    board = await board_of(session, round_.id)
    has_request = await session.get(Pot, round_.id) is not None
    owed = [due.outstanding for due in await dues_owed(session, membership.id) if due.round_id == round_.id]
    text = card_text(member.language, board, has_request=has_request, reader_has_paid=not owed)
    rows = ((await contribute_button(session, member, tontine),),) if owed and not board.is_closed else ()
    if not is_new:
        return View(text, rows, can_wait=True)
    # Where only approved sentences may be said, the opening of a round is one of them.
    until = i18n.moment(member.language, round_.deadline, member.time_zone)
    facts = await facts_of_round(session, round_)
    opening = notice(member, "round.opened", until=until, owed=Money(sum(owed)), **facts)
    return View(text, rows, said=opening.said)


async def _is_shown(session: AsyncSession, member: Member, round_id: UUID, view: View) -> bool:
    for place in await places_of(session, member):
        posted = await outbox.last_about(session, place, subject_of(round_id))
        if posted is not None and (await outbox.shown_now(session, posted))["text"] == view.text:
            return True
    return False
