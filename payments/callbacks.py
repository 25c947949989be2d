"""The door for callbacks that nobody signs (dialect `v1`): what comes in is a hint to look, and never more than that.

Money moves on what GetMiPay answers when it is asked. A hint can therefore be false, and anybody may give one; all
that has to be kept off is a flood of them.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import structlog
from pydantic import JsonValue
from sqlalchemy import or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import Database, is_database_away
from core.jobs import enqueue
from payments.callback_token import is_callback_token
from payments.deposit_states import DepositState
from payments.deposits import Deposit
from payments.hints import CHECK_HINT, Hint
from payments.methods import Direction
from payments.metrics import WEBHOOKS
from payments.payout_states import PayoutState
from payments.payouts import Payout
from payments.strict_json import JsonObject, UnreadableJson, identifier, read_object
from payments.webhook import LARGEST_BODY, WebhookAnswer

_RETRY_AFTER_S = 30
_STRANGERS_A_SECOND = 20
_STRANGERS_AT_ONCE = 100
# However many callbacks come for one payment, GetMiPay is asked about it no oftener than this.
_PAUSE = timedelta(seconds=10)
_PAUSE_ONCE_DECIDED = timedelta(minutes=10)
_FIRST_IDS = ("order_id", "transaction_reference", "external_reference", "reference")
_SECOND_IDS = ("soleaspay_reference", "pay_id")
_ARRIVED = {"success", "successful", "completed", "paid"}
_NOT_ARRIVED = {"failed", "cancelled", "canceled", "rejected", "timeout"}
_AS_SAID: Final = {
    DepositState.SETTLED: True,
    DepositState.FAILED: False,
    DepositState.REVERSED: False,
    PayoutState.COMPLETED: True,
    PayoutState.FAILED: False,
    PayoutState.REVERSED: False,
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Callback:
    """What a callback says, in whatever words: the ids it names, and whether the money arrived (None: no such word)."""

    first_ids: tuple[str, ...]
    second_ids: tuple[str, ...]
    arrived: bool | None


class CallbackDoor:
    """Where `v1`'s callbacks come in. Each payment's own address has a word in it that only GetMiPay was told."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._strangers = _Allowance(_STRANGERS_A_SECOND, _STRANGERS_AT_ONCE)

    async def receive(self, database: Database, body: bytes, reference: str, token: str) -> WebhookAnswer:
        """Take one hint: the answer is 200 whether it led to anything or not, so that it does not come again.

        413 for too much, 400 for what no callback looks like, 429 for too many strangers, 503 when nothing could be
        written down.
        """
        answer = await self._answer(database, body, reference, token)
        WEBHOOKS.labels(answer.outcome).inc()
        log.info("callback", outcome=answer.outcome, status=answer.status.value)
        return answer

    async def _answer(self, database: Database, body: bytes, reference: str, token: str) -> WebhookAnswer:
        if len(body) > LARGEST_BODY:
            return WebhookAnswer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
        is_addressed = is_callback_token(self._secret, reference, token)
        if not is_addressed and not self._strangers.grants():
            return WebhookAnswer(HTTPStatus.TOO_MANY_REQUESTS, "too_many", _RETRY_AFTER_S)
        try:
            callback = read_callback(read_object(body))
        except UnreadableJson:
            if not is_addressed:
                return WebhookAnswer(HTTPStatus.BAD_REQUEST, "unreadable")
            # Whatever it says: the address was called, so there is something to look at.
            callback = Callback((), (), None)
        try:
            outcome = await database.run(
                lambda session: take_hint(session, callback, reference if is_addressed else None)
            )
        except (DBAPIError, PoolTimeout, OSError) as error:
            if isinstance(error, DBAPIError) and not is_database_away(error):
                raise
            log.warning("webhook.database_away", error=type(error).__name__)
            return WebhookAnswer(HTTPStatus.SERVICE_UNAVAILABLE, "database_away", _RETRY_AFTER_S)
        return WebhookAnswer(HTTPStatus.OK, outcome)


async def take_hint(session: AsyncSession, callback: Callback, reference: str | None) -> str:
    """Have the payment looked up that a callback is about; `reference` is ours where the callback's address proves it.

    A payment that stands as the callback says is left alone; the others are looked up once, however many hints come.
    """
    payment = await _payment(session, callback, reference)
    if payment is None:
        return "unknown_payment"
    said = _AS_SAID.get(payment.state)
    if said is not None and payment.doubt is None and callback.arrived in {said, None}:
        return "no_effect"
    direction = Direction.DEPOSIT if isinstance(payment, Deposit) else Direction.PAYOUT
    hint = Hint(direction, payment.id, payment.hinted_at)
    if payment.provider_id is None and reference is not None and callback.first_ids:
        ids = (callback.first_ids[0], next(iter(callback.second_ids), None))
        hint = Hint(direction, payment.id, payment.hinted_at, *ids)
    pause = _PAUSE if said is None else _PAUSE_ONCE_DECIDED
    await enqueue(session, CHECK_HINT, hint.key, hint.payload(), run_at=_not_before(payment.hinted_at, pause))
    return "hinted"


def read_callback(body: JsonObject) -> Callback:
    """Read the loose words of a callback, at the top or under `data`."""
    nested = body.get("data")
    fields = (nested | body) if isinstance(nested, dict) else body
    status = str(fields.get("status")).lower()
    return Callback(
        first_ids=_ids(fields, _FIRST_IDS),
        second_ids=_ids(fields, _SECOND_IDS),
        arrived=True if status in _ARRIVED else False if status in _NOT_ARRIVED else None,
    )


class _Allowance:
    """So many a second, and so many at once after a quiet while."""

    def __init__(self, a_second: float, at_once: float) -> None:
        self._a_second = a_second
        self._at_once = at_once
        self._left = at_once
        self._counted_at = time.monotonic()

    def grants(self) -> bool:
        moment = time.monotonic()
        self._left = min(self._at_once, self._left + (moment - self._counted_at) * self._a_second)
        self._counted_at = moment
        if self._left < 1:
            return False
        self._left -= 1
        return True


async def _payment(session: AsyncSession, callback: Callback, reference: str | None) -> Deposit | Payout | None:
    if reference is not None:
        return await session.scalar(select(Deposit).where(Deposit.reference == reference))
    ids = [*callback.first_ids, *callback.second_ids]
    deposit = select(Deposit).where(or_(Deposit.provider_id.in_(ids), Deposit.pay_id.in_(ids)))
    payout = select(Payout).where(or_(Payout.provider_id.in_(ids), Payout.pay_id.in_(ids)))
    return await session.scalar(deposit.limit(1)) or await session.scalar(payout.limit(1))


def _ids(fields: dict[str, JsonValue], names: tuple[str, ...]) -> tuple[str, ...]:
    found = (identifier(fields.get(name)) for name in names)
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _not_before(hinted_at: datetime | None, pause: timedelta) -> datetime:
    return clock.now() if hinted_at is None else max(clock.now(), hinted_at + pause)
