"""What is told of contributions: to who paid after having waited, to whom it was paid for, and of cash."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice, tell
from core.events import subscribe
from core.jobs import Jobs, Payload
from core.money import Money
from handlers.tontine.answers import answer
from handlers.tontine.people import officers, person
from handlers.tontine.saying import was_told
from handlers.tontine.waiting import facts_of, subject_of, waiting_buttons
from members import Member
from tontines import Contribution, Source

# What pays a member's due without their doing.
_BY_ITSELF = {Source.ADVANCE, Source.CAUTION, Source.SET_OFF}


def register_payments(jobs: Jobs) -> None:
    """Hear of everything that becomes of a contribution."""
    subscribe(jobs, "contribution.made", _contributed)
    subscribe(jobs, "contribution.waiting", _guarantor_is_asked)
    subscribe(jobs, "contribution.lapsed", _lapsed)
    subscribe(jobs, "cash.declared", _cash_declared)
    subscribe(jobs, "cash.refused", _cash_refused)


async def _contributed(session: AsyncSession, payload: Payload) -> None:
    """The card changes; who paid nothing themselves, or had to wait, is told in private."""
    contribution = await session.get_one(Contribution, UUID(payload["contribution"]), populate_existing=True)
    payer = await session.get_one(Member, contribution.payer_id)
    member = await person(session, contribution.membership_id)
    waited = contribution.lapses_at is not None or contribution.source is Source.GUARANTOR
    if waited:
        facts = await facts_of(session, payer, contribution)
        view = notice(payer, "contribution.done", **facts)
        # Never said twice, as other ends are: read a second time, « payée » would look like a second debit.
        await tell(session, payer, view, subject=subject_of(contribution.id))
    if payer.id != member.id or contribution.source in {Source.ADVANCE, Source.CAUTION, Source.SET_OFF}:
        key = f"contribution.for_you.{contribution.source}"
        facts = await facts_of(session, member, contribution) | {"payer": payer.name}
        await tell(session, member, notice(member, key, **facts), subject=f"paid:{contribution.id}", is_final=True)


async def _guarantor_is_asked(session: AsyncSession, payload: Payload) -> None:
    """A guarantor's wallet holds too little for what they answer for: they are told, with a top-up filled in."""
    contribution = await session.get_one(Contribution, UUID(payload["contribution"]), populate_existing=True)
    if contribution.source is not Source.GUARANTOR:
        return
    guarantor = await session.get_one(Member, contribution.payer_id)
    view = notice(
        guarantor, "guarantee.needs_money", await waiting_buttons(session, guarantor, contribution),
        **await facts_of(session, guarantor, contribution),
    )  # fmt: skip
    await tell(session, guarantor, view, subject=subject_of(contribution.id))


async def _lapsed(session: AsyncSession, payload: Payload) -> None:
    """What waited too long, or has no reason any more, is said to have ended, where somebody still waits for it."""
    contribution = await session.get_one(Contribution, UUID(payload["contribution"]))
    payer = await session.get_one(Member, contribution.payer_id)
    if await was_told(session, payer, subject_of(contribution.id)):
        view = notice(payer, "contribution.lapsed", **await facts_of(session, payer, contribution))
        await tell(session, payer, view, subject=subject_of(contribution.id))


async def _cash_declared(session: AsyncSession, payload: Payload) -> None:
    contribution = await session.get_one(Contribution, UUID(payload["contribution"]))
    member = await person(session, contribution.membership_id)
    amount = Money(contribution.amount)
    buttons = [
        [await answer(session, member, "cash_yes", "cash-yes", contribution.id, amount=amount)],
        [await answer(session, member, "cash_no", "cash-no", contribution.id)],
    ]
    view = notice(member, "cash.to_confirm", *buttons, **await facts_of(session, member, contribution))
    await tell(session, member, view, subject=f"cash:{contribution.id}")


async def _cash_refused(session: AsyncSession, payload: Payload) -> None:
    """The officers hear that somebody denies having given cash: that has to be talked about."""
    contribution = await session.get_one(Contribution, UUID(payload["contribution"]))
    for officer in await officers(session, contribution.tontine_id, contribution.membership_id):
        view = notice(officer, "cash.denied", **await facts_of(session, officer, contribution))
        await tell(session, officer, view, subject=f"cash:{contribution.id}", is_final=True)
