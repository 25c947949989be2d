"""What is told of a round while it collects: it opens, its deadline comes near.

Private first: the group reads the card, never a reminder by name.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.views import View
from core import clock, i18n, outbox
from core.events import subscribe
from core.jobs import Jobs, Payload
from core.money import Money
from handlers.tontine.card import DRAW_CARD, draw_card, redraw, redraw_open
from handlers.tontine.people import group_language, person
from handlers.tontine.private_card import DRAW_PRIVATE, draw_privately
from handlers.tontine.saying import contribute_button, delay_buttons, facts_of_round, round_of, say
from handlers.tontine.telling import place_of, tell_group
from tontines import Membership, Round, RoundState, Tontine, beneficiaries_of, dues_owed, holders_in
from tontines.allotting import missing

_CARD_CHANGES = (
    "contribution.made", "contribution.reversed", "cash.declared", "cash.refused", "delay.decided", "due.late",
    "tontine.chat_moved", "pot.declined",
)  # fmt: skip
_ROUND_CHANGES = ("round.opened", "round.full", "round.closed", "pot.requested")


def register_rounds(jobs: Jobs) -> None:
    """Hear of everything that becomes of a round; its card is drawn again before anything else is said."""
    jobs.in_transaction(DRAW_CARD, draw_card)
    jobs.in_transaction(DRAW_PRIVATE, draw_privately)
    for event in _CARD_CHANGES:
        subscribe(jobs, event, _cards_change)
    for event in _ROUND_CHANGES:
        subscribe(jobs, event, _card_changes)
    subscribe(jobs, "round.opened", _opened)
    subscribe(jobs, "round.reminder", _reminder)


async def _cards_change(session: AsyncSession, payload: Payload) -> None:
    await redraw_open(session, UUID(payload["tontine"]))


async def _card_changes(session: AsyncSession, payload: Payload) -> None:
    await redraw(session, UUID(payload["round"]))


async def _opened(session: AsyncSession, payload: Payload) -> None:
    """The card is posted, in the group and to each who cannot read it there; whose turn it is hears it in private."""
    round_ = await round_of(session, payload)
    facts = await facts_of_round(session, round_)
    for membership_id in await beneficiaries_of(session, round_):
        member = await person(session, membership_id)
        await say(session, member, round_, "round.yours", subject=f"turn:{round_.id}", **facts)


async def _reminder(session: AsyncSession, payload: Payload) -> None:
    """Who still owes is reminded in private; the group once a day, without a name."""
    round_ = await round_of(session, payload)
    if round_.state is not RoundState.OPEN:
        return
    tontine = await session.get_one(Tontine, round_.tontine_id)
    facts = await facts_of_round(session, round_)
    for membership, owed in await _owing(session, round_):
        member = await person(session, membership.id)
        buttons = [[await contribute_button(session, member, tontine)], await delay_buttons(session, member, round_.id)]
        await say(session, member, round_, "round.reminder", *buttons, subject=f"due:{round_.id}", **facts, owed=owed)
    today = clock.now().astimezone(tontine.rules.time_zone).date()
    here, subject = await place_of(session, tontine), f"reminder:{round_.id}:{today}"
    if here is not None and await outbox.last_about(session, here, subject) is None:
        language = await group_language(session, tontine.id)
        lacking = Money(await missing(session, round_.id))
        until = i18n.moment(language, round_.deadline, tontine.rules.zone)
        text = i18n.text(language, "round.group_reminder", missing=lacking, until=until, **facts)
        await tell_group(session, tontine, View(text), subject=subject)


async def _owing(session: AsyncSession, round_: Round) -> list[tuple[Membership, Money]]:
    """Who owes something for this round, and all that they owe."""
    found = []
    for membership in await holders_in(session, round_.cycle_id):
        dues = await dues_owed(session, membership.id)
        if any(due.round_id == round_.id for due in dues):
            found.append((membership, Money(sum(due.outstanding for due in dues))))
    return found
