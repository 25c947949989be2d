"""Pictures and documents that were sent, kept so that `getFile` finds them."""

import secrets
import struct
from dataclasses import dataclass
from typing import Final

from sandbox.records import Json, Records
from sandbox.telegram.errors import bad_request

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8"
_LARGEST_PHOTO: Final = 10 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    name: str
    mime_type: str
    body: bytes


@dataclass(frozen=True)
class StoredFile:
    file_id: str
    upload: Upload

    @property
    def path(self) -> str:
        """Where it is downloaded, below `/file/bot<token>/`."""
        return f"files/{self.file_id}"

    def as_file(self) -> Json:
        return {
            "file_id": self.file_id,
            "file_unique_id": self.file_id[-12:],
            "file_size": len(self.upload.body),
        }

    def as_photo(self) -> list[Json]:
        width, height = dimensions(self.upload.body)
        return [{**self.as_file(), "width": width, "height": height}]

    def as_document(self) -> Json:
        return {**self.as_file(), "file_name": self.upload.name, "mime_type": self.upload.mime_type}


class Files:
    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, upload: Upload) -> StoredFile:
        if not upload.body:
            raise bad_request("file must be non-empty")
        file_id = f"sandbox-{secrets.token_urlsafe(18)}"
        self._records.run(
            "INSERT INTO telegram_files (file_id, name, mime_type, body) VALUES (?, ?, ?, ?)",
            file_id,
            upload.name,
            upload.mime_type,
            upload.body,
        )
        return StoredFile(file_id, upload)

    def get(self, file_id: str) -> StoredFile | None:
        row = self._records.one("SELECT * FROM telegram_files WHERE file_id = ?", file_id)
        if row is None:
            return None
        return StoredFile(file_id, Upload(row["name"], row["mime_type"], row["body"]))

    def take(self, given: Upload | str) -> StoredFile:
        """Store an upload, or find a file by the id it got before. Addresses are not fetched: there is no outside."""
        if isinstance(given, Upload):
            return self.add(given)
        if given.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")
        stored = self.get(given)
        if stored is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return stored


def dimensions(body: bytes) -> tuple[int, int]:
    """Width and height of a PNG or JPEG picture; raises Telegram's 400 for anything else."""
    if len(body) > _LARGEST_PHOTO:
        raise bad_request("file is too big for a photo")
    try:
        if body.startswith(_PNG):
            width, height = struct.unpack(">II", body[16:24])
            return width, height
        if body.startswith(_JPEG):
            return _jpeg_dimensions(body)
    except (struct.error, IndexError):
        pass
    raise bad_request("IMAGE_PROCESS_FAILED")


def _jpeg_dimensions(body: bytes) -> tuple[int, int]:
    at = 2
    while True:
        marker, length = body[at + 1], struct.unpack(">H", body[at + 2 : at + 4])[0]
        # Start-of-frame markers carry the size; C4, C8 and CC are tables that share their range.
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004 (JPEG's own numbers)
            height, width = struct.unpack(">HH", body[at + 5 : at + 9])
            return width, height
        at += 2 + length
