"""Pictures, documents and voice notes, kept so that both sides can fetch them."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from sandbox.records import Json, Records
from sandbox.telegram.files import Upload
from sandbox.whatsapp.errors import GraphError, bad_parameter

# Meta's numbers of a media object are long; ours begin high enough to be told from other ids.
_FIRST: Final = 500_000_000_000_000

_MEGABYTE: Final = 1024 * 1024
_DOCUMENTS: Final = (
    "text/plain",
    "text/csv",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
)
# The largest size of each type that may be uploaded.
LARGEST: Final[dict[str, int]] = {
    "image/jpeg": 5 * _MEGABYTE,
    "image/png": 5 * _MEGABYTE,
    "image/webp": _MEGABYTE // 2,
    **dict.fromkeys(("audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg"), 16 * _MEGABYTE),
    **dict.fromkeys(("video/mp4", "video/3gpp"), 16 * _MEGABYTE),
    **dict.fromkeys(_DOCUMENTS, 100 * _MEGABYTE),
}


@dataclass(frozen=True)
class StoredMedia:
    media_id: str
    upload: Upload

    @property
    def sha256(self) -> str:
        return base64.b64encode(hashlib.sha256(self.upload.body).digest()).decode()

    def as_received(self) -> Json:
        """The media object of a message that a person sent."""
        return {"mime_type": self.upload.mime_type, "sha256": self.sha256, "id": self.media_id}

    def as_details(self, url: str) -> Json:
        return {
            "messaging_product": "whatsapp",
            "url": url,
            "mime_type": self.upload.mime_type,
            "sha256": hashlib.sha256(self.upload.body).hexdigest(),
            "file_size": len(self.upload.body),
            "id": self.media_id,
        }


class Media:
    def __init__(self, records: Records) -> None:
        self._records = records
        if not self._records.one("SELECT 1 FROM sqlite_sequence WHERE name = 'whatsapp_media'"):
            self._records.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('whatsapp_media', ?)", _FIRST)

    def add(self, upload: Upload) -> StoredMedia:
        media_id = self._records.run(
            "INSERT INTO whatsapp_media (name, mime_type, body) VALUES (?, ?, ?)",
            upload.name,
            upload.mime_type,
            upload.body,
        )
        return StoredMedia(str(media_id), upload)

    def upload(self, upload: Upload) -> StoredMedia:
        """Keep what the business uploads; raises Meta's 100 for a type or a size it does not take."""
        plain_type = upload.mime_type.partition(";")[0].strip()
        if plain_type not in LARGEST:
            raise bad_parameter(
                f"Param file must be a file with one of the following types: {', '.join(LARGEST)}."
                f" Received file of type '{upload.mime_type}'."
            )
        if not upload.body:
            raise bad_parameter("Param file must not be empty.")
        if len(upload.body) > LARGEST[plain_type]:
            raise GraphError(131053, f"File size exceeds the maximum of {LARGEST[plain_type]} bytes for {plain_type}.")
        return self.add(upload)

    def get(self, media_id: str) -> StoredMedia | None:
        row = self._records.one("SELECT * FROM whatsapp_media WHERE media_id = ? AND NOT deleted", media_id)
        if row is None:
            return None
        return StoredMedia(str(row["media_id"]), Upload(row["name"], row["mime_type"], row["body"]))

    def delete(self, media: StoredMedia) -> None:
        """Take it away from the business; what was sent stays on people's phones."""
        self._records.run("UPDATE whatsapp_media SET deleted = 1 WHERE media_id = ?", media.media_id)

    def even_deleted(self, media_id: str) -> StoredMedia | None:
        row = self._records.one("SELECT * FROM whatsapp_media WHERE media_id = ?", media_id)
        if row is None:
            return None
        return StoredMedia(str(row["media_id"]), Upload(row["name"], row["mime_type"], row["body"]))
