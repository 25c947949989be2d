"""GetMiPay's API in the dialect of its guide (`/v1/payments/initiate`)."""

import hashlib
import hmac
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import httpx
import structlog

from payments.getmipay_http import WHOLE_CALL_S, Access, answered, client, read_link, read_outcome, read_seen
from payments.methods import Direction
from payments.provider import Accepted, NoAnswer, NotKnown, Order, Outcome, Sighting, Unclear
from payments.strict_json import JsonObject, UnreadableJson, canonical, identifier, read_object

log = structlog.get_logger(__name__)


class GetMiPay:
    """A `Provider`. Use it as a context manager: it keeps a client open."""

    def __init__(self, access: Access, whole_call_s: float = WHOLE_CALL_S) -> None:
        self._access = access
        self._whole_call_s = whole_call_s
        self._client = client(access, whole_call_s, {"Authorization": f"Bearer {access.api_key}"})

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
        call = self._client.post(path, content=self._body(order), headers={"Content-Type": "application/json"})
        response = await answered(call, self._whole_call_s)
        if not isinstance(response, httpx.Response):
            return response
        outcome = read_outcome(response, _accepted)
        log.info(
            "getmipay.initiate", reference=order.reference, status=response.status_code, outcome=type(outcome).__name__
        )
        return outcome

    async def look_up(
        self, direction: Direction, reference: str, provider_id: str | None, pay_id: str | None = None
    ) -> Sighting:
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
        call = self._client.get(f"/v1/payments/{quote(name, safe='')}/status")
        response = await answered(call, self._whole_call_s)
        if not isinstance(response, httpx.Response):
            return NoAnswer(response.why)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return NotKnown()
        return _sighting(response, names)


def sign(fields: JsonObject, secret: str) -> str:
    """GetMiPay's signature of `fields`: hex HMAC-SHA256 over their canonical text."""
    return hmac.new(secret.encode(), canonical(fields).encode(), hashlib.sha256).hexdigest()


def _accepted(answer: JsonObject) -> Accepted | Unclear:
    provider_id = identifier(answer.get("payout_id")) or identifier(answer.get("transaction_id"))
    if provider_id is None:
        return Unclear("accepted without an id")
    return Accepted(provider_id, read_link(answer.get("payment_url")))


def _sighting(response: httpx.Response, names: list[str]) -> Sighting:
    if response.status_code != HTTPStatus.OK:
        return NoAnswer(f"status {response.status_code}")
    try:
        answer = read_object(response.content)
    except UnreadableJson as error:
        return NoAnswer(str(error))
    seen = read_seen(answer)
    if seen is None or answer.get("reference") not in names:
        return NoAnswer("an answer about something else")
    return seen
