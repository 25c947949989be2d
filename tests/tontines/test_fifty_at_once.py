"""Fifty members tap "pay" in the same second, over real connections side by side."""

import asyncio
from uuid import UUID

from sqlalchemy import func, select

import tontines
from core.db import is_database_away
from core.money import Money
from tests.tontines.kit import Village
from tontines import Allotment, Contribution

FIFTY = [f"Membre {number}" for number in range(1, 51)]


async def tap(village: Village, tontine_id: UUID, name: str) -> UUID:
    """One tap, sent again when the database has no connection to spare, as a channel does after a 503."""
    member = village.id(name)
    while True:
        try:
            paid = await village.database.run(
                lambda session: tontines.contribute(
                    session, tontine_id, member, Money(5000), payer_id=member, key=f"tap:{name}"
                )
            )
        except Exception as error:
            if not is_database_away(error):
                raise
        else:
            return paid.id


async def test_fifty_members_who_tap_at_once_some_of_them_twice_pay_once_each(village: Village):
    await village.people_of(*FIFTY)
    group = await village.running(*FIFTY)
    taps = FIFTY + FIFTY[::5]
    contributions = await asyncio.gather(*(tap(village, group.id, name) for name in taps))
    assert len(set(contributions)) == 50
    assert {await village.wallet(name) for name in FIFTY} == {95_000}
    first = await group.round(1)
    assert await village.stands(f"round:{first.id}") == 250_000
    board = await village.do(tontines.board, first.id)
    assert (len(board.rows), board.missing) == (50, 0)
    assert all(row.has_paid for row in board.rows)
    assert first.full_at is not None
    events = await village.events()
    assert (events.count("contribution.made"), events.count("round.full")) == (50, 1)
    async with village.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Contribution)) == 50
        assert await session.scalar(select(func.count()).select_from(Allotment)) == 50
    assert await village.audited()


async def test_the_last_two_payers_and_the_payout_race_and_no_franc_is_lost_or_doubled(village: Village):
    group = await village.running("Awa", "Binta", "Chantal", short_pot=tontines.ShortPot.CARRY)
    await group.pay("Awa", 5000)
    await group.past_deadline(1)
    first = await group.round(1)
    await village.do(tontines.request_pot, first.id, by=village.id("Awa"))

    async def approve() -> None:
        await village.database.run(lambda session: tontines.approve_pot(session, first.id, by=village.id("Binta")))

    await asyncio.gather(
        tap(village, group.id, "Binta"), approve(), tap(village, group.id, "Chantal"), approve(),
    )  # fmt: skip
    assert [await village.wallet(name) for name in ("Awa", "Binta", "Chantal")] == [110_000, 95_000, 95_000]
    assert await village.stands(f"round:{first.id}") == 0
    assert await village.audited()
