"""What is told of a round: it opens, its deadline comes near, it closes; and at last the whole cycle's sums.

Private first: the group reads the card and the minutes, never a reminder by name.
"""

from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import tell
from bot.views import View
from core import clock, i18n, outbox
from core.events import subscribe
from core.jobs import Jobs, Payload
from core.money import Money
from handlers.tontine.card import DRAW_CARD, draw_card, redraw, redraw_open
from handlers.tontine.people import group_language, name_of, person
from handlers.tontine.pictures import board_picture
from handlers.tontine.saying import contribute_button, delay_buttons, facts_of_round, round_of, say
from handlers.tontine.telling import place_of, tell_group
from tontines import Cycle, Membership, Round, RoundState, Tontine, beneficiaries_of, dues_owed, holders_in
from tontines.allotting import missing

_CARD_CHANGES = (
    "contribution.made", "contribution.reversed", "cash.declared", "cash.refused", "delay.decided", "due.late",
    "tontine.chat_moved", "pot.declined",
)  # fmt: skip
_ROUND_CHANGES = ("round.opened", "round.full", "round.closed", "pot.requested")


def register_rounds(jobs: Jobs) -> None:
    """Hear of everything that becomes of a round; its card is drawn again before anything else is said."""
    jobs.in_transaction(DRAW_CARD, draw_card)
    for event in _CARD_CHANGES:
        subscribe(jobs, event, _cards_change)
    for event in _ROUND_CHANGES:
        subscribe(jobs, event, _card_changes)
    subscribe(jobs, "round.opened", _opened)
    subscribe(jobs, "round.reminder", _reminder)
    subscribe(jobs, "round.closed", _closed)
    subscribe(jobs, "cycle.ended", _cycle_ended)


async def _cards_change(session: AsyncSession, payload: Payload) -> None:
    await redraw_open(session, UUID(payload["tontine"]))


async def _card_changes(session: AsyncSession, payload: Payload) -> None:
    await redraw(session, UUID(payload["round"]))


async def _opened(session: AsyncSession, payload: Payload) -> None:
    """The card is posted; who has no group to read it in, and who has yet to pay, is told in private."""
    round_ = await round_of(session, payload)
    tontine = await session.get_one(Tontine, round_.tontine_id)
    facts = await facts_of_round(session, round_)
    for membership_id in await beneficiaries_of(session, round_):
        member = await person(session, membership_id)
        await say(session, member, round_, "round.yours", subject=f"turn:{round_.id}", **facts)
    if await place_of(session, tontine) is not None:
        return
    for membership, owed in await _owing(session, round_):
        member = await person(session, membership.id)
        buttons = [[await contribute_button(session, member, tontine)]]
        await say(session, member, round_, "round.opened", *buttons, subject=f"due:{round_.id}", **facts, owed=owed)


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


async def _closed(session: AsyncSession, payload: Payload) -> None:
    """The minutes, with a picture of the board, where everybody reads them."""
    round_ = await round_of(session, payload)
    tontine = await session.get_one(Tontine, round_.tontine_id)
    language = await group_language(session, tontine.id)
    if await place_of(session, tontine) is not None:
        picture = await outbox.attach(
            session, f"tour-{round_.number}.png", await board_picture(session, round_.id, language)
        )
        text = await _minutes(session, round_, language)
        await tell_group(session, tontine, View(text, picture=picture), subject=f"minutes:{round_.id}")
        return
    for membership in await holders_in(session, round_.cycle_id):
        member = await person(session, membership.id)
        text = await _minutes(session, round_, member.language)
        await tell(session, member, View(text), subject=f"minutes:{round_.id}")


async def _minutes(session: AsyncSession, round_: Round, language: str) -> Markup:
    minutes = round_.minutes or {}
    facts = await facts_of_round(session, round_)
    short = {UUID(due["member"]) for due in minutes["dues"] if due["paid"] < due["owed"]}
    who = ", ".join([await name_of(session, each) for each in sorted(short)])
    lacking = Money(minutes["missing"])
    asked, price = minutes["requested_by"], minutes["paid_out"]["price"]
    return i18n.text(
        language, "round.minutes", collected=Money(minutes["collected"]), owed=Money(minutes["owed"]),
        paid_out=Money(sum(minutes["paid_out"].values())),
        price=i18n.text(language, "round.minutes_price", price=Money(price)) if price else "",
        missing=i18n.text(language, "round.minutes_missing", missing=lacking, names=who) if lacking else "",
        asker=await name_of(session, UUID(asked)) if asked else "—",
        approvers=", ".join([await name_of(session, UUID(each)) for each in minutes["approved_by"]]) or "—",
        fines=i18n.text(language, "round.minutes_fines", count=len(minutes["fines"])) if minutes["fines"] else "",
        **facts,
    )  # fmt: skip


async def _cycle_ended(session: AsyncSession, payload: Payload) -> None:
    """The sums of a cycle, and each debt by name, where everybody reads them."""
    cycle = await session.get_one(Cycle, UUID(payload["cycle"]))
    tontine = await session.get_one(Tontine, cycle.tontine_id)
    text = await _sums(session, cycle, tontine.name, await group_language(session, tontine.id))
    if await tell_group(session, tontine, View(text), subject=f"cycle:{cycle.id}"):
        return
    for membership in await holders_in(session, cycle.id):
        member = await person(session, membership.id)
        text = await _sums(session, cycle, tontine.name, member.language)
        await tell(session, member, View(text), subject=f"cycle:{cycle.id}")


async def _sums(session: AsyncSession, cycle: Cycle, tontine: str, language: str) -> Markup:
    summary = cycle.summary or {}
    paid = sum(share["paid"] for share in summary["shares"])
    debts = [await _debt(session, language, debt) for debt in summary["debts"]]
    told = i18n.text(language, "cycle.debts" if debts else "cycle.no_debts", lines=Markup("\n").join(debts))
    return i18n.text(
        language, "cycle.summary", tontine=tontine, number=cycle.number, shares=len(summary["shares"]),
        paid=Money(paid), fines=Money(summary["fines"]), debts=told,
    )  # fmt: skip


async def _debt(session: AsyncSession, language: str, debt: dict[str, Any]) -> Markup:
    who = [
        await name_of(session, UUID(debt[side])) if debt[side] else i18n.text(language, f"cycle.nobody.{side}")
        for side in ("debtor", "creditor")
    ]
    return i18n.text(
        language, f"cycle.debt.{debt['kind']}", debtor=who[0], creditor=who[1], amount=Money(debt["amount"]),
        number=debt["round_number"],
    )  # fmt: skip


async def _owing(session: AsyncSession, round_: Round) -> list[tuple[Membership, Money]]:
    """Who owes something for this round, and all that they owe."""
    found = []
    for membership in await holders_in(session, round_.cycle_id):
        dues = await dues_owed(session, membership.id)
        if any(due.round_id == round_.id for due in dues):
            found.append((membership, Money(sum(due.outstanding for due in dues))))
    return found
