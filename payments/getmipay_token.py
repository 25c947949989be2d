"""The bearer token of the dialect `v1`: one for all calls, renewed by one of those who need it."""

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import httpx
import structlog
from pydantic import JsonValue

from core import clock
from payments.failures import FailureCode
from payments.getmipay_http import Access, answered
from payments.provider import Declined, NotSent
from payments.strict_json import UnreadableJson, read_object

# A day, they say, and that the answer tells; when it does not, half of it.
_UNTOLD_LIFE = timedelta(hours=12)
# What is about to end may end on the way.
_RENEWED_BEFORE_END = timedelta(minutes=5)
_MILLISECONDS = 10**11

log = structlog.get_logger(__name__)


class Tokens:
    """Gives the token there is; a hundred who find it ended wait for one renewal, and share what becomes of it."""

    def __init__(self, client: httpx.AsyncClient, access: Access, whole_call_s: float) -> None:
        self._client = client
        self._access = access
        self._whole_call_s = whole_call_s
        self._token = ""
        self._renew_at = datetime.min.replace(tzinfo=UTC)
        self._renewal: asyncio.Task[str | NotSent | Declined] | None = None

    async def token(self, refused: str = "") -> str | NotSent | Declined:
        """A token other than `refused`, which was answered 401.

        Where there is none: NotSent, since nothing was asked for yet, or Declined when our keys are not accepted.
        """
        if self._token and self._token != refused and clock.now() < self._renew_at:
            return self._token
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew())
        # Whoever is cancelled while waiting does not take the renewal from the others.
        return await asyncio.shield(self._renewal)

    async def _renew(self) -> str | NotSent | Declined:
        keys = {"public_apikey": self._access.api_key, "private_secretkey": self._access.secret_key}
        response = await answered(self._client.post("/action/auth", json=keys), self._whole_call_s)
        if not isinstance(response, httpx.Response):
            return NotSent(f"no token: {response.why}")
        log.info("getmipay.token", status=response.status_code)
        if response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return Declined(FailureCode.OPERATOR_DOWN, f"{response.status_code} no token: our keys are not accepted")
        return self._read(response)

    def _read(self, response: httpx.Response) -> str | NotSent:
        try:
            answer = read_object(response.content).get("data")
        except UnreadableJson as error:
            return NotSent(f"no token: status {response.status_code}, {error}")
        data = answer if isinstance(answer, dict) else {}
        token = data.get("token")
        if not response.is_success or not isinstance(token, str) or not token.isascii() or not token:
            return NotSent(f"no token: status {response.status_code}")
        self._token, self._renew_at = token, _end(data.get("expires_at")) - _RENEWED_BEFORE_END
        return token


def _end(told: JsonValue) -> datetime:
    """When a token ends: ISO 8601 or Unix time, in seconds or milliseconds, for their papers show both."""
    untold = clock.now() + _UNTOLD_LIFE
    try:
        if isinstance(told, str):
            moment = datetime.fromisoformat(told)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(told, int) and not isinstance(told, bool):
            return datetime.fromtimestamp(told / 1000 if told > _MILLISECONDS else told, UTC)
    except (ValueError, OverflowError, OSError):
        return untold
    return untold
