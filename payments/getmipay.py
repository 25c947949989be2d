"""GetMiPay's API, in the dialect of its guide (`/v1/payments/initiate`).

Every answer is brought down to the few of `payments.provider`. What is not surely refused or surely unsent is unclear.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx
import structlog
from pydantic import JsonValue

from core.money import Money
from core.settings import is_loopback
from core.tls import trusted
from payments.failures import FailureCode, failure_code
from payments.methods import Direction
from payments.provider import (
    Accepted,
    Declined,
    NoAnswer,
    NotKnown,
    NotSent,
    Order,
    Outcome,
    Progress,
    Seen,
    Sighting,
    Unclear,
)
from payments.strict_json import JsonObject, UnreadableJson, canonical, identifier, printable, read_object, whole_francs

_WHOLE_CALL_S = 30
_CONNECT_S = 5
_LONGEST_RETRY_AFTER = timedelta(minutes=5)

# Raised before a byte of the request was written.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
# "Come again" in HTTP: neither a yes nor a no to the payment.
_NO_DECISION = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY}
_OUR_KEYS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_PROGRESS: Final[Mapping[str, Progress]] = {
    "pending": Progress.PENDING,
    "processing": Progress.PENDING,
    "success": Progress.SUCCEEDED,
    "failed": Progress.FAILED,
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """Where GetMiPay is, who we are there, and where it and the payers find us."""

    api_url: str
    api_key: str
    secret_key: str
    callback_url: str
    return_url: str

    def __post_init__(self) -> None:
        """Raises ValueError where the keys would travel in the clear."""
        parts = urlsplit(self.api_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ValueError(f"GetMiPay is only called over https:// (http:// is for loopback): {self.api_url}")

    def __repr__(self) -> str:
        return f"Access({self.api_url})"


class GetMiPay:
    """A `Provider`. Use it as a context manager: it keeps a client open."""

    def __init__(self, access: Access, whole_call_s: float = _WHOLE_CALL_S) -> None:
        self._access = access
        self._whole_call_s = whole_call_s
        self._client = httpx.AsyncClient(
            base_url=access.api_url.rstrip("/"),
            headers={"Authorization": f"Bearer {access.api_key}", "User-Agent": "cauri"},
            timeout=httpx.Timeout(whole_call_s, connect=_CONNECT_S, pool=_CONNECT_S),
            # A kept connection that the other side has just closed fails after the request was written: unclear, where
            # a fresh one that cannot be opened is surely unsent. A handshake is cheaper than a payout in review.
            limits=httpx.Limits(max_connections=50, max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
            verify=trusted(by_environment=False),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def initiate(self, order: Order) -> Outcome:
        """Ask for a payment, once; the bytes that were signed are the bytes that are sent."""
        deposit = order.direction is Direction.DEPOSIT
        path = "/v1/payments/initiate" if deposit else "/v1/payouts/initiate"
        try:
            async with asyncio.timeout(self._whole_call_s):
                response = await self._client.post(
                    path, content=self._body(order), headers={"Content-Type": "application/json"}
                )
        except _UNSENT as error:
            return NotSent(type(error).__name__)
        except (httpx.HTTPError, TimeoutError) as error:
            return Unclear(type(error).__name__)
        outcome = _outcome(response)
        log.info(
            "getmipay.initiate", reference=order.reference, status=response.status_code, outcome=type(outcome).__name__
        )
        return outcome

    async def look_up(self, direction: Direction, reference: str, provider_id: str | None) -> Sighting:
        """Ask by their id and, failing that, by our reference."""
        names = [name for name in (provider_id, reference) if name]
        sighting: Sighting = NotKnown()
        for name in names:
            sighting = await self._look_up(name, names)
            if not isinstance(sighting, NotKnown):
                break
        log.info("getmipay.look_up", direction=direction, reference=reference, sighting=type(sighting).__name__)
        return sighting

    def _body(self, order: Order) -> bytes:
        about = urlencode({"reference": order.reference})
        fields: JsonObject = {
            "api_key": self._access.api_key,
            "amount": order.amount.amount,
            "currency": order.amount.currency,
            "phone_number": order.phone.e164,
            "method": order.method,
            "reference": order.reference,
            "callback_url": f"{self._access.callback_url}?{about}",
            "description": f"Cauri {order.reference}",
        }
        if order.direction is Direction.DEPOSIT:
            fields["return_url"] = f"{self._access.return_url}?{about}"
        return canonical(fields | {"signature": sign(fields, self._access.secret_key)}).encode()

    async def _look_up(self, name: str, names: list[str]) -> Sighting:
        try:
            async with asyncio.timeout(self._whole_call_s):
                response = await self._client.get(f"/v1/payments/{quote(name, safe='')}/status")
        except (httpx.HTTPError, TimeoutError) as error:
            return NoAnswer(type(error).__name__)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return NotKnown()
        return _sighting(response, names)


def sign(fields: JsonObject, secret: str) -> str:
    """GetMiPay's signature of `fields`: hex HMAC-SHA256 over their canonical text."""
    return hmac.new(secret.encode(), canonical(fields).encode(), hashlib.sha256).hexdigest()


def _outcome(response: httpx.Response) -> Outcome:
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return NotSent("too many requests", _retry_after(response))
    decided = response.is_success or (response.is_client_error and response.status_code not in _NO_DECISION)
    if not decided:
        return Unclear(f"status {response.status_code}")
    try:
        answer = read_object(response.content)
    except UnreadableJson as error:
        return Unclear(f"status {response.status_code}, {error}")
    if answer.get("success") is True and response.is_success:
        return _accepted(answer)
    said = next((text for text in (answer.get("error"), answer.get("message")) if isinstance(text, str)), "")
    if answer.get("success") is False or said:
        return _declined(response.status_code, printable(said))
    return Unclear(f"status {response.status_code} without a decision")


def _accepted(answer: JsonObject) -> Accepted | Unclear:
    provider_id = identifier(answer.get("payout_id")) or identifier(answer.get("transaction_id"))
    if provider_id is None:
        return Unclear("accepted without an id")
    return Accepted(provider_id, _link(answer.get("payment_url")))


def _declined(status: int, said: str) -> Declined | Unclear:
    code = failure_code(said)
    if code is FailureCode.UNKNOWN:
        # "Duplicate reference": the first one may well have been done.
        return Unclear(said)
    if code is None and status in _OUR_KEYS:
        return Declined(FailureCode.OPERATOR_DOWN, f"{status} {said}")
    if code is None:
        code = FailureCode.REFUSED if status >= HTTPStatus.BAD_REQUEST else FailureCode.UNKNOWN
    return Declined(code, said)


def _sighting(response: httpx.Response, names: list[str]) -> Sighting:
    if response.status_code != HTTPStatus.OK:
        return NoAnswer(f"status {response.status_code}")
    try:
        answer = read_object(response.content)
    except UnreadableJson as error:
        return NoAnswer(str(error))
    progress = _PROGRESS.get(str(answer.get("status")).lower())
    if progress is None or answer.get("reference") not in names:
        return NoAnswer("an answer about something else")
    amount, currency = whole_francs(answer.get("amount")), answer.get("currency")
    if amount is None or not isinstance(currency, str):
        return Seen(progress, None)
    return Seen(progress, Money(amount, currency))


def _retry_after(response: httpx.Response) -> timedelta | None:
    asked = response.headers.get("Retry-After", "")
    if not (asked.isascii() and asked.isdigit()):
        return None
    return min(timedelta(seconds=min(int(asked[:9]), 86_400)), _LONGEST_RETRY_AFTER)


def _link(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and urlsplit(value).scheme in {"https", "http"} else None
