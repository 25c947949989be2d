"""The methods by which a bot hears: long polling, the webhook, answers to taps, downloads."""

import asyncio
import re
import time
from typing import Final

from sandbox.records import Json
from sandbox.telegram.errors import bad_request, conflict
from sandbox.telegram.markup import utf16_length
from sandbox.telegram.methods.call import Method
from sandbox.telegram.params import Params
from sandbox.telegram.world import World

MOST_UPDATES: Final = 100
LONGEST_POLL_S: Final = 50
LONGEST_CALLBACK_ANSWER: Final = 200
MOST_CONNECTIONS: Final = 40

_START_LINK: Final = re.compile(r"(https?://)?t\.me/\w+\?start=[A-Za-z0-9_-]{1,64}")


class Polls:
    """At most one poll waits at a time: a newer one ends the older, as Telegram does."""

    def __init__(self) -> None:
        self._newest = 0

    async def get_updates(self, world: World, params: Params) -> list[Json]:
        """Wait for updates; raises Telegram's 409 beside a webhook or a newer poll."""
        if world.webhook.url:
            raise conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        self._newest += 1
        mine = self._newest
        world.updates.wake()
        with world.records.transaction():
            offset = _begin(world, params)
        limit = min(max(params.integer("limit") or MOST_UPDATES, 1), MOST_UPDATES)
        deadline = time.monotonic() + min(params.integer("timeout") or 0, LONGEST_POLL_S)
        while True:
            with world.records.transaction():
                updates = world.updates.pending(offset, limit)
            left_s = deadline - time.monotonic()
            if updates or left_s <= 0:
                return updates
            await world.updates.wait(left_s)
            if mine != self._newest:
                # The newer poll must not be answered before the older one is sent away.
                await asyncio.sleep(0)
                raise conflict(
                    "terminated by other getUpdates request; make sure that only one bot instance is running"
                )


def set_webhook(world: World, params: Params) -> bool:
    url = params.text("url")
    if url is None:
        return delete_webhook(world, params)
    world.webhook.set(url, params.text("secret_token"), params.integer("max_connections") or MOST_CONNECTIONS)
    _allow(world, params)
    if params.flag("drop_pending_updates"):
        world.updates.forget_all_but(0)
    return True


def delete_webhook(world: World, params: Params) -> bool:
    world.webhook.remove()
    if params.flag("drop_pending_updates"):
        world.updates.forget_all_but(0)
    return True


def get_webhook_info(world: World, _: Params) -> Json:
    return world.webhook.info()


def answer_callback_query(world: World, params: Params) -> bool:
    text = params.text("text") or ""
    if utf16_length(text) > LONGEST_CALLBACK_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    url = params.text("url")
    if url is not None and not _START_LINK.fullmatch(url):
        raise bad_request("URL_INVALID")
    answer = {"text": text, "show_alert": params.flag("show_alert"), "url": url}
    world.callbacks.answer(params.text("callback_query_id") or "", answer)
    return True


def get_file(world: World, params: Params) -> Json:
    stored = world.files.get(params.text("file_id") or "")
    if stored is None:
        raise bad_request("invalid file_id")
    return {**stored.as_file(), "file_path": stored.path}


def _begin(world: World, params: Params) -> int:
    _allow(world, params)
    offset = params.integer("offset") or 0
    if offset < 0:
        world.updates.forget_all_but(-offset)
        return 0
    world.updates.confirm_before(offset)
    return offset


def _allow(world: World, params: Params) -> None:
    """Left out, the names given before stay in force."""
    if params.values.get("allowed_updates") not in (None, ""):
        world.updates.allow([str(name) for name in params.array("allowed_updates") or []])


METHODS: Final[dict[str, Method]] = {
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "answerCallbackQuery": answer_callback_query,
    "getFile": get_file,
}
