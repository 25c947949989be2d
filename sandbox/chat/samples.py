"""The picture, the sticker and the voice note that people send, made here so that nothing is downloaded."""

import base64
import struct
import zlib
from typing import Final

from sandbox.records import Json
from sandbox.telegram.files import Files, Upload

_WIDTH: Final = 320
_HEIGHT: Final = 200

# The smallest WebP picture: a sticker's body is never looked at here, its emoji is.
_WEBP: Final = base64.b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
_OGG: Final = b"OggS\x00\x02" + bytes(22)


STICKER: Final = Upload("sticker.webp", "image/webp", _WEBP)
VOICE: Final = Upload("voice.ogg", "audio/ogg", _OGG)


def sunset() -> Upload:
    """A PNG of a sun over a river, drawn row by row."""
    rows = b"".join(b"\x00" + b"".join(_colour(x, y) for x in range(_WIDTH)) for y in range(_HEIGHT))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    body = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)
    return Upload("photo.png", "image/png", body)


def photo(files: Files) -> Json:
    return {"photo": files.add(sunset()).as_photo()}


def sticker(files: Files, emoji: str) -> Json:
    stored = files.add(STICKER)
    shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
    return {"sticker": {**stored.as_file(), **shape, "emoji": emoji, "set_name": "cauris"}}


def voice(files: Files) -> Json:
    stored = files.add(VOICE)
    return {"voice": {**stored.as_file(), "duration": 4, "mime_type": "audio/ogg"}}


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _colour(x: int, y: int) -> bytes:
    horizon, radius, across = 130, 42, 160
    if y > horizon:
        glitter = 40 if abs(x - across) < (y - horizon) // 2 + 14 and (y // 5) % 2 else 0
        return bytes((40 + glitter * 4, 78 + glitter * 2, 92 + glitter // 2))
    if (x - across) ** 2 + (y - horizon) ** 2 < radius**2:
        return bytes((255, 236, 179))
    return bytes((214 + y // 4, 92 + y // 2 + y // 4, 52 + y // 3))
