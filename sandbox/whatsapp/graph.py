"""The Graph API: which address does what."""

from typing import Final

from aiohttp import web

from sandbox.whatsapp.calls import answering
from sandbox.whatsapp.nodes import (
    app_access_token,
    change_number,
    override_webhook,
    phone_numbers,
    show_node,
    subscribe,
    subscribed_apps,
)
from sandbox.whatsapp.reviewing import create_template, delete_template, list_templates
from sandbox.whatsapp.sending import send_or_read
from sandbox.whatsapp.uploads import delete_media, download, upload_media

_ROOT: Final = r"/whatsapp/{version:v\d+\.\d+}"
_NODE: Final = f"{_ROOT}/{{node:[0-9]+}}"


def routes() -> list[web.RouteDef]:
    return [
        web.post(f"{_NODE}/messages", answering("messages", send_or_read)),
        web.post(f"{_NODE}/media", answering("media", upload_media)),
        web.get(f"{_NODE}/message_templates", answering("message_templates", list_templates)),
        web.post(f"{_NODE}/message_templates", answering("message_templates", create_template)),
        web.delete(f"{_NODE}/message_templates", answering("message_templates", delete_template)),
        web.get(f"{_NODE}/phone_numbers", answering("phone_numbers", phone_numbers)),
        web.get(f"{_NODE}/subscribed_apps", answering("subscribed_apps", subscribed_apps)),
        web.post(f"{_NODE}/subscribed_apps", answering("subscribed_apps", override_webhook)),
        web.post(f"{_NODE}/subscriptions", answering("subscriptions", subscribe)),
        web.get(f"{_ROOT}/oauth/access_token", answering("oauth", app_access_token, with_token=False)),
        web.get(_NODE, answering("node", show_node)),
        web.delete(_NODE, answering("media", delete_media)),
        web.post(f"{_NODE}{{slash:/?}}", answering("node", change_number)),
        web.get("/whatsapp/media/{media:[0-9]+}", download),
    ]
