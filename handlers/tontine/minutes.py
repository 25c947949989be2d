"""The minutes of a round that closed, with a picture of its board; after the last one, the sums of the whole cycle.

The picture is drawn by a job, outside of any transaction: on SQLite nobody could write meanwhile.
"""

import asyncio
from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import tell
from bot.views import View
from core import i18n, outbox
from core.db import Database
from core.events import subscribe
from core.jobs import Jobs, Payload, end_job, enqueue
from core.money import Money
from handlers.tontine.board import board_of
from handlers.tontine.people import group_language, name_of
from handlers.tontine.pictures import draw_board
from handlers.tontine.saying import facts_of_round, was_told
from handlers.tontine.telling import out_of_group, place_of, tell_group
from tontines import Cycle, Round, Tontine

MINUTES = "tontine_minutes"


def register_minutes(jobs: Jobs) -> None:
    """Hear of each round that closes."""
    subscribe(jobs, "round.closed", _closed)
    jobs.calling(MINUTES, _write)


async def _closed(session: AsyncSession, payload: Payload) -> None:
    await enqueue(session, MINUTES, payload["round"], {"round": payload["round"]})


async def _write(database: Database, payload: Payload) -> None:
    round_id = UUID(payload["round"])
    async with database.reading() as session:
        board = await board_of(session, round_id)
        language = await group_language(session, (await session.get_one(Round, round_id)).tontine_id)
    picture = await asyncio.to_thread(draw_board, board, language)
    await database.run(lambda session: _say(session, round_id, picture, language))


async def _say(session: AsyncSession, round_id: UUID, picture: bytes, language: str) -> None:
    """Where everybody reads them, or to each who takes part; the sums come after the minutes of the last round."""
    if not await end_job(session, MINUTES, str(round_id)):
        return
    round_ = await session.get_one(Round, round_id)
    tontine = await session.get_one(Tontine, round_.tontine_id)
    cycle = await session.get_one(Cycle, round_.cycle_id)
    subject = f"minutes:{round_.id}"
    if await place_of(session, tontine) is not None:
        file = await outbox.attach(session, f"tour-{round_.number}.png", picture)
        text = await _minutes(session, round_, language)
        await tell_group(session, tontine, View(text, picture=file), subject=subject)
    for _, member in await out_of_group(session, tontine):
        await tell(session, member, View(await _minutes(session, round_, member.language)), subject=subject)
    if cycle.ended_at is not None:
        await _say_sums(session, tontine, cycle, language)


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


async def _say_sums(session: AsyncSession, tontine: Tontine, cycle: Cycle, language: str) -> None:
    """The sums of a cycle, and each debt by name, once."""
    subject = f"cycle:{cycle.id}"
    here = await place_of(session, tontine)
    if here is not None and await outbox.last_about(session, here, subject) is None:
        text = await _sums(session, cycle, tontine.name, language)
        await tell_group(session, tontine, View(text), subject=subject)
    for _, member in await out_of_group(session, tontine):
        if not await was_told(session, member, subject):
            text = await _sums(session, cycle, tontine.name, member.language)
            await tell(session, member, View(text), subject=subject)


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
