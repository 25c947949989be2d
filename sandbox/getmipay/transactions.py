"""Deposits and payouts as GetMiPay remembers them."""

import secrets
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from sandbox.getmipay.faults import Fault
from sandbox.getmipay.orders import Kind, Method, Order
from sandbox.store import Store

TABLES = """
CREATE TABLE IF NOT EXISTS getmipay_transaction (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL UNIQUE,
    method TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    received INTEGER NOT NULL,
    currency TEXT NOT NULL,
    phone_number TEXT NOT NULL,
    callback_url TEXT NOT NULL,
    return_url TEXT,
    description TEXT NOT NULL,
    fault TEXT,
    status TEXT NOT NULL,
    error TEXT,
    created_at REAL NOT NULL,
    expires_at REAL,
    decided_at REAL
);
CREATE INDEX IF NOT EXISTS getmipay_pending ON getmipay_transaction (expires_at) WHERE status = 'pending';
CREATE TABLE IF NOT EXISTS getmipay_passage (
    transaction_id TEXT PRIMARY KEY REFERENCES getmipay_transaction (id),
    pay_id TEXT NOT NULL UNIQUE,
    service TEXT NOT NULL,
    fee INTEGER NOT NULL CHECK (fee >= 0)
);
"""


class Status(StrEnum):
    PENDING = "pending"
    SUCCESS = "success"
    FAILED = "failed"


class Transaction(BaseModel):
    """One deposit or payout; amounts in whole francs, times in Unix seconds."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Kind
    reference: str
    method: Method
    amount: int
    received: int
    """What really arrives: it differs from `amount` only by an ordered fault."""
    currency: str
    phone_number: str
    callback_url: str
    return_url: str | None
    description: str
    fault: Fault | None
    status: Status
    error: str | None
    created_at: float
    expires_at: float | None
    decided_at: float | None

    @classmethod
    def from_order(cls, order: Order, fault: Fault | None, link_ttl_s: float) -> Self:
        now = time.time()
        is_deposit = order.kind is Kind.DEPOSIT
        return cls(
            **order.model_dump(exclude={"currency"}),
            id=f"{'TXN' if is_deposit else 'PAYOUT'}{secrets.randbelow(10**10):010}",
            currency="XAF" if fault is Fault.OTHER_CURRENCY else order.currency,
            received=_received(order.amount, fault),
            fault=fault,
            status=Status.PENDING,
            error=None,
            created_at=now,
            expires_at=now + link_ttl_s if is_deposit else None,
            decided_at=None,
        )


class Passage(BaseModel):
    """What the dialects `v1` and `sdk` know of a transaction besides: its second id, its service, GetMiPay's fee."""

    model_config = ConfigDict(frozen=True)

    transaction_id: str
    pay_id: str
    service: str
    fee: int
    """Kept from what arrives; the merchant's balance grows by the rest."""


def insert(store: Store, transaction: Transaction) -> None:
    """Raise `sqlite3.IntegrityError` when the reference is already taken."""
    store.connection.execute(
        """INSERT INTO getmipay_transaction VALUES (
            :id, :kind, :reference, :method, :amount, :received, :currency, :phone_number, :callback_url, :return_url,
            :description, :fault, :status, :error, :created_at, :expires_at, :decided_at)""",
        transaction.model_dump(mode="json"),
    )


def find(store: Store, name: str) -> Transaction | None:
    """The transaction of this id or, failing that, of this merchant reference."""
    row = store.connection.execute(
        "SELECT * FROM getmipay_transaction WHERE id = :name OR reference = :name ORDER BY id = :name DESC",
        {"name": name},
    ).fetchone()
    return None if row is None else Transaction.model_validate(dict(row))


def insert_passage(store: Store, passage: Passage) -> None:
    store.connection.execute(
        "INSERT INTO getmipay_passage VALUES (:transaction_id, :pay_id, :service, :fee)", passage.model_dump()
    )


def passage_of(store: Store, transaction_id: str) -> Passage | None:
    """None for a transaction of dialect A."""
    row = store.connection.execute(
        "SELECT * FROM getmipay_passage WHERE transaction_id = ?", (transaction_id,)
    ).fetchone()
    return None if row is None else Passage.model_validate(dict(row))


def latest(store: Store, reference: str | None = None, limit: int = 200) -> list[Transaction]:
    """The newest first; all of them, or those of one reference."""
    rows = store.connection.execute(
        """SELECT * FROM getmipay_transaction WHERE :reference IS NULL OR reference = :reference
        ORDER BY created_at DESC LIMIT :limit""",
        {"reference": reference, "limit": limit},
    )
    return [Transaction.model_validate(dict(row)) for row in rows]


def moved(store: Store) -> int:
    """What transactions have added to the merchant's balance: deposits less fees, less payouts that have not failed."""
    (total,) = store.connection.execute(
        """SELECT COALESCE(SUM(CASE WHEN kind = 'deposit' AND status = 'success' THEN received - COALESCE(fee, 0)
                                    WHEN kind = 'payout' AND status <> 'failed' THEN -amount ELSE 0 END), 0)
        FROM getmipay_transaction LEFT JOIN getmipay_passage ON transaction_id = id"""
    ).fetchone()
    return int(total)


def moment(seconds: float) -> str:
    """A time as GetMiPay writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _received(amount: int, fault: Fault | None) -> int:
    if fault is Fault.AMOUNT_UNDER:
        return max(1, amount // 2)
    return amount * 2 if fault is Fault.AMOUNT_OVER else amount
