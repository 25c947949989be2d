"""Fifty members with long names: no message is longer, and no keyboard larger, than Telegram takes."""

from datetime import timedelta

import pytest

import tontines
from bot.questions import NotAnOption, OneOf
from bot.views import View
from bot.ways import Ways
from core import clock, i18n
from handlers.tontine.draw_notices import announcement
from handlers.tontine.drawing import order_in_words
from handlers.tontine.links import Links
from handlers.tontine.lobby import lobby_view
from handlers.tontine.members import lines_of_members, list_of_members
from handlers.tontine.readiness import next_step
from tests.tontines.conftest import village
from tests.tontines.kit import Village
from tontines import Order, Tontine

__all__ = ["village"]

LONGEST_MESSAGE, MOST_BUTTONS = 4096, 100
# An emoji is two of Telegram's characters.
NAMES = [f"🌸 Awa-Bénédicte {number} Ouédraogo-Kaboré 🌸" for number in range(50)]
LINKS = Links(Ways({"telegram": lambda payload: f"https://t.me/cauri_bot?start={payload}"}), "https://cauri.example")
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"])


def length(text: str) -> int:
    """As Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def fits(view: View) -> bool:
    return length(view.text) <= LONGEST_MESSAGE and sum(len(row) for row in view.rows) <= MOST_BUTTONS


@on_sqlite
async def test_fifty_who_ask_and_fifty_who_have_not_accepted_fit_a_message(village: Village) -> None:
    await village.people_of(*NAMES, francs=1)
    group = await village.tontine("Awa", "Binta", order=Order.DRAW)
    asked = [await village.do(tontines.ask_to_join, group.id, village.id(name)) for name in NAMES]
    async with village.transaction() as session:
        tontine = await session.get_one(Tontine, group.id)
        card = await lobby_view(session, LINKS, tontine)
        assert fits(card)
        assert "en attente\u00a0: 50" in card.text
        assert "Awa-Bénédicte 0" in card.text
        assert "autres" in card.text.splitlines()[-1]
    for each in asked:
        await village.do(tontines.decide_asking, each.id, by=village.id("Awa"), approve=True)
    async with village.transaction() as session:
        tontine = await session.get_one(Tontine, group.id)
        step = await next_step(session, tontine, village.people["Awa"])
        assert fits(step)
        assert "Awa-Bénédicte 9" in step.text
        assert "… et 40 autres" in step.text
        pages = await lines_of_members(session, tontine, "fr")
        assert len(pages) == len(NAMES) + 2
        assert all(length(line) * 20 <= LONGEST_MESSAGE for line in pages)
        assert length(await list_of_members(session, tontine, "fr")) <= LONGEST_MESSAGE


@on_sqlite
async def test_a_draw_among_fifty_fits_a_message(village: Village) -> None:
    await village.people_of(*NAMES, francs=1)
    group = await village.tontine(*NAMES, order=Order.DRAW, starts_on=clock.now().date())
    await village.do(
        tontines.start_cycle, group.id, by=village.id(NAMES[0]), reveal_at=clock.now() + timedelta(minutes=10)
    )
    cycle = await group.cycle()
    for name in NAMES:
        await village.do(tontines.add_words, cycle.id, village.id(name), name)
    async with village.transaction() as session:
        tontine = await session.get_one(Tontine, group.id)
        assert fits(await announcement(session, LINKS, cycle, tontine))
        for language in i18n.LANGUAGES:
            order = await order_in_words(session, cycle, language)
            assert length(i18n.text(language, "tontine.draw.revealed", name=NAMES[0], order=order)) <= LONGEST_MESSAGE
            assert order.startswith("1. ")


async def test_of_very_many_some_are_offered_and_all_are_found_by_their_names() -> None:
    question = OneOf([(str(number), f"Awa {number} Kaboré") for number in range(300)], columns=1)
    assert len(question.options("fr")) < MOST_BUTTONS
    assert await question.read_text("Awa 299", None) == "299"  # type: ignore[arg-type]
    with pytest.raises(NotAnOption) as refused:
        await question.read_text("personne", None)  # type: ignore[arg-type]
    assert length(i18n.text("fr", refused.value.key, **refused.value.params)) < 1_000
