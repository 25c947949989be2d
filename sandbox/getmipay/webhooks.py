"""What GetMiPay tells the merchant: the body, its signature, and how each fault bends them."""

import json
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from sandbox.getmipay.faults import Fault
from sandbox.getmipay.knobs import Knobs
from sandbox.getmipay.orders import Kind
from sandbox.getmipay.room import Room
from sandbox.getmipay.signatures import canonical, sign
from sandbox.getmipay.transactions import Passage, Status, Transaction, passage_of

TABLES = """
CREATE TABLE IF NOT EXISTS getmipay_webhook (
    id INTEGER PRIMARY KEY,
    transaction_id TEXT NOT NULL REFERENCES getmipay_transaction (id),
    event TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    signature TEXT NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    delivered_at REAL
);
CREATE INDEX IF NOT EXISTS getmipay_webhook_due ON getmipay_webhook (due_at) WHERE delivered_at IS NULL;
CREATE INDEX IF NOT EXISTS getmipay_webhook_of ON getmipay_webhook (transaction_id);
CREATE TABLE IF NOT EXISTS getmipay_webhook_attempt (
    webhook_id INTEGER NOT NULL REFERENCES getmipay_webhook (id),
    at REAL NOT NULL,
    status INTEGER,
    error TEXT
);
CREATE INDEX IF NOT EXISTS getmipay_attempt_of ON getmipay_webhook_attempt (webhook_id);
"""

Fields = dict[str, object]


def event_name(kind: Kind, status: Status) -> str:
    subject = "payment" if kind is Kind.DEPOSIT else "payout"
    return f"{subject}.{'completed' if status is Status.SUCCESS else 'failed'}"


def fields_of(room: Room, transaction: Transaction) -> Fields:
    """The honest fields of this transaction's event, in its present status and its own dialect."""
    passage = passage_of(room.store, transaction.id)
    return _callback_fields(transaction, passage) if passage else _event_fields(transaction)


def _event_fields(transaction: Transaction) -> Fields:
    fields: Fields = {
        "event": event_name(transaction.kind, transaction.status),
        "transaction_id": transaction.id,
        "reference": transaction.reference,
        "status": transaction.status.value,
        "amount": transaction.received,
    }
    return fields | ({"error": transaction.error} if transaction.error else {})


def _callback_fields(transaction: Transaction, passage: Passage) -> Fields:
    """The loose words of `v1`: they name no event, and nobody signs them."""
    return {
        "order_id": transaction.id,
        "soleaspay_reference": passage.pay_id,
        "status": transaction.status.upper(),
        "amount": transaction.received,
        "currency": transaction.currency,
    }


def write_webhooks(room: Room, transaction: Transaction) -> None:
    """Store the webhooks of a decision, bent by the transaction's fault; the courier carries them."""
    knobs = room.knobs
    fields = _BENT_FIELDS.get(transaction.fault, _as_they_are)(fields_of(room, transaction))
    text = canonical(fields)
    is_signed = passage_of(room.store, transaction.id) is None
    secret = _SECRETS.get(transaction.fault, _current_secret)(room, knobs)
    body = _BENT_BODY.get(transaction.fault, str)(text)
    for delay_s in _COPIES.get(transaction.fault, _one_copy)(knobs):
        store_webhook(room, transaction, body, sign(text, secret) if is_signed else "", delay_s)


def store_webhook(room: Room, transaction: Transaction, body: str, signature: str, delay_s: float = 0) -> int | None:
    """Keep one webhook until a 200; return its id, or None where nobody said where to send it."""
    event = json.loads(body).get("event", "")
    addresses = [room.settings.webhook_url, transaction.callback_url]
    if passage_of(room.store, transaction.id):
        # A payment's own address goes first in `v1`; a payout has none there.
        addresses.reverse()
    url = next(filter(None, addresses), None)
    if url is None:
        return None
    row = room.store.connection.execute(
        """INSERT INTO getmipay_webhook (transaction_id, event, url, body, signature, due_at)
        VALUES (?, ?, ?, ?, ?, ?) RETURNING id""",
        (transaction.id, str(event), url, body, signature, time.time() + delay_s),
    ).fetchone()
    return int(row["id"])


def webhooks_of(room: Room, transaction: Transaction) -> list[dict[str, object]]:
    """Every webhook of a transaction with each attempt to deliver it."""
    query = room.store.connection.execute
    webhooks = query("SELECT * FROM getmipay_webhook WHERE transaction_id = ? ORDER BY id", (transaction.id,))
    return [
        {
            **dict(webhook),
            "attempts": [
                dict(attempt)
                for attempt in query(
                    "SELECT at, status, error FROM getmipay_webhook_attempt WHERE webhook_id = ? ORDER BY at",
                    (webhook["id"],),
                )
            ],
        }
        for webhook in webhooks.fetchall()
    ]


def _as_they_are(fields: Fields) -> Fields:
    return fields


def _float_amount(fields: Fields) -> Fields:
    # The one place where a float meets money: the real API is known to write 5000.0.
    return fields | {"amount": float(str(fields["amount"]))}


def _nested(fields: Fields) -> Fields:
    outside = {name: value for name, value in fields.items() if name == "event"}
    return {**outside, "data": _without("event")(fields)}


def _without(name: str) -> Callable[[Fields], Fields]:
    return lambda fields: {key: value for key, value in fields.items() if key != name}


def _without_reference(fields: Fields) -> Fields:
    return _without("reference")(_without("soleaspay_reference")(fields))


def _reference_as_id(fields: Fields) -> Fields:
    if "order_id" in fields:
        return {**_without("order_id")(fields), "external_reference": fields["order_id"]}
    return _without("reference")(fields | {"transaction_id": fields["reference"]})


def _reformat(text: str) -> str:
    """Same object, other bytes: reversed keys, no spaces. Its canonical form, hence its signature, still holds."""
    return json.dumps(dict(reversed(json.loads(text).items())), separators=(",", ":"), ensure_ascii=False)


def _rewrite(text: str) -> str:
    """What a careless hop does: 5000.0 becomes 5000 after the signing, and the signature no longer holds."""
    return canonical(json.loads(text, parse_float=lambda number: int(Decimal(number))))


def _current_secret(room: Room, _: Knobs) -> str:
    return room.settings.webhook_secret


def _one_copy(_: Knobs) -> tuple[float, ...]:
    return (0,)


_BENT_FIELDS: Final[Mapping[Fault | None, Callable[[Fields], Fields]]] = {
    Fault.OTHER_CURRENCY: lambda fields: fields | {"currency": "XAF"},
    Fault.AMOUNT_AS_FLOAT: _float_amount,
    Fault.AMOUNT_AS_TEXT: lambda fields: fields | {"amount": str(fields["amount"])},
    Fault.FIELDS_NESTED: _nested,
    Fault.STATUS_MISSING: _without("status"),
    Fault.REFERENCE_MISSING: _without_reference,
    Fault.REFERENCE_AS_ID: _reference_as_id,
    Fault.BODY_REWRITTEN: _float_amount,
}
_BENT_BODY: Final[Mapping[Fault | None, Callable[[str], str]]] = {
    Fault.BODY_REFORMATTED: _reformat,
    Fault.BODY_REWRITTEN: _rewrite,
}
_SECRETS: Final[Mapping[Fault | None, Callable[[Room, Knobs], str]]] = {
    Fault.BAD_SIGNATURE: lambda room, _: f"not {room.settings.webhook_secret}",
    Fault.PREVIOUS_SECRET: lambda _, knobs: knobs.previous_webhook_secret,
}
_COPIES: Final[Mapping[Fault | None, Callable[[Knobs], tuple[float, ...]]]] = {
    Fault.SILENT: lambda _: (),
    Fault.WEBHOOK_DUPLICATED: lambda _: (0, 0.3),
    Fault.WEBHOOK_CONCURRENT: lambda _: (0,) * 5,
    Fault.WEBHOOK_LATE: lambda knobs: (knobs.late_s,),
}
