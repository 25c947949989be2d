"""What is kept of a picture: what it shows, and nothing that was written into it."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import ExifTags, Image

from identity import Unreadable, cleaned
from tests.identity.kit import photo


def with_a_place() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Tecno"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (12.0, 21.0, 58.0)
    return photo(exif=exif.tobytes(), comment=b"taken at home", icc_profile=b"\0" * 64)


def test_place_telephone_and_remarks_are_gone_and_it_stands_upright():
    clean = cleaned(with_a_place())
    with Image.open(BytesIO(clean)) as seen:
        assert seen.size == (400, 640)
        assert dict(seen.getexif()) == {}
        assert {"exif", "comment", "icc_profile"}.isdisjoint(seen.info)
    assert b"Tecno" not in clean
    assert b"at home" not in clean


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_kind_of_picture_becomes_a_jpeg(kind: str):
    with Image.open(BytesIO(cleaned(photo(kind=kind)))) as seen:
        assert (seen.format, seen.size) == ("JPEG", (640, 400))


def test_a_very_large_picture_is_made_smaller():
    with Image.open(BytesIO(cleaned(photo((4_000, 3_000))))) as seen:
        assert seen.size == (2_400, 1_800)


def claims_to_be(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as that."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"no picture at all",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        photo()[:200],
        photo((40, 40)),
        claims_to_be(60_000, 60_000),
        claims_to_be(2_000_000_000, 2),
        photo(kind="GIF"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_whatever_it_is(sent: bytes):
    with pytest.raises(Unreadable):
        cleaned(sent)
