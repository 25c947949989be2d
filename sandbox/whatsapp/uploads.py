"""Media over the Graph API: upload, look up, download, delete."""

from aiohttp import BodyPartReader, web

from sandbox.records import Json
from sandbox.telegram.files import Upload
from sandbox.whatsapp.calls import Call, json_answer
from sandbox.whatsapp.errors import bad_parameter, bad_token, unknown_object
from sandbox.whatsapp.world import WHATSAPP


async def upload_media(call: Call) -> Json:
    if call.node != call.world.business.phone_id:
        raise unknown_object(call.node)
    if call.request.content_type != "multipart/form-data":
        raise bad_parameter("(#100) The parameter file is required.")
    fields, file = await _read_form(call.request)
    if fields.get("messaging_product") != "whatsapp":
        raise bad_parameter("(#100) The parameter messaging_product is required.")
    if file is None:
        raise bad_parameter("(#100) The parameter file is required.")
    return {"id": call.world.media.upload(file).media_id}


async def delete_media(call: Call) -> Json:
    media = call.world.media.get(call.node)
    if media is None:
        raise unknown_object(call.node, "delete")
    call.world.media.delete(media)
    return {"success": True}


async def download(request: web.Request) -> web.StreamResponse:
    """The bytes, for whoever knows the business's token."""
    world = request.app[WHATSAPP]
    if request.headers.get("Authorization") != f"Bearer {world.business.token}":
        return json_answer(bad_token().as_answer(), 401)
    media = world.media.get(request.match_info["media"])
    if media is None:
        raise web.HTTPNotFound
    headers = {"Content-Disposition": f'attachment; filename="{media.upload.name.encode("ascii", "replace").decode()}"'}
    return web.Response(
        body=media.upload.body, content_type=media.upload.mime_type.partition(";")[0].strip(), headers=headers
    )


async def _read_form(request: web.Request) -> tuple[dict[str, str], Upload | None]:
    fields: dict[str, str] = {}
    file: Upload | None = None
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        if part.name == "file":
            mime_type = part.headers.get("Content-Type", "application/octet-stream")
            file = Upload(part.filename or "file", mime_type, bytes(await part.read()))
        else:
            fields[part.name] = await part.text()
    return fields, file
