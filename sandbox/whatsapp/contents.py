"""What the business may send: the content of each type of message, within Meta's limits."""

from collections.abc import Callable
from typing import Final

from sandbox.records import Json
from sandbox.whatsapp.errors import GraphError, bad_parameter, missing
from sandbox.whatsapp.fields import mapping
from sandbox.whatsapp.interactive import HEADER_MEDIA, check_interactive
from sandbox.whatsapp.template_messages import filled_template
from sandbox.whatsapp.world import World

LONGEST_TEXT: Final = 4096
LONGEST_CAPTION: Final = 1024

_MEDIA_TYPES: Final = {"image": "image/", "document": "", "audio": "audio/", "video": "video/", "sticker": "image/webp"}


def read_content(world: World, body: Json) -> tuple[str, Json]:
    """The type and content of a call to send, checked; raises Meta's refusal."""
    kind = str(body.get("type", "text"))
    if kind not in TYPES:
        raise bad_parameter(f'(#100) Param type must be one of {{{", ".join(TYPES).upper()}}} - got "{kind}".')
    if kind not in body:
        raise missing(f"{kind} is required.")
    return kind, TYPES[kind](world, kind, mapping(body, kind))


def _text(_: World, __: str, content: Json) -> Json:
    said = content.get("body")
    if not isinstance(said, str) or not said.strip():
        raise bad_parameter("(#100) The parameter text['body'] is required.")
    if len(said) > LONGEST_TEXT:
        raise bad_parameter(f"(#100) Param text['body'] must be at most {LONGEST_TEXT} characters long.")
    return {"body": said}


def _media(world: World, kind: str, content: Json) -> Json:
    caption = content.get("caption")
    if caption is not None and len(str(caption)) > LONGEST_CAPTION:
        raise bad_parameter(f"(#100) Param {kind}['caption'] must be at most {LONGEST_CAPTION} characters long.")
    _require_media(world, kind, content)
    return content


def _interactive(world: World, _: str, content: Json) -> Json:
    check_interactive(content)
    header = content.get("header", {})
    if header.get("type") in HEADER_MEDIA:
        _require_media(world, header["type"], header[header["type"]])
    return content


def _template(world: World, _: str, content: Json) -> Json:
    return filled_template(world.templates, content)


def _reaction(world: World, _: str, content: Json) -> Json:
    if world.messages.named(str(content.get("message_id"))) is None:
        raise bad_parameter("(#100) Invalid parameter: reaction['message_id']")
    return content


def _require_media(world: World, kind: str, content: Json) -> None:
    """What is named must have been uploaded and be of the right type; addresses are not fetched from here."""
    if "link" in content:
        raise GraphError(131053, "The sandbox does not fetch media from addresses: upload it first.")
    stored = world.media.get(str(content.get("id", "")))
    if stored is None:
        raise bad_parameter(f"(#100) Param {kind}['id'] is not a valid whatsapp business account media attachment ID")
    if not stored.upload.mime_type.startswith(_MEDIA_TYPES[kind]):
        raise GraphError(131053, f"Media of type {stored.upload.mime_type} cannot be sent as {kind}.")


TYPES: Final[dict[str, Callable[[World, str, Json], Json]]] = {
    "text": _text,
    "image": _media,
    "document": _media,
    "audio": _media,
    "video": _media,
    "sticker": _media,
    "interactive": _interactive,
    "template": _template,
    "reaction": _reaction,
}
