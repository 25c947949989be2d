"""GetMiPay's API as it is published for production (`/payins`, `/payouts`, `/transaction-check`).

It knows no reference of ours and no idempotency: a payment is asked for by their two ids or not at all, and what we do
not know the ids of can only be told by a callback, or found by a person.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlencode

import httpx
import structlog
from pydantic import JsonValue

from core.money import Money
from payments.callback_token import callback_token
from payments.failures import FailureCode
from payments.getmipay_http import WHOLE_CALL_S, Access, answered, client, read_link, read_outcome, read_seen
from payments.getmipay_token import Tokens
from payments.methods import Direction
from payments.provider import Accepted, Declined, NoAnswer, NotKnown, NotSent, Order, Outcome, Sighting, Unclear
from payments.services import ServiceOffer, read_services
from payments.strict_json import JsonObject, UnreadableJson, identifier, read_object, whole_francs

_OPERATIONS: Final[Mapping[Direction, str]] = {Direction.DEPOSIT: "2", Direction.PAYOUT: "4"}
_PATHS: Final[Mapping[Direction, str]] = {Direction.DEPOSIT: "/payins", Direction.PAYOUT: "/payouts"}
_WHOLE: Final = re.compile(r"(-?[0-9]{1,15})(?:\.0*)?")
# They want a name; who pays may be somebody else than the member, and the number is enough to find them.
_CUSTOMER = "Client Cauri"

log = structlog.get_logger(__name__)


class GetMiPayV1:
    """A `Provider`. Use it as a context manager: it keeps a client open, and a token."""

    def __init__(self, access: Access, whole_call_s: float = WHOLE_CALL_S) -> None:
        self._access = access
        self._whole_call_s = whole_call_s
        self._client = client(access, whole_call_s, {})
        self._tokens = Tokens(self._client, access, whole_call_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def initiate(self, order: Order) -> Outcome:
        """Ask for a payment, once; a second time only where the first one was refused for want of a token."""
        if order.service is None:
            return Declined(FailureCode.OPERATOR_DOWN, "no service of GetMiPay's serves this method")
        headers = {"operation": _OPERATIONS[order.direction], "service": order.service}
        if order.code is not None:
            headers["otp"] = order.code
        response = await self._call("POST", _PATHS[order.direction], headers, self._body(order))
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
        """Ask by their ids; without one there is nothing to ask by, and that proves nothing."""
        sighting: Sighting = NoAnswer("they have told us no id")
        if provider_id is not None:
            sighting = await self._look_up(direction, provider_id, pay_id)
        log.info("getmipay.look_up", direction=direction, reference=reference, sighting=type(sighting).__name__)
        return sighting

    async def services(self) -> list[ServiceOffer] | None:
        """What they serve us with now; None where they do not say so readably."""
        response = await self._call("GET", "/services", {}, None)
        if not isinstance(response, httpx.Response) or response.status_code != HTTPStatus.OK:
            return None
        return read_services(_data(response))

    async def balance(self) -> Money | None:
        """What they say stands with them for us; None where they do not say so readably."""
        response = await self._call("GET", "/balance", {}, None)
        if not isinstance(response, httpx.Response) or response.status_code != HTTPStatus.OK:
            return None
        return _balance(_data(response) or {})

    async def _look_up(self, direction: Direction, provider_id: str, pay_id: str | None) -> Sighting:
        asked: JsonObject = {
            "order_id": provider_id,
            "pay_id": pay_id or provider_id,
            "operation": _OPERATIONS[direction],
        }
        response = await self._call("POST", "/transaction-check", {}, asked)
        if not isinstance(response, httpx.Response):
            return NoAnswer(response.said if isinstance(response, Declined) else response.why)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return NotKnown()
        data = _data(response)
        if response.status_code != HTTPStatus.OK or data is None:
            return NoAnswer(f"status {response.status_code}")
        seen = read_seen(data)
        if seen is None or data.get("order_id") != provider_id:
            return NoAnswer("an answer about something else")
        return seen

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str], body: JsonObject | None
    ) -> httpx.Response | NotSent | Declined | Unclear:
        """Call with the token there is. When it is said to have ended nothing was done: once more, with a new one."""
        refused = ""
        while True:
            token = await self._tokens.token(refused)
            if not isinstance(token, str):
                return token
            request = self._client.request(
                method, path, json=body, headers={**headers, "Authorization": f"Bearer {token}"}
            )
            response = await answered(request, self._whole_call_s)
            if refused or not _says_that_the_token_ended(response):
                return response
            refused = token

    def _body(self, order: Order) -> JsonObject:
        fields: JsonObject = {
            "amount": order.amount.amount,
            "currency": order.amount.currency,
            "wallet": order.phone.e164.removeprefix("+"),
            # The only place where our reference stands: a person finds the payment in their dashboard by it.
            "description": f"Cauri {order.reference}",
            "customer_name": _CUSTOMER,
        }
        if order.direction is Direction.DEPOSIT:
            token = callback_token(self._access.secret_key, order.reference)
            about = urlencode({"reference": order.reference, "token": token})
            fields["callback_url"] = f"{self._access.callback_url}?{about}"
        return fields


def _says_that_the_token_ended(response: httpx.Response | NotSent | Unclear) -> bool:
    """Only GetMiPay's own words do: a 401 that a proxy on the way has written does not say that nothing was done."""
    if not isinstance(response, httpx.Response) or response.status_code != HTTPStatus.UNAUTHORIZED:
        return False
    try:
        return read_object(response.content).get("success") is not True
    except UnreadableJson:
        return False


def _accepted(answer: JsonObject) -> Accepted | Unclear:
    data = answer.get("data")
    provider_id = identifier(data.get("transaction_reference")) if isinstance(data, dict) else None
    if provider_id is None or not isinstance(data, dict):
        return Unclear("accepted without an id")
    return Accepted(
        provider_id,
        read_link(data.get("payment_url")),
        pay_id=identifier(data.get("soleaspay_reference")),
        fee=_fee(data),
    )


def _fee(data: dict[str, JsonValue]) -> int:
    """What they say they keep; nothing where what is kept and what is left do not add up to what was asked."""
    gross, fee, net = (whole_francs(data.get(name)) for name in ("amount", "fee_amount", "net_amount"))
    return fee if gross is not None and fee is not None and net is not None and fee + net == gross else 0


def _balance(data: JsonObject) -> Money | None:
    """Whole francs, which may be none at all, or even owed."""
    told, currency = data.get("balance"), data.get("currency")
    if isinstance(told, bool) or not isinstance(told, int | float | str) or not isinstance(currency, str):
        return None
    whole = _WHOLE.fullmatch(str(told))
    return Money(int(whole[1]), currency) if whole else None


def _data(response: httpx.Response) -> JsonObject | None:
    try:
        answer = read_object(response.content)
    except UnreadableJson:
        return None
    data = answer.get("data")
    return data if answer.get("success") is True and isinstance(data, dict) else None
