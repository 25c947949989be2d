"""What a webhook says, whatever shape its sender gave it."""

from dataclasses import dataclass

from core.money import XOF, Money
from payments.methods import Direction
from payments.strict_json import JsonObject, identifier, printable, whole_francs

_SUCCESS = {"success", "successful", "completed", "paid"}
_EVENTS = {
    "payment.completed": (Direction.DEPOSIT, True),
    "payment.failed": (Direction.DEPOSIT, False),
    "payout.completed": (Direction.PAYOUT, True),
    "payout.failed": (Direction.PAYOUT, False),
}


@dataclass(frozen=True, slots=True)
class Report:
    """One event, verified to be GetMiPay's."""

    event: str
    direction: Direction | None
    """None for an event we do not know."""
    completed: bool
    transaction_id: str | None
    """GetMiPay's id in live traffic, our reference from some of its tools."""
    reference: str | None
    amount: Money | None
    """None where it is missing or unreadable."""
    error: str
    contradicts_itself: bool
    """The status says something else than the event."""

    @property
    def names(self) -> set[str]:
        """Everything the payment might be known by."""
        return {name for name in (self.transaction_id, self.reference) if name}


def read_report(signed: JsonObject) -> Report:
    """Read a verified object; some senders put all but `event` inside `data`."""
    nested = signed.get("data")
    fields = (nested | signed) if isinstance(nested, dict) else signed
    event = identifier(fields.get("event")) or "unnamed"
    direction, completed = _EVENTS.get(event, (None, False))
    amount, currency = whole_francs(fields.get("amount")), fields.get("currency") or XOF
    return Report(
        event=event,
        direction=direction,
        completed=completed,
        transaction_id=identifier(fields.get("transaction_id")),
        reference=identifier(fields.get("reference")),
        amount=None if amount is None else Money(amount, printable(str(currency), 8)),
        error=printable(str(fields.get("error") or "")),
        contradicts_itself=direction is not None and _contradicts(fields, completed=completed),
    )


def _contradicts(fields: JsonObject, *, completed: bool) -> bool:
    status = fields.get("status")
    return status is not None and (str(status).lower() in _SUCCESS) is not completed
