"""Pictures as people send them, made into what we keep: the picture and nothing else."""

import warnings
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

# Telegram gives out 20 MB at most, WhatsApp takes pictures of 5 MB; a photo of a card is far smaller.
LARGEST: Final = 10 * 1024 * 1024
# A small file may claim to be a huge picture, and would fill the memory when it is read.
_MOST_PIXELS: Final = 50_000_000
# As wide as it takes to read the small print of an identity card.
_SIDE: Final = 2_400
_SHORTEST_SIDE: Final = 150
_QUALITY: Final = 88
_FORMATS: Final = ("JPEG", "PNG", "WEBP")


class Unreadable(Exception):
    """This is no picture that can be looked at."""


def cleaned(raw: bytes) -> bytes:
    """The picture as a new JPEG, upright, without place, telephone or anything else that was written into the file.

    It takes as long as a picture takes to draw: not to be called between other people's messages.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return _drawn_anew(raw)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise Unreadable(type(error).__name__) from error


def _drawn_anew(raw: bytes) -> bytes:
    with Image.open(BytesIO(raw), formats=_FORMATS) as sent:
        width, height = sent.size
        if width * height > _MOST_PIXELS or min(width, height) < _SHORTEST_SIDE:
            raise ValueError("too large or too small")
        upright = ImageOps.exif_transpose(sent).convert("RGB")
    upright.thumbnail((_SIDE, _SIDE))
    # A picture of its own: what is written into a file follows its picture from copy to copy.
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    drawn = BytesIO()
    clean.save(drawn, "JPEG", quality=_QUALITY)
    return drawn.getvalue()
