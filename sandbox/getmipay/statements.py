"""A statement of the merchant's operations, as a file; one of its lines may be wrong on purpose."""

import csv
import io
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from sandbox.getmipay.orders import Kind
from sandbox.getmipay.transactions import Status, Transaction, moment
from sandbox.store import Store

COLUMNS: Final = ("created_at", "transaction_id", "reference", "type", "status", "amount", "fee", "currency")

Line: TypeAlias = dict[str, object]


class StatementFault(StrEnum):
    """In what a statement differs from what the merchant knows."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    OTHER_AMOUNT = "other_amount"
    OTHER_FEE = "other_fee"
    OTHER_STATE = "other_state"


def statement(store: Store, fault: StatementFault | None) -> str:
    """Every operation, the oldest first, as CSV."""
    lines = [_line(row) for row in store.connection.execute(_EVERYTHING).fetchall()]
    if fault is not None:
        lines = _FAULTS[fault](lines)
    written = io.StringIO()
    rows = csv.DictWriter(written, COLUMNS)
    rows.writeheader()
    rows.writerows(lines)
    return written.getvalue()


def _line(row: object) -> Line:
    known = dict(row)  # type: ignore[call-overload]
    transaction = Transaction.model_validate(known)
    return {
        "created_at": moment(transaction.created_at),
        "transaction_id": transaction.id,
        # The dialects without references have the merchant's description alone.
        "reference": transaction.reference if known["fee"] is None else transaction.description,
        "type": "payin" if transaction.kind is Kind.DEPOSIT else "payout",
        "status": transaction.status.value,
        "amount": transaction.received if transaction.kind is Kind.DEPOSIT else transaction.amount,
        "fee": "" if known["fee"] is None else known["fee"],
        "currency": transaction.currency,
    }


def _add_a_stranger(lines: list[Line]) -> list[Line]:
    stranger: Line = {
        "created_at": moment(time.time()), "transaction_id": "TXN-STRANGER", "reference": "", "type": "payin",
        "status": Status.SUCCESS.value, "amount": 7000, "fee": "", "currency": "XOF",
    }  # fmt: skip
    return [*lines, stranger]


def _bend_the_last(bend: Callable[[Line], Line | None]) -> Callable[[list[Line]], list[Line]]:
    """Bend the newest line that went well; None leaves it out."""

    def bent(lines: list[Line]) -> list[Line]:
        last = next((line for line in reversed(lines) if line["status"] == Status.SUCCESS.value), None)
        if last is None:
            return lines
        instead = bend(last)
        return [line for line in (instead if each is last else each for each in lines) if line is not None]

    return bent


_FAULTS: Final[Mapping[StatementFault, Callable[[list[Line]], list[Line]]]] = {
    StatementFault.MISSING_HERE: _add_a_stranger,
    StatementFault.MISSING_THERE: _bend_the_last(lambda _: None),
    StatementFault.OTHER_AMOUNT: _bend_the_last(lambda line: line | {"amount": int(str(line["amount"])) + 500}),
    StatementFault.OTHER_FEE: _bend_the_last(lambda line: line | {"fee": int(str(line["fee"] or 0)) + 25}),
    StatementFault.OTHER_STATE: _bend_the_last(lambda line: line | {"status": Status.FAILED.value}),
}

_EVERYTHING = """
SELECT getmipay_transaction.*, fee
FROM getmipay_transaction LEFT JOIN getmipay_passage ON transaction_id = id
ORDER BY created_at, id
"""
