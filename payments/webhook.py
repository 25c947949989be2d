"""The webhook's door: what is not surely GetMiPay's stays outside, and 200 means committed."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core import clock
from core.db import Database, is_database_away
from payments.metrics import WEBHOOKS
from payments.provider_events import alert_of_bad_signature, take_event
from payments.reports import read_report
from payments.strict_json import JsonObject, UnreadableJson, canonical, read_object

LARGEST_BODY = 64 * 1024
_RETRY_AFTER_S = 30
_SIGNATURE = re.compile(r"[0-9a-f]{64}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What to answer; `retry_after_s` goes into the header of that name."""

    status: HTTPStatus
    outcome: str
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """The secret webhooks are signed with, and the one before it while it is being replaced."""

    current: str = field(repr=False)
    previous: str = field(default="", repr=False)


class WebhookDoor:
    """Where GetMiPay's webhooks come in."""

    def __init__(self, secrets: WebhookSecrets) -> None:
        self._secrets = secrets
        self._alerted = ""

    async def receive(self, database: Database, body: bytes, signature: str | None) -> WebhookAnswer:
        """Verify and act on one webhook. Whatever happens, the answer is one that GetMiPay understands.

        401 for what is not signed by GetMiPay, 413 for too much, 503 when nothing could be committed (it comes again),
        and 200 for everything that is GetMiPay's, also what we set aside: sending that again would change nothing.
        """
        answer = await self._answer(database, body, signature)
        WEBHOOKS.labels(answer.outcome).inc()
        log.info("webhook", outcome=answer.outcome, status=answer.status.value)
        return answer

    async def _answer(self, database: Database, body: bytes, signature: str | None) -> WebhookAnswer:
        if len(body) > LARGEST_BODY:
            return WebhookAnswer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
        if not self._secrets.current:
            return WebhookAnswer(HTTPStatus.SERVICE_UNAVAILABLE, "closed", _RETRY_AFTER_S)
        try:
            signed = read_object(body)
        except UnreadableJson as error:
            log.warning("webhook.unreadable", why=str(error))
            return WebhookAnswer(HTTPStatus.UNAUTHORIZED, "unreadable")
        try:
            if not is_signed(signed, signature, self._secrets):
                await self._alert(database, signed)
                return WebhookAnswer(HTTPStatus.UNAUTHORIZED, "bad_signature")
            return WebhookAnswer(HTTPStatus.OK, await database.run(lambda session: take_event(session, signed)))
        except (DBAPIError, PoolTimeout, OSError) as error:
            # OSError: the database's address does not answer, or has no name any more.
            if isinstance(error, DBAPIError) and not is_database_away(error):
                raise
            log.warning("webhook.database_away", error=type(error).__name__)
            return WebhookAnswer(HTTPStatus.SERVICE_UNAVAILABLE, "database_away", _RETRY_AFTER_S)

    async def _alert(self, database: Database, signed: JsonObject) -> None:
        """A hop that rewrites numbers (5000.0 to 5000) breaks every signature: an operator hears of it, and the status
        look-up settles the payments meanwhile. Strangers who knock cost us one row an hour at most.
        """
        hour = f"{clock.now():%Y-%m-%dT%H}"
        if read_report(signed).direction is not None and hour != self._alerted:
            await database.run(lambda session: alert_of_bad_signature(session, hour))
            self._alerted = hour


def is_signed(signed: JsonObject, signature: str | None, secrets: WebhookSecrets) -> bool:
    """Whether `signature` is GetMiPay's over `signed`, by the current secret or by the one before it."""
    given = (signature or "").strip().lower()
    if not _SIGNATURE.fullmatch(given):
        return False
    text = canonical(signed).encode()
    for name, secret in (("current", secrets.current), ("previous", secrets.previous)):
        if not secret:
            continue
        expected = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        if hmac.compare_digest(given.encode(), expected.encode()):
            log.info("webhook.signed", matched=name)
            return True
    return False
