"""The business's number, account and app: what they are, and where their webhooks go."""

from sandbox.records import Json
from sandbox.whatsapp.business import APP_ID, NAME
from sandbox.whatsapp.calls import Call
from sandbox.whatsapp.courier import COURIER
from sandbox.whatsapp.errors import GraphError, bad_parameter, bad_token, unknown_object
from sandbox.whatsapp.media import StoredMedia


async def show_node(call: Call) -> Json:
    """Whatever has this id: the number, the account, a template or a media object."""
    business = call.world.business
    if call.node == business.phone_id:
        webhook = {"webhook_configuration": {"application": call.world.webhook.url}}
        return _chosen(call, {**business.as_phone_number(), **webhook})
    if call.node == business.account_id:
        return _chosen(call, business.as_account())
    template = call.world.templates.get(call.node)
    if template is not None:
        return _chosen(call, template.as_details())
    media = call.world.media.get(call.node)
    if media is None:
        raise unknown_object(call.node, "get")
    return media.as_details(media_url(call, media))


def media_url(call: Call, media: StoredMedia) -> str:
    return f"{call.origin}/whatsapp/media/{media.media_id}"


async def phone_numbers(call: Call) -> Json:
    require_account(call)
    return {"data": [call.world.business.as_phone_number()]}


async def subscribed_apps(call: Call) -> Json:
    require_account(call)
    app = {"id": APP_ID, "name": NAME, "link": f"https://www.facebook.com/games/?app_id={APP_ID}"}
    url = call.world.webhook.url
    override = {"override_callback_uri": url} if url else {}
    return {"data": [{"whatsapp_business_api_data": app, **override}]}


async def override_webhook(call: Call) -> Json:
    """Register an address for the account; without one, the app stays subscribed as it was."""
    require_account(call)
    if "override_callback_uri" in call.body:
        await _register(call, call.body)
    return {"success": True}


async def change_number(call: Call) -> Json:
    """Register an address for the phone number."""
    if call.node != call.world.business.phone_id:
        raise unknown_object(call.node)
    configuration = call.body.get("webhook_configuration")
    if not isinstance(configuration, dict):
        raise bad_parameter("(#100) The sandbox only changes a phone number's webhook_configuration.")
    await _register(call, configuration)
    return {"success": True}


async def subscribe(call: Call) -> Json:
    """Register an address for the app, with the app's own token."""
    if call.node != APP_ID:
        raise unknown_object(call.node)
    if call.query.get("access_token") != call.world.business.app_token:
        raise bad_token()
    renamed = {"override_callback_uri": call.query.get("callback_url"), "verify_token": call.query.get("verify_token")}
    await _register(call, renamed)
    return {"success": True}


async def app_access_token(call: Call) -> Json:
    if call.query.get("client_id") != APP_ID or call.query.get("client_secret") != call.world.business.app_secret:
        raise GraphError(101, title="Error validating client secret.")
    return {"access_token": call.world.business.app_token, "token_type": "bearer"}


def require_account(call: Call) -> None:
    if call.node != call.world.business.account_id:
        raise unknown_object(call.node, call.request.method.lower())


async def _register(call: Call, given: Json) -> None:
    url = str(given.get("override_callback_uri") or "")
    if url and not await call.request.app[COURIER].verify(url, str(given.get("verify_token", ""))):
        raise GraphError(
            2200, title="(#2200) Callback verification failed with the following errors: the challenge was not repeated"
        )
    call.world.webhook.set(url)
    call.world.notices.hurry()


def _chosen(call: Call, node: Json) -> Json:
    """Only the fields asked for, and the id, as Graph does."""
    asked = [field for field in call.query.get("fields", "").split(",") if field]
    return {name: value for name, value in node.items() if not asked or name in {*asked, "id"}}
