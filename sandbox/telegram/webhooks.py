"""The webhook: pending updates are posted one after the other, each until it is answered with a 2xx."""

import logging
import re
import time
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from sandbox.records import Facts, Json, Records
from sandbox.telegram.errors import bad_request
from sandbox.telegram.keyboards import is_loopback
from sandbox.telegram.knobs import KnobBoard
from sandbox.telegram.updates import Updates

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)

log = logging.getLogger(__name__)


class Webhook:
    def __init__(self, records: Records, facts: Facts, updates: Updates, board: KnobBoard) -> None:
        self._records = records
        self._facts = facts
        self._updates = updates
        self._board = board

    @property
    def url(self) -> str:
        return str(self._facts.get("webhook").get("url", ""))

    def set(self, url: str, secret_token: str | None, max_connections: int) -> None:
        """Start posting to this address; raises Telegram's 400 for one it would not call."""
        _check_address(url)
        if secret_token is not None and not _SECRET.fullmatch(secret_token):
            raise bad_request("secret token contains unallowed characters")
        self._facts.put("webhook", {"url": url, "secret_token": secret_token, "max_connections": max_connections})
        self._updates.wake()

    def remove(self) -> None:
        self._facts.put("webhook", {})
        self._updates.wake()

    def info(self) -> Json:
        webhook = self._facts.get("webhook")
        info: Json = {
            "url": webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": self._updates.count(),
        }
        if webhook:
            info["max_connections"] = webhook["max_connections"]
            info.update({name: webhook[name] for name in ("last_error_date", "last_error_message") if name in webhook})
        if self._updates.allowed:
            info["allowed_updates"] = self._updates.allowed
        return info

    async def run(self) -> None:
        """Post for as long as the sandbox lives."""
        failures = 0
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as http:
            while True:
                updates = self._updates.pending(0, 1) if self.url else []
                if not updates:
                    await self._updates.wait(None)
                elif await self._post(http, updates[0]):
                    failures = 0
                    with self._records.transaction():
                        self._updates.confirm(updates[0]["update_id"])
                else:
                    delays = self._board.knobs.webhook_delays_s
                    # News, such as the bot setting its webhook again, end the pause early.
                    await self._updates.wait(delays[min(failures, len(delays) - 1)])
                    failures += 1

    async def _post(self, http: aiohttp.ClientSession, update: Json) -> bool:
        webhook = self._facts.get("webhook")
        headers = {"X-Telegram-Bot-Api-Secret-Token": webhook["secret_token"]} if webhook["secret_token"] else {}
        try:
            async with http.post(webhook["url"], json=update, headers=headers, allow_redirects=False) as answer:
                if answer.ok and answer.status < 300:  # noqa: PLR2004 (a redirect is not a yes)
                    return True
                failure = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            log.debug("webhook not reached", exc_info=error)
            failure = (
                "Connection refused" if isinstance(error, aiohttp.ClientConnectorError) else "Read timeout expired"
            )
        self._note_failure(webhook["url"], failure)
        return False

    def _note_failure(self, url: str, failure: str) -> None:
        webhook = self._facts.get("webhook")
        if webhook.get("url") == url:
            noted = {"last_error_date": int(time.time()), "last_error_message": failure}
            self._facts.put("webhook", {**webhook, **noted})


def _check_address(url: str) -> None:
    """Telegram wants HTTPS; here only this machine is called, and loopback may be plain."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise bad_request("bad webhook: invalid webhook URL specified")
    if is_loopback(url):
        return
    if urlsplit(url).scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    raise bad_request("bad webhook: the sandbox only calls this machine (a loopback address)")
