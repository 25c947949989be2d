"""What the dialects of GetMiPay's API have in common: who we are there, the wire, and how an answer is understood.

Every answer is brought down to the few of `payments.provider`. What is not surely refused or surely unsent is unclear.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import httpx
from pydantic import JsonValue

from core.money import Money
from core.settings import is_loopback
from core.tls import trusted
from payments.failures import FailureCode, failure_code
from payments.provider import Accepted, Declined, NotSent, Outcome, Progress, Seen, Unclear
from payments.strict_json import JsonObject, UnreadableJson, printable, read_object, whole_francs

WHOLE_CALL_S = 30
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

ReadAccepted: TypeAlias = Callable[[JsonObject], Accepted | Unclear]


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


def client(access: Access, whole_call_s: float, headers: Mapping[str, str]) -> httpx.AsyncClient:
    """A client to be kept open."""
    return httpx.AsyncClient(
        verify=trusted(by_environment=False),
        base_url=access.api_url.rstrip("/"),
        headers={"User-Agent": "cauri", **headers},
        timeout=httpx.Timeout(whole_call_s, connect=_CONNECT_S, pool=_CONNECT_S),
        # A kept connection that the other side has just closed fails after the request was written: unclear, where
        # a fresh one that cannot be opened is surely unsent. A handshake is cheaper than a payout in review.
        limits=httpx.Limits(max_connections=50, max_keepalive_connections=0),
        follow_redirects=False,
        trust_env=False,
    )


async def answered(call: Awaitable[httpx.Response], whole_call_s: float) -> httpx.Response | NotSent | Unclear:
    """What a call brings within its time, from the first byte to the last."""
    try:
        async with asyncio.timeout(whole_call_s):
            return await call
    except _UNSENT as error:
        return NotSent(type(error).__name__)
    except (httpx.HTTPError, TimeoutError) as error:
        return Unclear(type(error).__name__)


def read_outcome(response: httpx.Response, read_accepted: ReadAccepted) -> Outcome:
    """What an answer to a call that moves money means; `read_accepted` reads the one that says yes."""
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
        return read_accepted(answer)
    said = next((text for text in (answer.get("error"), answer.get("message")) if isinstance(text, str)), "")
    if answer.get("success") is False or said:
        return _declined(response.status_code, printable(said))
    return Unclear(f"status {response.status_code} without a decision")


def read_seen(answer: JsonObject) -> Seen | None:
    """Where a payment stands, by its `status`, `amount` and `currency`; None for a status that is no word of theirs."""
    progress = _PROGRESS.get(str(answer.get("status")).lower())
    if progress is None:
        return None
    amount, currency = whole_francs(answer.get("amount")), answer.get("currency")
    if amount is None or not isinstance(currency, str):
        return Seen(progress, None)
    return Seen(progress, Money(amount, currency))


def read_link(value: JsonValue) -> str | None:
    """An address that a payer can open."""
    return value if isinstance(value, str) and urlsplit(value).scheme in {"https", "http"} else None


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


def _retry_after(response: httpx.Response) -> timedelta | None:
    asked = response.headers.get("Retry-After", "")
    if not (asked.isascii() and asked.isdigit()):
        return None
    return min(timedelta(seconds=min(int(asked[:9]), 86_400)), _LONGEST_RETRY_AFTER)
