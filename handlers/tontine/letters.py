"""The letters of pictures and documents: one font with the accents of French and of West Africa's languages."""

import unicodedata
from functools import cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

FONT = Path(str(files("fontpkg_noto_sans").joinpath("files", "NotoSans[wdth,wght].ttf")))
REGULAR, BOLD = 400, 700

_WIDTH = 100


def letters(size: int, weight: int = REGULAR) -> FreeTypeFont:
    """The font at a size in pixels. Each call gives one of its own, because drawing may happen in a thread."""
    font = ImageFont.truetype(str(FONT), size)
    font.set_variation_by_axes([weight, _WIDTH])
    return font


def printable(text: str, otherwise: str = "") -> str:
    """The text as far as the font can write it: a name's emoji would be drawn as an empty box.

    Gives `otherwise` when nothing is left.
    """
    known = (each for each in unicodedata.normalize("NFC", text) if _is_known(each))
    return " ".join("".join(known).split()) or otherwise


@cache
def _is_known(letter: str) -> bool:
    if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co"}:
        return False
    return letter.isspace() or letter in _letters_of_the_font()


@cache
def _letters_of_the_font() -> frozenset[str]:
    with TTFont(FONT, lazy=True) as font:
        return frozenset(chr(code) for code in font.getBestCmap())
