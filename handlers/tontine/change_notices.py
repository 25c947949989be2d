"""What is told when people come and go within a cycle, and of the solidarity fund."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice, tell
from bot.views import View
from core import i18n
from core.events import subscribe
from core.ids import new_id
from core.jobs import Jobs, Payload
from core.money import Money
from handlers.tontine.answers import answer
from handlers.tontine.people import name_of, officers, person
from handlers.tontine.telling import settle, tell_all
from tontines import DecisionState, Grant, Replacement, Tontine


def register_changes(jobs: Jobs) -> None:
    """Hear of who leaves, who takes over, and who is helped."""
    subscribe(jobs, "member.left", _left)
    subscribe(jobs, "replacement.offered", _offered)
    subscribe(jobs, "replacement.done", _replaced)
    subscribe(jobs, "replacement.refused", _not_replaced)
    subscribe(jobs, "grant.asked", _grant_asked)
    subscribe(jobs, "grant.paid", _grant_decided)
    subscribe(jobs, "grant.refused", _grant_decided)
    subscribe(jobs, "caution.returned", _caution_returned)


async def _left(session: AsyncSession, payload: Payload) -> None:
    name = await name_of(session, UUID(payload["member"]))
    await _before_all(session, UUID(payload["tontine"]), "leave.before_all", name=name)


async def _offered(session: AsyncSession, payload: Payload) -> None:
    offer = await _offer(session, payload)
    if offer.state is not DecisionState.ASKED:
        return
    successor = await person(session, offer.successor_id)
    buttons = [
        [
            await answer(session, successor, "take_over", "replacement-yes", offer.id, price=Money(offer.price)),
            await answer(session, successor, "refuse", "replacement-no", offer.id),
        ]
    ]
    view = notice(successor, "replacement.to_answer", *buttons, **await _facts(session, offer))
    await tell(session, successor, view, subject=f"replacement:{offer.id}")


async def _replaced(session: AsyncSession, payload: Payload) -> None:
    offer = await _offer(session, payload)
    facts = await _facts(session, offer)
    leaver = await person(session, offer.leaver_id)
    await tell(session, leaver, notice(leaver, "replacement.told", **facts), subject=f"replacement:{offer.id}")
    await _before_all(
        session, offer.tontine_id, "replacement.before_all", name=facts["name"], successor=facts["successor"]
    )


async def _not_replaced(session: AsyncSession, payload: Payload) -> None:
    offer = await _offer(session, payload)
    leaver = await person(session, offer.leaver_id)
    view = notice(leaver, "replacement.declined", **await _facts(session, offer))
    await tell(session, leaver, view, subject=f"replacement:{offer.id}", is_final=True)


async def _offer(session: AsyncSession, payload: Payload) -> Replacement:
    return await session.get_one(Replacement, UUID(payload["replacement"]), populate_existing=True)


async def _facts(session: AsyncSession, offer: Replacement) -> dict[str, Any]:
    return {
        "name": await name_of(session, offer.leaver_id),
        "successor": await name_of(session, offer.successor_id),
        "price": Money(offer.price),
        "tontine": (await session.get_one(Tontine, offer.tontine_id)).name,
    }


async def _grant_asked(session: AsyncSession, payload: Payload) -> None:
    grant = await session.get_one(Grant, UUID(payload["grant"]), populate_existing=True)
    if grant.state is not DecisionState.ASKED:
        return
    facts = await _facts_of_grant(session, grant)
    for officer in await officers(session, grant.tontine_id, grant.membership_id, grant.asked_by):
        buttons = [
            [
                await answer(session, officer, "grant", "grant-yes", grant.id),
                await answer(session, officer, "refuse", "grant-no", grant.id),
            ]
        ]
        await tell(session, officer, notice(officer, "grant.to_decide", *buttons, **facts), subject=f"grant:{grant.id}")


async def _grant_decided(session: AsyncSession, payload: Payload) -> None:
    grant = await session.get_one(Grant, UUID(payload["grant"]), populate_existing=True)
    member = await person(session, grant.membership_id)
    facts = await _facts_of_grant(session, grant)
    view = notice(member, f"grant.told.{grant.state}", **facts)
    await tell(session, member, view, subject=f"grant:{grant.id}", is_final=True)
    await settle(session, f"grant:{grant.id}", lambda officer: notice(officer, f"grant.is.{grant.state}", **facts))


async def _facts_of_grant(session: AsyncSession, grant: Grant) -> dict[str, Any]:
    return {
        "name": await name_of(session, grant.membership_id),
        "amount": Money(grant.amount),
        "reason": grant.reason,
        "tontine": (await session.get_one(Tontine, grant.tontine_id)).name,
    }


async def _caution_returned(session: AsyncSession, payload: Payload) -> None:
    member = await person(session, UUID(payload["member"]))
    tontine = await session.get_one(Tontine, UUID(payload["tontine"]))
    view = notice(member, "caution.came_back", tontine=tontine.name)
    await tell(session, member, view, subject=f"caution:{payload['member']}", is_final=True)


async def _before_all(session: AsyncSession, tontine_id: UUID, key: str, **params: object) -> None:
    tontine = await session.get_one(Tontine, tontine_id)

    async def said(language: str) -> View:
        return View(i18n.text(language, key, tontine=tontine.name, **params))

    await tell_all(session, tontine, said, subject=f"{key}:{new_id()}")
