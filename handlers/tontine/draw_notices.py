"""What is told of a draw: that it binds us, who has stirred it, and its result. In the group, and to each in private.

Not everybody who takes part reads the group, and nobody's bit of chance should miss for that.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot import shortcuts
from bot.notify import notice, tell
from bot.views import Button, View
from core import clock, i18n
from core.events import subscribe
from core.jobs import Jobs, Payload, enqueue
from handlers.tontine import words
from handlers.tontine.beginning import first_round_of
from handlers.tontine.drawing import MIX_TAP, order_in_words, page_button, stirred
from handlers.tontine.links import WORD, Links, token_of
from handlers.tontine.people import group_language, person
from handlers.tontine.saying import contribute_button
from handlers.tontine.telling import tell_group, turn_in_group
from handlers.tontine.which import Ways
from members import Member
from tontines.cycle_tables import Cycle, Draw, Round
from tontines.cycles import holders_in, holdings_of, rounds_of, turns_of
from tontines.group_tables import Tontine

TURN_CARD = "turn_draw_card"


def register_draws(jobs: Jobs, links: Links) -> None:
    """Subscribe to what becomes of a draw."""
    subscribe(jobs, "draw.committed", _committed(links))
    subscribe(jobs, "draw.words_added", _words_added)
    subscribe(jobs, "draw.revealed", _revealed(links))
    jobs.in_transaction(TURN_CARD, _turn_card(links))


async def announcement(session: AsyncSession, links: Links, cycle: Cycle, tontine: Tontine) -> View:
    """The group's message about a draw, as it stands now."""
    language = await group_language(session, tontine.id)
    draw = await session.get_one(Draw, cycle.id, populate_existing=True)
    facts = await _facts(session, cycle, tontine, language)
    if draw.revealed_at is not None:
        facts["at"] = i18n.moment(language, draw.revealed_at, cycle.rules.zone)
        return View(i18n.text(language, "tontine.draw.over", **facts))
    mixing = Button(i18n.text(language, "tontine.button.mix"), data=f"{MIX_TAP}:{token_of(cycle.id)}")
    word = Button(i18n.text(language, "tontine.button.my_word"), url=links.deep_link(WORD + token_of(cycle.id)))
    return View(i18n.text(language, "tontine.draw.committed", **facts), ((mixing, word),))


def _committed(links: Links) -> Callable[[AsyncSession, Payload], Awaitable[None]]:
    """The cycle begins with a draw: one message in the group, and one for each who takes part."""

    async def announce(session: AsyncSession, payload: Payload) -> None:
        cycle, tontine = await _of(session, payload)
        view = await announcement(session, links, cycle, tontine)
        await tell_group(session, tontine, view, subject=_subject(cycle.id))
        draw = await session.get_one(Draw, cycle.id, populate_existing=True)
        if draw.revealed_at is not None:
            return
        for membership in await holders_in(session, cycle.id):
            member = await person(session, membership.id)
            await tell(session, member, await _for_one(session, cycle, tontine, member), subject=_subject(cycle.id))

    return announce


async def _words_added(session: AsyncSession, payload: Payload) -> None:
    """The announcement counts who has stirred; once for however many did within a moment."""
    await enqueue(session, TURN_CARD, payload["cycle"], {"cycle": payload["cycle"]}, run_at=clock.now())


def _turn_card(links: Links) -> Callable[[AsyncSession, Payload], Awaitable[None]]:
    """The job that turns the announcement in place."""

    async def turn(session: AsyncSession, payload: Payload) -> None:
        cycle, tontine = await _of(session, payload)
        view = await announcement(session, links, cycle, tontine)
        await turn_in_group(session, tontine, view, subject=_subject(cycle.id))

    return turn


def _revealed(links: Links) -> Callable[[AsyncSession, Payload], Awaitable[None]]:
    """The result: the order for the group, and to each their own turn with it."""

    async def say(session: AsyncSession, payload: Payload) -> None:
        cycle, tontine = await _of(session, payload)
        await _words_added(session, payload)
        language = await group_language(session, tontine.id)
        orders = {each: await order_in_words(session, cycle, each) for each in i18n.LANGUAGES}
        text = i18n.text(language, "tontine.draw.revealed", name=tontine.name, order=orders[language])
        await tell_group(session, tontine, View(text, ((page_button(links, cycle.id, language),),)))
        taken = await _rounds_taken(session, cycle)
        begins_now = (await rounds_of(session, cycle.id))[0].opens_at <= clock.now()
        for membership in await holders_in(session, cycle.id):
            member = await person(session, membership.id)
            mine = [_turn_of_one(member, cycle, round_) for round_ in taken[membership.id]]
            rows = [[page_button(links, cycle.id, member.language)]]
            if begins_now:
                # Whoever does not read the group's card pays from here.
                rows.insert(0, [await contribute_button(session, member, tontine)])
            view = notice(
                member, "tontine.draw.revealed_private", *rows, name=tontine.name, order=orders[member.language],
                mine=Markup("\n").join(mine), **await first_round_of(session, cycle, member.language),
            )  # fmt: skip
            await tell(session, member, view, subject=_subject(cycle.id), is_final=True)

    return say


async def _for_one(session: AsyncSession, cycle: Cycle, tontine: Tontine, member: Member) -> View:
    data = await shortcuts.shortcut(session, member.id, "draw_mix", {"payload": str(cycle.id)})
    ways = Ways(data.rpartition(":")[2])
    row = [
        ways.to(flow, i18n.text(member.language, f"tontine.button.{label}"))
        for flow, label in (("draw_mix", "mix"), ("draw_word", "my_word"))
    ]
    return notice(
        member, "tontine.draw.committed_private", row, **await _facts(session, cycle, tontine, member.language)
    )


async def _facts(session: AsyncSession, cycle: Cycle, tontine: Tontine, language: str) -> dict[str, object]:
    draw = await session.get_one(Draw, cycle.id)
    return {
        "name": tontine.name, "commitment": draw.commitment, "count": await stirred(session, cycle.id),
        "of": len(await holders_in(session, cycle.id)), "at": i18n.moment(language, draw.reveal_at, cycle.rules.zone),
        **await first_round_of(session, cycle, language),
    }  # fmt: skip


async def _rounds_taken(session: AsyncSession, cycle: Cycle) -> dict[UUID, list[Round]]:
    """The rounds that each membership takes, alone or with another: who has two shares takes two."""
    rounds = {each.number: each for each in await rounds_of(session, cycle.id)}
    taken: dict[UUID, list[Round]] = {}
    for turn in await turns_of(session, cycle.id):
        for holding in await holdings_of(session, turn.share_id):
            taken.setdefault(holding.membership_id, []).append(rounds[turn.position])
    return taken


def _turn_of_one(member: Member, cycle: Cycle, round_: Round) -> Markup:
    day, due = (
        words.short_day(member.language, words.local_day(cycle.rules, when))
        for when in (round_.opens_at, round_.deadline)
    )
    return i18n.text(member.language, "tontine.draw.my_turn", number=round_.number, day=day, due=due)


async def _of(session: AsyncSession, payload: Payload) -> tuple[Cycle, Tontine]:
    cycle = await session.get_one(Cycle, UUID(payload["cycle"]))
    return cycle, await session.get_one(Tontine, cycle.tontine_id)


def _subject(cycle_id: UUID) -> str:
    return f"draw:{cycle_id}"
