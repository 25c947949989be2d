"""The parameters of a Bot API call, from a query, JSON, a form or a multipart body."""

import json
import re
from dataclasses import dataclass, field
from typing import Final, cast

from aiohttp import BodyPartReader, web

from sandbox.records import Json
from sandbox.telegram.errors import bad_request
from sandbox.telegram.files import Upload

_NUMBER: Final = re.compile(r"-?[0-9]{1,15}")


def number(text: str) -> int | None:
    """A whole number no larger than Telegram's ids, or nothing."""
    return int(text) if _NUMBER.fullmatch(text) else None


@dataclass(frozen=True)
class Params:
    values: Json = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None or value == "" else str(value)

    def integer(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        found = number(value)
        if found is None:
            raise bad_request(f"{name} must be an integer")
        return found

    def flag(self, name: str) -> bool:
        return str(self.values.get(name, "")).lower() in {"true", "1", "yes"}

    def structure(self, name: str) -> Json | list[Json] | None:
        """An object or array, which forms carry as JSON text."""
        value = self.values.get(name)
        if isinstance(value, str) and value:
            try:
                value = json.loads(value)
            except ValueError as error:
                raise bad_request(f"can't parse {name} JSON object") from error
        return cast("Json | list[Json] | None", value or None)

    def mapping(self, name: str) -> Json | None:
        value = self.structure(name)
        if value is not None and not isinstance(value, dict):
            raise bad_request(f"object expected as {name}")
        return value

    def array(self, name: str) -> list[object] | None:
        value = self.structure(name)
        if value is not None and not isinstance(value, list):
            raise bad_request(f"can't parse {name}: an Array is expected")
        return cast("list[object] | None", value)

    def mappings(self, name: str) -> list[Json]:
        values = self.array(name) or []
        if not all(isinstance(value, dict) for value in values):
            raise bad_request(f"can't parse {name}: an Array of Objects is expected")
        return cast("list[Json]", values)

    def file(self, name: str) -> Upload | str:
        """An upload under this name, one attached elsewhere, or a file id; raises Telegram's 400 when absent."""
        if name in self.files:
            return self.files[name]
        value = self.text(name)
        if value is None:
            raise bad_request(f"there is no {name} in the request")
        return self.attached(value)

    def attached(self, value: str) -> Upload | str:
        if not value.startswith("attach://"):
            return value
        upload = self.files.get(value.removeprefix("attach://"))
        if upload is None:
            raise bad_request("attached file was not found in the request")
        return upload


async def read_params(request: web.Request) -> Params:
    values: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError as error:
            raise bad_request("can't parse JSON object") from error
        if not isinstance(body, dict):
            raise bad_request("object expected as request body")
        return Params({**values, **body})
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request, values)
    return Params({**values, **{name: str(value) for name, value in (await request.post()).items()}})


async def _read_multipart(request: web.Request, values: Json) -> Params:
    files: dict[str, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        if part.filename is None:
            values[part.name] = await part.text()
        else:
            mime_type = part.headers.get("Content-Type", "application/octet-stream")
            files[part.name] = Upload(part.filename, mime_type, bytes(await part.read()))
    return Params(values, files)
