"""The card's words: few members have a line each, many are folded, and it always fits one message."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from core import i18n
from core.money import Money
from handlers.tontine.board import Board, Row, Standing
from handlers.tontine.card_text import card_text
from tests.stories.town import plain

LONGEST = 4_096


def board(*standings: Standing, name: str = "Awa {}") -> Board:
    paid = {Standing.PAID: 5_000, Standing.PARTLY: 2_000}
    rows = [
        Row(name.format(number), each, Money(5_000), Money(paid.get(each, 0)))
        for number, each in enumerate(standings, 1)
    ]
    deadline = datetime(2100, 1, 1, 20, tzinfo=UTC)
    return Board("Les Amies", 3, len(rows), ["Binta"], deadline, "Africa/Ouagadougou", False, rows, None)


def words(shown: Board, language: str = "fr") -> str:
    return plain(unescape(re.sub(r"<[^>]*>", "", str(card_text(language, shown)))))


def test_fifteen_members_have_a_line_each():
    said = words(board(*[Standing.NOT_YET] * 15))
    assert [f"▫️ Awa {number} : pas encore" in said for number in range(1, 16)] == [True] * 15


def test_fifty_members_are_folded_by_how_they_stand_the_late_first():
    standings = [Standing.PAID] * 40 + [Standing.LATE] * 3 + [Standing.PARTLY] + [Standing.NOT_YET] * 6
    said = words(board(*standings))
    assert "✅ 40 ont payé" in said
    assert "▫️ 6 pas encore" in said
    assert "Awa 41, Awa 42, Awa 43" in said
    assert "Awa 16" not in said
    assert said.index("Awa 41") < said.index("Awa 45") < said.index("✅ 40")


@pytest.mark.parametrize("language", sorted(i18n.LANGUAGES))
@pytest.mark.parametrize("members", [15, 50, 200])
def test_it_fits_one_message_whatever_the_names(language: str, members: int):
    every = [list(Standing)[number % len(Standing)] for number in range(members)]
    said = card_text(language, board(*every, name="<" * 128 + "{}"))
    assert len(unescape(said)) < LONGEST
