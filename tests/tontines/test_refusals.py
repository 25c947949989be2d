"""A refusal is an answer in a dialogue whose transaction goes on and is committed: nothing may be left half done."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

import tontines
from core import clock
from core.db import Database
from core.errors import Refusal
from core.money import Money
from tests.tontines.kit import Village, rules_of
from tontines import Order, Role

FOUR = ("Awa", "Binta", "Chantal", "Djeneba")


async def everything(database: Database) -> dict[str, list[Any]]:
    """Every row of every table of tontines, and every transfer."""
    tables = [name for name in tontines.Tontine.metadata.tables if name.startswith("tontine")]
    async with database.reading() as session:
        return {
            table: sorted(repr(tuple(row)) for row in await session.execute(text(f"SELECT * FROM {table}")))  # noqa: S608
            for table in [*tables, "ledger_transfer"]
        }


async def refused(village: Village, service: Callable[..., Awaitable[Any]], *args: Any, **options: Any) -> None:
    """The service refuses, the dialogue goes on and commits, and not a row is another."""
    before = await everything(village.database)
    async with village.database.transaction() as session:
        with pytest.raises(Refusal):
            await service(session, *args, **options)
    assert await everything(village.database) == before


async def test_a_refusal_before_a_cycle_leaves_nothing_behind(village: Village):
    group = await village.tontine(*FOUR)
    awa, djeneba = village.id("Awa"), village.id("Djeneba")
    await refused(village, tontines.start_cycle, group.id, by=awa, order=[1, 2, 2, 3])
    await refused(village, tontines.start_cycle, group.id, by=djeneba)
    await refused(village, tontines.create_tontine, awa, "", rules_of(), key="x")
    await refused(village, tontines.create_tontine, awa, "Les Amies", rules_of(contribution=1), key="x")
    await refused(village, tontines.change_rules, group.id, rules_of(contribution=1), by=awa)
    await refused(village, tontines.ask_to_join, group.id, village.id("Esther"), 1)
    await refused(village, tontines.appoint, group.id, Role.TREASURER, awa, by=awa)
    await refused(village, tontines.leave, group.id, awa)
    propose = tontines.propose_president, group.id, village.id("Binta")
    await refused(village, *propose, by=awa, key="vote")
    drawn = await village.tontine(*FOUR, order=Order.DRAW)
    late = clock.now() + timedelta(days=9)
    await refused(village, tontines.start_cycle, drawn.id, by=awa, reveal_at=late)


async def test_a_refusal_in_a_cycle_leaves_nothing_behind(village: Village):
    await village.person("Karim", 100)
    group = await village.running(*FOUR, "Karim", fine=100, fine_cap=100)
    awa, chantal, karim = village.id("Awa"), village.id("Chantal"), village.id("Karim")
    first, second = await group.round(1), await group.round(2)
    pay = tontines.contribute, group.id, karim, Money(5000)
    await refused(village, *pay, payer_id=karim, key="x")
    await refused(village, tontines.give_to_fund, group.id, karim, Money(5000), key="x")
    await refused(village, tontines.request_pot, first.id, by=awa)
    await refused(village, tontines.approve_pot, first.id, by=awa)
    await refused(village, tontines.place_bid, second.id, awa, Money(5))
    await refused(village, tontines.declare_default, group.id, karim, by=awa)
    turns = await village.do(tontines.turns_of, (await group.cycle()).id)
    await refused(village, tontines.ask_swap, turns[2].share_id, turns[0].share_id, by=chantal, key="x")
    offer = await village.do(
        tontines.offer_replacement, group.id, village.id("Djeneba"), karim, key="offer"
    )  # fmt: skip
    await group.pay("Djeneba", 5000)
    await refused(village, tontines.answer_replacement, offer.id, by=karim, accept=True)
    await group.pay("Chantal", 5000)
    await group.past_deadline(1)
    await refused(village, tontines.request_pot, first.id, by=awa)
    (fine,) = await village.do(tontines.fines_owed, (await group.member("Karim")).id)
    async with village.transaction() as session:
        member = await session.merge(village.people["Karim"])
        member.frozen_at = clock.now()
    await refused(village, tontines.pay_fine, fine.id, payer_id=karim, key="x")
    await refused(village, tontines.ask_waiver, fine.id, "", by=awa)
    await refused(village, tontines.confirm_waiver, fine.id, by=awa)
    for name in ("Awa", "Binta"):
        await refused(village, tontines.leave, group.id, village.id(name))


async def test_an_officer_who_may_not_leave_yet_keeps_their_office(village: Village):
    group = await village.tontine("Awa", "Binta", "Chantal", "Djeneba")
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"), order=[3, 1, 2, 4])
    await group.open(1)
    await refused(village, tontines.leave, group.id, village.id("Chantal"))
    assert Role.SECRETARY in await village.do(tontines.officers_of, group.id)


def test_every_refusal_has_a_key_of_its_own():
    keys = [refusal.key for refusal in every_refusal()]
    assert len(keys) == len(set(keys))
    assert all(key.startswith("refusal.tontine.") for key in keys)


def every_refusal() -> list[type[Refusal]]:
    modules = [importlib.import_module(f"tontines.{module.name}") for module in pkgutil.iter_modules(tontines.__path__)]
    return [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Refusal) and each.__module__ == module.__name__
    ]
