"""What is told of debts: who is late, fined, or asks for time; who defaults, and who answers for them."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice, tell
from bot.views import Button, View
from core import i18n
from core.events import subscribe
from core.jobs import Jobs, Payload
from core.money import Money
from handlers.tontine.answers import answer
from handlers.tontine.people import name_of, officers, person
from handlers.tontine.saying import contribute_button, delay_buttons, facts_of_round, say
from handlers.tontine.telling import settle, tell_all
from members import Member
from tontines import Cycle, DecisionState, Delay, Due, Fine, Guarantee, Round, Tontine, dues_owed, is_late


def register_debts(jobs: Jobs) -> None:
    """Hear of everything that becomes of a debt."""
    subscribe(jobs, "due.late", _late)
    subscribe(jobs, "delay.asked", _delay_asked)
    subscribe(jobs, "delay.decided", _delay_decided)
    subscribe(jobs, "fine.given", _fined)
    subscribe(jobs, "fine.waiver_asked", _waiver_asked)
    subscribe(jobs, "fine.waived", _waived)
    subscribe(jobs, "default.declared", _default_declared)
    subscribe(jobs, "default.ended", _default_ended)
    subscribe(jobs, "guarantee.asked", _guarantee_asked)
    subscribe(jobs, "guarantee.accepted", _guarantee_accepted)


async def _late(session: AsyncSession, payload: Payload) -> None:
    """Said to the one who is late alone, with what they can do; a due that was paid meanwhile is not spoken of."""
    due = await session.get_one(Due, UUID(payload["due"]), populate_existing=True)
    if not is_late(due):
        return
    member = await person(session, UUID(payload["member"]))
    round_ = await session.get_one(Round, due.round_id)
    tontine = await session.get_one(Tontine, round_.tontine_id)
    rules = (await session.get_one(Cycle, round_.cycle_id)).rules
    fine = i18n.text(member.language, "due.fine_comes", fine=Money(rules.fine), days=rules.grace_days)
    buttons = [[await contribute_button(session, member, tontine)], await delay_buttons(session, member, round_.id)]
    owed = [
        each.outstanding for each in await dues_owed(session, UUID(payload["member"])) if each.round_id == round_.id
    ]
    facts = await facts_of_round(session, round_) | {"owed": Money(sum(owed)), "fine": fine if rules.fine else ""}
    await say(session, member, round_, "due.is_late", *buttons, subject=f"due:{round_.id}", **facts)


async def _delay_asked(session: AsyncSession, payload: Payload) -> None:
    delay = await session.get_one(Delay, UUID(payload["delay"]), populate_existing=True)
    if delay.state is not DecisionState.ASKED:
        return
    for officer in await officers(session, UUID(payload["tontine"]), delay.membership_id):
        buttons = [
            [
                await answer(session, officer, "grant", "delay-grant", delay.id),
                await answer(session, officer, "refuse", "delay-refuse", delay.id),
            ]
        ]
        view = notice(officer, "delay.to_decide", *buttons, **await _facts_of_delay(session, officer, delay))
        await tell(session, officer, view, subject=f"delay:{delay.id}")


async def _delay_decided(session: AsyncSession, payload: Payload) -> None:
    delay = await session.get_one(Delay, UUID(payload["delay"]), populate_existing=True)
    member = await person(session, delay.membership_id)
    view = notice(member, f"delay.told.{delay.state}", **await _facts_of_delay(session, member, delay))
    await tell(session, member, view, subject=f"delay:{delay.id}", is_final=True)
    facts = await _facts_of_delay(session, member, delay)

    def decided(officer: Member) -> View:
        until = i18n.moment(officer.language, delay.until, officer.time_zone)
        return notice(officer, f"delay.done.{delay.state}", **facts | {"until": until})

    await settle(session, f"delay:{delay.id}", decided)


async def _facts_of_delay(session: AsyncSession, reader: Member, delay: Delay) -> dict[str, Any]:
    round_ = await session.get_one(Round, delay.round_id)
    until = i18n.moment(reader.language, delay.until, reader.time_zone)
    return await facts_of_round(session, round_) | {"name": await name_of(session, delay.membership_id), "until": until}


async def _fined(session: AsyncSession, payload: Payload) -> None:
    """Told once, with the way to pay it and the way to ask for mercy."""
    fine = await session.get_one(Fine, UUID(payload["fine"]))
    member = await person(session, fine.membership_id)
    facts = await _facts_of_fine(session, fine)
    buttons = [
        [await answer(session, member, "pay_fine", "fine-pay", fine.id, amount=facts["amount"])],
        [await answer(session, member, "plead", "fine-plead", fine.id)],
    ]
    await tell(session, member, notice(member, "fine.is_given", *buttons, **facts), subject=f"fine:{fine.id}")


async def _waiver_asked(session: AsyncSession, payload: Payload) -> None:
    """A second officer decides; neither who asked nor who was fined."""
    fine = await session.get_one(Fine, UUID(payload["fine"]), populate_existing=True)
    facts = await _facts_of_fine(session, fine)
    asker = await name_of(session, fine.waiver_asked_by) if fine.waiver_asked_by else ""
    for officer in await officers(session, fine.tontine_id, fine.membership_id, fine.waiver_asked_by):
        button = [await answer(session, officer, "waive", "fine-waive", fine.id)]
        view = notice(officer, "fine.waiver_to_confirm", button, asker=asker, reason=fine.waiver_reason or "", **facts)
        await tell(session, officer, view, subject=f"fine:{fine.id}", is_final=True)


async def _waived(session: AsyncSession, payload: Payload) -> None:
    """Everybody sees it: the member in private, the others in the group, with the reason."""
    fine = await session.get_one(Fine, UUID(payload["fine"]), populate_existing=True)
    tontine = await session.get_one(Tontine, fine.tontine_id)
    facts = await _facts_of_fine(session, fine) | {"reason": fine.waiver_reason or ""}
    member = await person(session, fine.membership_id)
    await tell(session, member, notice(member, "fine.is_waived", **facts), subject=f"fine:{fine.id}", is_final=True)
    await settle(session, f"fine:{fine.id}", lambda officer: notice(officer, "fine.waiver_done", **facts))

    async def said(language: str) -> View:
        return View(i18n.text(language, "fine.waived_before_all", **facts))

    await tell_all(session, tontine, said, subject=f"waived:{fine.due_id}")


async def _facts_of_fine(session: AsyncSession, fine: Fine) -> dict[str, Any]:
    due = await session.get_one(Due, fine.due_id)
    return {
        "amount": Money(fine.amount),
        "name": await name_of(session, fine.membership_id),
        "tontine": (await session.get_one(Tontine, fine.tontine_id)).name,
        "number": (await session.get_one(Round, due.round_id)).number,
    }


async def _default_declared(session: AsyncSession, payload: Payload) -> None:
    await _tell_debtor(session, payload, "default.told")


async def _default_ended(session: AsyncSession, payload: Payload) -> None:
    await _tell_debtor(session, payload, "default.over")


async def _tell_debtor(session: AsyncSession, payload: Payload, key: str) -> None:
    member = await person(session, UUID(payload["member"]))
    tontine = await session.get_one(Tontine, UUID(payload["tontine"]))
    buttons: list[Button] = [await contribute_button(session, member, tontine)] if key == "default.told" else []
    view = notice(member, key, *([buttons] if buttons else []), tontine=tontine.name)
    await tell(session, member, view, subject=f"default:{payload['member']}", is_final=True)


async def _guarantee_asked(session: AsyncSession, payload: Payload) -> None:
    guarantee = await session.get_one(Guarantee, UUID(payload["member"]), populate_existing=True)
    guarantor = await person(session, guarantee.guarantor_id)
    buttons = [
        [
            await answer(session, guarantor, "accept", "guarantee-yes", guarantee.membership_id),
            await answer(session, guarantor, "refuse", "guarantee-no", guarantee.membership_id),
        ]
    ]
    view = notice(guarantor, "guarantee.to_answer", *buttons, **await _facts_of_guarantee(session, guarantee))
    await tell(session, guarantor, view, subject=f"guarantee:{guarantee.membership_id}")


async def _guarantee_accepted(session: AsyncSession, payload: Payload) -> None:
    guarantee = await session.get_one(Guarantee, UUID(payload["member"]), populate_existing=True)
    member = await person(session, guarantee.membership_id)
    view = notice(member, "guarantee.told", **await _facts_of_guarantee(session, guarantee))
    await tell(session, member, view, subject=f"guarantee:{guarantee.membership_id}", is_final=True)


async def _facts_of_guarantee(session: AsyncSession, guarantee: Guarantee) -> dict[str, Any]:
    membership_id = guarantee.membership_id
    return {
        "name": await name_of(session, membership_id),
        "guarantor": await name_of(session, guarantee.guarantor_id),
        "amount": Money(guarantee.at_most),
    }
