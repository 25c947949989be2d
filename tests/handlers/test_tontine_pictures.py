"""The picture of the board: what it has to show, for whom, and that any name can be written on it."""

from collections import Counter
from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image

import tontines
from core.money import Money
from handlers.tontine.board import Board, Row, Seal, Standing, board_of
from handlers.tontine.letters import printable
from handlers.tontine.pictures import WIDTH, draw_board
from tests.tontines.conftest import village
from tests.tontines.kit import Village

__all__ = ["village"]

GREEN, RED, AMBER, CLAY, SAND = (46, 125, 79), (179, 38, 30), (201, 138, 18), (164, 68, 31), (250, 245, 236)
SEAL = Seal(42, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
MARGIN = 44


def row(standing: Standing, name: str = "Awa Ouédraogo") -> Row:
    paid = {Standing.PAID: 5_000, Standing.PARTLY: 2_000}.get(standing, 0)
    return Row(name, standing, Money(5_000), Money(paid))


def board(*rows: Row, seal: Seal | None = SEAL, name: str = "Les Amies", is_closed: bool = False) -> Board:
    deadline = datetime(2026, 11, 24, 20, tzinfo=UTC)
    zone = "Africa/Ouagadougou"
    return Board(name, 3, len(rows), ["Moussa Traoré"], deadline, zone, is_closed, list(rows), seal)


def drawn(board: Board, language: str = "fr") -> Image.Image:
    content = draw_board(board, language)
    assert len(content) < 120_000
    picture = Image.open(BytesIO(content))
    assert picture.format == "PNG"
    return picture.convert("RGB")


def colours(picture: Image.Image, box: tuple[int, int, int, int] | None = None) -> Counter[tuple[int, ...]]:
    """How many points have which colour, near colours of the palette taken as the ones above."""
    part = picture.crop(box) if box else picture
    counted: Counter[tuple[int, ...]] = Counter()
    for count, colour in part.getcolors(part.width * part.height) or []:
        counted[_named(colour)] += count
    return counted


def _named(colour: tuple[int, ...]) -> tuple[int, ...]:
    named = (GREEN, RED, AMBER, CLAY, SAND)
    near = [each for each in named if max(abs(a - b) for a, b in zip(each, colour, strict=True)) <= 6]
    return near[0] if near else colour


@pytest.mark.parametrize("members", [1, 5, 10, 11, 24, 25, 50, 120])
def test_a_board_of_any_size_fits_a_small_telephone(members: int):
    picture = drawn(board(*[row(Standing.PAID)] * members))
    assert picture.width == WIDTH == 900
    assert picture.height <= 1300


@pytest.mark.parametrize(
    ("standing", "colour"),
    [(Standing.PAID, GREEN), (Standing.LATE, RED), (Standing.PARTLY, AMBER), (Standing.CASH, AMBER)],
)
@pytest.mark.parametrize("members", [3, 20])
def test_how_somebody_stands_has_a_colour(standing: Standing, colour: tuple[int, ...], members: int):
    rows_only = (MARGIN, 470, WIDTH, 600)
    quiet = colours(drawn(board(*[row(Standing.NOT_YET)] * members)), rows_only)
    told = colours(drawn(board(*[row(standing)] * members)), rows_only)
    assert quiet[colour] == 0
    assert told[colour] > 100


def test_the_bar_is_as_full_as_the_pot():
    for paid, share in ((0, 0.0), (2, 0.5), (4, 1.0)):
        rows = [row(Standing.PAID)] * paid + [row(Standing.NOT_YET)] * (4 - paid)
        picture = drawn(board(*rows))
        bar = [_named(picture.getpixel((x, 432))) for x in range(MARGIN, WIDTH - MARGIN)]
        assert bar.count(GREEN) == pytest.approx(len(bar) * share, abs=16)


def test_among_fifty_those_who_have_not_paid_are_always_shown():
    paid = [row(Standing.PAID)] * 45
    late = [row(Standing.LATE)] * 5
    scattered = colours(drawn(board(*paid, *late)))
    at_once = colours(drawn(board(*late, *paid)))
    assert scattered == at_once
    assert scattered[RED] > 5 * 400


def test_the_seal_has_its_place_only_when_there_is_one():
    with_seal, without = drawn(board(row(Standing.PAID))), drawn(board(row(Standing.PAID), seal=None))
    assert with_seal.height > without.height


def test_the_same_board_reads_otherwise_in_english_and_once_it_is_closed():
    rows = [row(Standing.PAID), row(Standing.LATE)]
    pictures = {
        draw_board(board(*rows), "fr"),
        draw_board(board(*rows), "en"),
        draw_board(board(*rows, is_closed=True), "fr"),
    }
    assert len(pictures) == 3


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Aïssatou N’Diaye Œuvré", "Aïssatou N’Diaye Œuvré"),
        ("Ẹniọla Ṣadé Ɔkɔmfo Ŋmɛ", "Ẹniọla Ṣadé Ɔkɔmfo Ŋmɛ"),
        ("Zoe\u0301 🧵 Kaboré", "Zoé Kaboré"),
        ("👩🏾‍🌾🧵", "…"),
        ("محمد Abdoul", "Abdoul"),
        ("\u202eAwa\u200b\x00", "Awa"),
        ("", "…"),
    ],
)
def test_a_name_is_written_as_far_as_the_letters_go(name: str, written: str):
    assert printable(name, "…") == written
    drawn(board(row(Standing.PAID, name), name=name))


def test_a_name_of_any_length_stays_within_its_line():
    for members in (1, 20):
        picture = drawn(board(*[row(Standing.NOT_YET, "Ouédraogo " * 12)] * members, name="Solidarité " * 5))
        edge = (WIDTH - MARGIN + 4, 170, WIDTH, picture.height)
        assert set(colours(picture, edge)) == {SAND}


async def test_an_open_board_follows_the_money_and_a_closed_one_its_minutes(village: Village):
    names = ("Awa", "Binta", "Chantal")
    group = await village.running(*names, short_pot="carry")
    round_id = (await group.round(1)).id
    await group.pay("Awa", 5_000)
    await group.pay("Binta", 2_000)

    seen = await village.do(board_of, round_id)
    assert (seen.tontine, seen.number, seen.of, seen.beneficiaries) == ("Les Amies", 1, 3, ["Awa"])
    assert [(each.name, each.standing) for each in seen.rows] == [
        ("Awa", Standing.PAID), ("Binta", Standing.PARTLY), ("Chantal", Standing.NOT_YET)
    ]  # fmt: skip
    assert (seen.collected, seen.expected, seen.is_closed) == (Money(7_000), Money(15_000), False)
    assert seen.seal is not None

    await village.do(
        tontines.declare_cash, group.id, village.id("Chantal"), Money(5_000), by=village.id("Binta"), key="cash"
    )
    assert (await village.do(board_of, round_id)).rows[2].standing is Standing.CASH

    await group.past_deadline(1)
    assert (await village.do(board_of, round_id)).rows[1].standing is Standing.LATE
    await group.pay_pot(1)
    closed = await village.do(board_of, round_id)
    assert closed.is_closed
    assert [each.standing for each in closed.rows] == [Standing.PAID, Standing.LATE, Standing.LATE]
    await group.pay("Binta", 3_000)
    after = await village.do(board_of, round_id)
    assert after.rows == closed.rows
    assert after.collected == Money(7_000)

    picture = Image.open(BytesIO(draw_board(after, "fr")))
    assert (picture.format, picture.width) == ("PNG", WIDTH)


async def test_an_auctions_board_names_nobody_before_its_turn_is_decided(village: Village):
    names = ("Awa", "Binta", "Chantal")
    group = await village.tontine(*names, order="auction")
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    last = await village.do(board_of, (await group.round(3)).id)
    assert last.beneficiaries == []
    draw_board(last, "fr")
