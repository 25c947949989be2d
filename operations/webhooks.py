"""A webhook by hand: signed and posted as GetMiPay would, to see whether ours arrive and are believed."""

from dataclasses import dataclass

import httpx

from core.settings import Settings
from payments import JsonObject, sign

EVENTS = {
    "payment.completed": "success",
    "payment.failed": "failed",
    "payout.completed": "success",
    "payout.failed": "failed",
}
_TIMEOUT_S = 15


@dataclass(frozen=True, slots=True)
class Delivery:
    """What our own door answered."""

    url: str
    status: int
    body: str


async def send_webhook(settings: Settings, event: str, reference: str, amount: int, url: str | None = None) -> Delivery:
    """Sign `event` about `reference` with the webhook's secret and post it to `url` (our own door when not given).

    Raises httpx.HTTPError where nobody answers.
    """
    target = url or f"{settings.webhook_base}/webhook/getmipay/"
    fields: JsonObject = {
        "event": event, "transaction_id": reference, "reference": reference, "status": EVENTS[event], "amount": amount,
    }  # fmt: skip
    headers = {"X-Signature": sign(fields, settings.getmipay_webhook_secret.get_secret_value())}
    async with httpx.AsyncClient(timeout=_TIMEOUT_S) as http:
        response = await http.post(target, json=fields, headers=headers)
    return Delivery(target, response.status_code, response.text)
