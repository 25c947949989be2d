"""How a deposit or a payout ends: paid, failed, cancelled, expired, and sometimes twice."""

import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from sandbox.getmipay.faults import Fault
from sandbox.getmipay.knobs import Knobs
from sandbox.getmipay.room import Room
from sandbox.getmipay.transactions import Status, Transaction, find
from sandbox.getmipay.webhooks import write_webhooks

# What is planned is a row, so that a killed sandbox goes on where it was.
TABLES = """
CREATE TABLE IF NOT EXISTS getmipay_step (
    id INTEGER PRIMARY KEY,
    transaction_id TEXT NOT NULL REFERENCES getmipay_transaction (id),
    due_at REAL NOT NULL,
    status TEXT NOT NULL,
    error TEXT
);
"""
RIGHT_PIN: Final = "0000"


class Step(NamedTuple):
    """A status the transaction takes after a delay."""

    delay_s: float
    status: Status
    error: str | None = None


def pay(room: Room, transaction: Transaction, pin: str) -> None:
    """The payer confirms with a PIN: the right one pays, any other fails the payment."""
    if pin == RIGHT_PIN:
        settle(room, transaction, Status.SUCCESS)
    else:
        settle(room, transaction, Status.FAILED, "PIN incorrect")


def settle(room: Room, transaction: Transaction, status: Status, error: str | None = None) -> None:
    """End a pending transaction as asked, or as its fault has it."""
    bent = _COURSES.get(transaction.fault) if status is Status.SUCCESS else None
    steps = bent(transaction, room.knobs) if bent else [Step(0, status, error)]
    with room.store.transaction() as connection:
        connection.execute("DELETE FROM getmipay_step WHERE transaction_id = ?", (transaction.id,))
        for step in steps:
            if step.delay_s:
                plan(room, transaction, step)
            else:
                _take(room, transaction, step.status, step.error)
    room.bell.set()


def force(room: Room, transaction: Transaction, status: Status, error: str | None = None) -> None:
    """Give a transaction this status now, whatever it was: a late payment, a reversal."""
    with room.store.transaction() as connection:
        connection.execute("DELETE FROM getmipay_step WHERE transaction_id = ?", (transaction.id,))
        _take(room, transaction, status, error)
    room.bell.set()


def plan(room: Room, transaction: Transaction, step: Step) -> None:
    room.store.connection.execute(
        "INSERT INTO getmipay_step (transaction_id, due_at, status, error) VALUES (?, ?, ?, ?)",
        (transaction.id, time.time() + step.delay_s, step.status, step.error),
    )


def hurry(room: Room) -> None:
    """Make everything that waits due now: planned steps, late webhooks, retries. Links keep their own clock."""
    now = time.time()
    room.store.connection.execute("UPDATE getmipay_step SET due_at = min(due_at, ?)", (now,))
    room.store.connection.execute(
        "UPDATE getmipay_webhook SET due_at = min(due_at, ?) WHERE delivered_at IS NULL", (now,)
    )


def take_due_steps(room: Room) -> None:
    """Let every planned step and every expiry happen whose time has come."""
    query = room.store.connection.execute
    now = time.time()
    for row in query("SELECT * FROM getmipay_step WHERE due_at <= ? ORDER BY due_at, id", (now,)).fetchall():
        transaction = find(room.store, row["transaction_id"])
        if transaction is None:
            continue
        status, error = Status(row["status"]), row["error"]
        if transaction.status is Status.PENDING:
            settle(room, transaction, status, error)
        else:
            force(room, transaction, status, error)
    overdue = query("SELECT id FROM getmipay_transaction WHERE status = 'pending' AND expires_at <= ?", (now,))
    for (name,) in overdue.fetchall():
        transaction = find(room.store, name)
        if transaction is not None:
            settle(room, transaction, Status.FAILED, "EXPIRED")


def _take(room: Room, transaction: Transaction, status: Status, error: str | None) -> None:
    now = time.time()
    room.store.connection.execute(
        "UPDATE getmipay_transaction SET status = ?, error = ?, decided_at = ? WHERE id = ?",
        (status, error, now, transaction.id),
    )
    decided = transaction.model_copy(update={"status": status, "error": error, "decided_at": now})
    write_webhooks(room, decided)


_COURSES: Final[Mapping[Fault | None, Callable[[Transaction, Knobs], list[Step]]]] = {
    Fault.FAILS: lambda transaction, knobs: [Step(0, Status.FAILED, knobs.refusal_code(transaction.kind))],
    Fault.STUCK: lambda _, __: [],
    Fault.FAILED_THEN_COMPLETED: lambda transaction, knobs: [
        Step(0, Status.FAILED, knobs.refusal_code(transaction.kind)),
        Step(knobs.order_gap_s, Status.SUCCESS),
    ],
    Fault.COMPLETED_THEN_FAILED: lambda _, knobs: [
        Step(0, Status.SUCCESS),
        Step(knobs.order_gap_s, Status.FAILED, "REVERSED"),
    ],
}
