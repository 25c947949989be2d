"""The webhook's door: what is not surely GetMiPay's stays outside, and 200 means committed."""

import asyncio
import hashlib
import hmac
import re
import time
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core import clock
from core.db import Database, is_database_away
from payments.metrics import SETTLING, WEBHOOKS, count_committed
from payments.provider_events import EventState, SignedEvent, alert_of_bad_signature, signed_event, take_event
from payments.reports import Report, read_report
from payments.settling import may_be_plain, settle_together
from payments.strict_json import JsonObject, UnreadableJson, canonical, read_object

LARGEST_BODY = 64 * 1024
_RETRY_AFTER_S = 30
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_ROUTINE = {EventState.APPLIED, EventState.DUPLICATE}

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
        self._settled: list[str | None] = []

    async def receive(self, database: Database, body: bytes, signature: str | None) -> WebhookAnswer:
        """Verify and act on one webhook. Whatever happens, the answer is one that GetMiPay understands.

        401 for what is not signed by GetMiPay, 413 for too much, 503 when nothing could be committed (it comes again),
        and 200 for everything that is GetMiPay's, also what we set aside: sending that again would change nothing.
        """
        began = time.perf_counter()
        answer = await self._answer(database, body, signature)
        WEBHOOKS.labels(answer.outcome).inc()
        if answer.outcome == EventState.APPLIED:
            SETTLING.observe(time.perf_counter() - began)
        if answer.outcome not in _ROUTINE:
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
        text = canonical(signed)
        try:
            if not is_signed(text, signature, self._secrets):
                await self._alert(database, signed)
                return WebhookAnswer(HTTPStatus.UNAUTHORIZED, "bad_signature")
            return WebhookAnswer(HTTPStatus.OK, await self._take(database, signed_event(signed, text)))
        except (DBAPIError, PoolTimeout, OSError) as error:
            # OSError: the database's address does not answer, or has no name any more.
            if isinstance(error, DBAPIError) and not is_database_away(error):
                raise
            log.warning("webhook.database_away", error=type(error).__name__)
            return WebhookAnswer(HTTPStatus.SERVICE_UNAVAILABLE, "database_away", _RETRY_AFTER_S)

    async def _take(self, database: Database, event: SignedEvent) -> EventState:
        """Plain settlements that come at the same time are committed together; all else goes by itself."""
        state = await database.together(settle_together, event) if may_be_plain(event.report) else None
        if state is None:
            return await database.run(lambda session: take_event(session, event))
        if state is EventState.APPLIED:
            count_committed("deposit.settled")
            self._note(event.report)
        return state

    def _note(self, report: Report) -> None:
        """One line in the log for all that one commit settled: a line each would cost as much as settling."""
        if not self._settled:
            # Whoever was in the same group goes on in this same turn of the loop.
            asyncio.get_running_loop().call_soon(self._log_settled)
        self._settled.append(report.reference or report.transaction_id)

    def _log_settled(self) -> None:
        log.info("webhooks.settled", payments=self._settled)
        self._settled = []

    async def _alert(self, database: Database, signed: JsonObject) -> None:
        """A hop that rewrites numbers (5000.0 to 5000) breaks every signature: an operator hears of it, and the status
        look-up settles the payments meanwhile. Strangers who knock cost us one row an hour at most.
        """
        hour = f"{clock.now():%Y-%m-%dT%H}"
        if read_report(signed).direction is not None and hour != self._alerted:
            await database.run(lambda session: alert_of_bad_signature(session, hour))
            self._alerted = hour


def is_signed(text: str, signature: str | None, secrets: WebhookSecrets) -> bool:
    """Whether `signature` is GetMiPay's over the canonical `text`, by the current secret or by the one before it."""
    given = (signature or "").strip().lower()
    if not _SIGNATURE.fullmatch(given):
        return False
    if hmac.compare_digest(given, _signature(text, secrets.current)):
        return True
    if secrets.previous and hmac.compare_digest(given, _signature(text, secrets.previous)):
        log.info("webhook.signed", matched="previous")
        return True
    return False


def _signature(text: str, secret: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
