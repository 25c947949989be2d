"""What is told of a cycle: it begins, with its order or a draw; it ends, and everybody is asked whether they go on."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice
from bot.views import View
from core import clock, i18n
from core.events import subscribe
from core.jobs import Jobs, Payload
from handlers.tontine import drawing, words
from handlers.tontine.beginning import first_round_of
from handlers.tontine.draw_notices import register_draws
from handlers.tontine.links import Links
from handlers.tontine.people import group_language
from handlers.tontine.saying import contribute_button
from handlers.tontine.telling import tell_each, tell_group, tell_one, tontine_in
from handlers.tontine.which import buttons_for
from members import Member
from tontines.cycle_tables import Cycle
from tontines.cycles import rounds_of
from tontines.rules import Order
from tontines.states import TontineState

_STARTED = {
    Order.FIXED: "tontine.notice.started",
    Order.AUCTION: "tontine.notice.started_auction",
    Order.NEED: "tontine.notice.started_need",
}


def register_cycles(jobs: Jobs, links: Links) -> None:
    """Subscribe to what becomes of a cycle and of its draw."""
    subscribe(jobs, "cycle.started", _started)
    subscribe(jobs, "cycle.ended", _ended)
    register_draws(jobs, links)


async def _started(session: AsyncSession, payload: Payload) -> None:
    """The cycle begins: said in the group, with the order where it stands already, and to each in private."""
    tontine = await tontine_in(session, payload)
    cycle = await session.get_one(Cycle, UUID(payload["cycle"]))
    if cycle.rules.order is Order.DRAW:
        # Its draw is announced, which says all of it.
        return
    key = _STARTED[cycle.rules.order]

    async def said(language: str) -> dict[str, object]:
        order = await drawing.order_in_words(session, cycle, language)
        return {"name": tontine.name, "order": order, **await first_round_of(session, cycle, language)}

    facts = {language: await said(language) for language in i18n.LANGUAGES}

    begins_now = (await rounds_of(session, cycle.id))[0].opens_at <= clock.now()

    async def for_one(member: Member) -> View:
        rows = [[await contribute_button(session, member, tontine)]] if begins_now else []
        return notice(member, key, *rows, **facts[member.language])

    language = await group_language(session, tontine.id)
    await tell_group(session, tontine, View(i18n.text(language, key, **facts[language])))
    await tell_each(session, tontine, for_one, subject=f"started:{cycle.id}")


async def _ended(session: AsyncSession, payload: Payload) -> None:
    """After a cycle everybody is asked whether they go on."""
    tontine = await tontine_in(session, payload)
    if tontine.state is not TontineState.BETWEEN:
        return
    for membership, member in await words.people_of(session, tontine.id):
        ways = await buttons_for(session, member, tontine)
        go_on = ways.to("tontine_renew", i18n.text(member.language, "tontine.button.renew"))
        subject = f"renew:{payload['cycle']}:{membership.id}"
        await tell_one(session, member, "tontine.notice.renew", [go_on], subject=subject, name=tontine.name)
