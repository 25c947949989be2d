"""The picture of a round's board, drawn to be read on a small telephone."""

from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw
from PIL.ImageDraw import ImageDraw as Canvas
from PIL.ImageFont import FreeTypeFont

from core import i18n
from handlers.tontine.board import Board, Row, Seal, Standing
from handlers.tontine.letters import BOLD, letters, printable

WIDTH = 900
_MARGIN = 44
_CLAY, _SAND, _SHELL, _INK, _DIM = "#a4441f", "#faf5ec", "#e9d8b8", "#2b2118", "#75685a"
_COLOURS = 64
_MARKS = {
    Standing.PAID: "#2e7d4f",
    Standing.PARTLY: "#c98a12",
    Standing.CASH: "#c98a12",
    Standing.NOT_YET: "#a79a8a",
    Standing.LATE: "#b3261e",
}

# Up to so many members have a line each with its words; more stand in two columns, and the last place is a sum.
_LINES = 10
_CELLS = 24
_LINE_HEIGHT, _CELL_HEIGHT = 54, 46
_MARK = 15


def draw_board(board: Board, language: str) -> bytes:
    """A PNG of the board, 900 points wide. It takes a moment, in which nobody should wait for a transaction."""
    return _Drawing(board, language).png()


class _Drawing:
    """One picture, drawn from its top to its foot; `_y` is how far it has come."""

    def __init__(self, board: Board, language: str) -> None:
        self._board = board
        self._language = language
        # A font draws its first letters slowly: one of each kind serves the whole picture, and no other thread.
        self._letters = cache(letters)
        self._y = 0
        self._is_folded = len(board.rows) > _LINES
        self._picture = Image.new("RGB", (WIDTH, self._height()), _SAND)
        self._canvas: Canvas = ImageDraw.Draw(self._picture)

    def png(self) -> bytes:
        self._draw_head()
        self._draw_beneficiary()
        self._draw_pot()
        self._draw_members()
        self._draw_seal()
        content = BytesIO()
        self._picture.quantize(_COLOURS).save(content, "PNG")
        return content.getvalue()

    def _height(self) -> int:
        members = _places(len(self._board.rows))
        height = (members + 1) // 2 * _CELL_HEIGHT + _CELL_HEIGHT + 8 if self._is_folded else members * _LINE_HEIGHT
        return 516 + height + (138 if self._board.seal else 0)

    def _draw_head(self) -> None:
        board = self._board
        self._canvas.rectangle((0, 0, WIDTH, 158), fill=_CLAY)
        name = printable(board.tontine, "…")
        self._write(name, 24, self._largest_that_fits(name, WIDTH - 2 * _MARGIN), "#ffffff")
        state = "closed" if board.is_closed else "open"
        deadline = i18n.moment(self._language, board.deadline, board.zone)
        told = self._text(f"board.{state}", number=board.number, of=board.of, deadline=deadline)
        self._write(told, 96, self._letters(32), "#ffe9dc")
        self._y = 158

    def _draw_beneficiary(self) -> None:
        names = [printable(name, "…") for name in self._board.beneficiaries]
        self._write(self._text("board.beneficiary"), self._y + 26, self._letters(28), _DIM)
        shown = " · ".join(names) or self._text("board.nobody_yet")
        self._write(shown, self._y + 60, self._letters(44, BOLD), _INK)
        self._y += 140

    def _draw_pot(self) -> None:
        board, top = self._board, self._y
        self._write(self._text("board.pot"), top, self._letters(28), _DIM)
        big = self._letters(56, BOLD)
        collected = i18n.amount(board.collected)
        self._write(collected, top + 30, big, _CLAY)
        expected = self._text("board.expected", amount=board.expected)
        self._canvas.text((_MARGIN + big.getlength(collected) + 20, top + 59), expected, _DIM, self._letters(30))
        self._draw_bar(top + 122)
        self._y = top + 186

    def _draw_bar(self, top: int) -> None:
        """How full the pot is."""
        left, right, height = _MARGIN, WIDTH - _MARGIN, 24
        collected, expected = self._board.collected.amount, self._board.expected.amount
        self._canvas.rounded_rectangle((left, top, right, top + height), height // 2, fill=_SHELL)
        filled = (right - left) * collected // expected if expected else 0
        if filled >= height:
            green = _MARKS[Standing.PAID]
            self._canvas.rounded_rectangle((left, top, left + filled, top + height), height // 2, fill=green)

    def _draw_members(self) -> None:
        if self._is_folded:
            self._draw_cells()
        else:
            for row in self._board.rows:
                self._draw_line(row)
        self._y += 18

    def _draw_line(self, row: Row) -> None:
        """A member and, at the right, how they stand in words."""
        small, middle = self._letters(28), self._y + _LINE_HEIGHT // 2
        told = self._text(f"board.standing.{row.standing}", paid=row.paid, owed=row.owed, missing=row.owed - row.paid)
        width = small.getlength(told)
        self._canvas.text((WIDTH - _MARGIN - width, middle), told, _colour_of_words(row.standing), small, anchor="lm")
        self._draw_mark(row.standing, _MARGIN + _MARK, middle)
        self._write_name(row.name, _MARGIN + 50, middle, WIDTH - 2 * _MARGIN - width - 80, self._letters(34))
        self._y += _LINE_HEIGHT

    def _draw_cells(self) -> None:
        """Two columns of names with marks, what the marks mean, and a sum of those there is no room for."""
        rows, places = self._board.rows, _places(len(self._board.rows))
        if len(rows) > places:
            rows = sorted(rows, key=lambda row: list(Standing).index(row.standing))
        shown = rows if len(rows) <= places else rows[: places - 1]
        column = (WIDTH - 2 * _MARGIN) // 2
        tall, top, font = (places + 1) // 2, self._y, self._letters(29)
        for place, row in enumerate(shown):
            left, middle = self._cell(place, tall, top)
            self._draw_mark(row.standing, left + _MARK, middle)
            self._write_name(row.name, left + 44, middle, column - 60, font)
        if rest := rows[len(shown) :]:
            left, middle = self._cell(places - 1, tall, top)
            paid = sum(row.standing is Standing.PAID for row in rest)
            key = "board.others_paid" if paid == len(rest) else "board.others"
            self._canvas.text((left, middle), self._text(key, count=len(rest), paid=paid), _DIM, font, anchor="lm")
        self._y = top + tall * _CELL_HEIGHT
        self._draw_legend()

    def _cell(self, place: int, tall: int, top: int) -> tuple[int, int]:
        column, line = divmod(place, tall)
        left = _MARGIN + column * (WIDTH - 2 * _MARGIN) // 2
        return left, top + line * _CELL_HEIGHT + _CELL_HEIGHT // 2

    def _draw_legend(self) -> None:
        """How many stand how, in words."""
        left, middle, font = _MARGIN, self._y + _CELL_HEIGHT // 2 + 8, self._letters(25)
        for standing in reversed(Standing):
            count = sum(row.standing is standing for row in self._board.rows)
            if count:
                self._draw_mark(standing, left + _MARK, middle)
                told = self._text(f"board.count.{standing}", count=count)
                self._canvas.text((left + 38, middle), told, _DIM, font, anchor="lm")
                left += 38 + int(font.getlength(told)) + 26
        self._y += _CELL_HEIGHT + 8

    def _draw_mark(self, standing: Standing, x: int, y: int) -> None:
        """A disc: ticked, half full, empty, with an exclamation mark, or a banknote; told apart without colours too."""
        colour, box = _MARKS[standing], (x - _MARK, y - _MARK, x + _MARK, y + _MARK)
        if standing is Standing.CASH:
            self._canvas.rounded_rectangle((x - _MARK, y - 10, x + _MARK, y + 10), 4, outline=colour, width=4)
            self._canvas.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
        elif standing in {Standing.NOT_YET, Standing.PARTLY}:
            self._canvas.ellipse(box, outline=colour, width=4)
            if standing is Standing.PARTLY:
                self._canvas.pieslice(box, 90, 270, fill=colour)
        else:
            self._canvas.ellipse(box, fill=colour)
            if standing is Standing.PAID:
                tick = [(x - 7, y), (x - 2, y + 6), (x + 8, y - 6)]
                self._canvas.line(tick, "#ffffff", 4, joint="curve")
            else:
                self._canvas.text((x, y), "!", "#ffffff", self._letters(26, BOLD), anchor="mm")

    def _draw_seal(self) -> None:
        seal = self._board.seal
        if seal is None:
            return
        self._canvas.line((_MARGIN, self._y, WIDTH - _MARGIN, self._y), _SHELL, 3)
        self._write(self._text("board.seal", line=seal.number), self._y + 14, self._letters(25), _DIM)
        for line, half in enumerate(_halves(seal)):
            self._write(half, self._y + 52 + line * 36, self._letters(27), _INK)

    def _write(self, text: str, y: int, font: FreeTypeFont, colour: str) -> None:
        self._canvas.text((_MARGIN, y), _fitting(printable(text), font, WIDTH - 2 * _MARGIN), colour, font)

    def _write_name(self, name: str, x: int, y: int, width: float, font: FreeTypeFont) -> None:
        self._canvas.text((x, y), _fitting(printable(name, "…"), font, width), _INK, font, anchor="lm")

    def _text(self, key: str, **params: object) -> str:
        return i18n.text(self._language, key, **params).unescape()

    def _largest_that_fits(self, text: str, width: float) -> FreeTypeFont:
        """A heading's font: smaller for a long name, which is cut short only when even that is too wide."""
        fonts = [self._letters(size, BOLD) for size in (50, 44, 38)]
        return next((font for font in fonts if font.getlength(text) <= width), fonts[-1])


def _places(members: int) -> int:
    return min(members, _CELLS)


def _colour_of_words(standing: Standing) -> str:
    return _DIM if standing is Standing.NOT_YET else _MARKS[standing]


def _halves(seal: Seal) -> list[str]:
    """The hash in groups of four, in two lines: it is compared by eye."""
    groups = [seal.hash[at : at + 4] for at in range(0, len(seal.hash), 4)]
    return [" ".join(groups[:8]), " ".join(groups[8:])]


def _fitting(text: str, font: FreeTypeFont, width: float) -> str:
    """The text, cut short where it is wider than that."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"
