"""A statement of GetMiPay's as a file, and how each line compares with what we know. Its form: `docs/operations.md`."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from core.money import Money
from payments.deposit_states import DepositState
from payments.deposits import Deposit
from payments.methods import Direction
from payments.payout_states import PayoutState
from payments.payouts import Payout
from payments.provider import Progress

COLUMNS = ("created_at", "transaction_id", "reference", "type", "status", "amount", "fee", "currency")
_DIRECTIONS = {"payin": Direction.DEPOSIT, "payout": Direction.PAYOUT}
_PROGRESS = {
    "pending": Progress.PENDING, "processing": Progress.PENDING, "success": Progress.SUCCEEDED,
    "failed": Progress.FAILED,
}  # fmt: skip

_WENT_WELL = {DepositState.SETTLED, PayoutState.COMPLETED}
_WENT_WRONG = {
    *(DepositState.FAILED, DepositState.EXPIRED, DepositState.REVERSED),
    *(PayoutState.FAILED, PayoutState.REVERSED),
}


class StatementUnreadable(ValueError):
    """The file is not a statement; the message says which line, and why."""


class DifferenceKind(StrEnum):
    BALANCE = "balance"
    """Their balance is not what the ledger says, payments under way allowed for."""
    MISSING_HERE = "missing_here"
    """They have moved money that we know nothing of."""
    MISSING_THERE = "missing_there"
    """We have moved money that they know nothing of."""
    OTHER_AMOUNT = "other_amount"
    OTHER_FEE = "other_fee"
    """What they kept of a deposit is not what they had announced."""
    OTHER_STATE = "other_state"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One payment as they have it."""

    created_at: datetime
    transaction_id: str
    reference: str
    direction: Direction
    progress: Progress
    amount: Money
    fee: int | None
    """None where the file does not say."""

    @property
    def moved(self) -> Money:
        """What it did to the merchant balance: a payout counts until it has failed."""
        if self.direction is Direction.DEPOSIT:
            paid = self.progress is Progress.SUCCEEDED
            return Money(self.amount.amount - (self.fee or 0) if paid else 0, self.amount.currency)
        return Money(0 if self.progress is Progress.FAILED else -self.amount.amount, self.amount.currency)


def read_statement(content: bytes) -> list[StatementLine]:
    """The lines of a file; raises StatementUnreadable for the first that cannot be read: none is passed over."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StatementUnreadable(f"It is not UTF-8 text: {error.reason} at byte {error.start}.") from None
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    missing = set(COLUMNS) - {"fee"} - set(rows.fieldnames or ())
    if missing:
        raise StatementUnreadable(f"Line 1 lacks the columns {', '.join(sorted(missing))}.")
    lines = list(_lines(rows))
    for name, times in Counter(line.transaction_id for line in lines).most_common(1):
        if times > 1:
            raise StatementUnreadable(f"{name} stands in it twice.")
    return lines


def difference_between(line: StatementLine, payment: Deposit | Payout) -> DifferenceKind | None:
    """In what their line is not as we have it; None where it is."""
    if _standing(payment) is not line.progress and not _is_early(payment, line):
        return DifferenceKind.OTHER_STATE
    if line.progress is not Progress.SUCCEEDED:
        return None
    if line.amount != _arrived(payment):
        return DifferenceKind.OTHER_AMOUNT
    if isinstance(payment, Deposit) and line.fee is not None and line.fee != payment.provider_fee:
        return DifferenceKind.OTHER_FEE
    return None


def our_amount(payment: Deposit | Payout) -> int:
    """What moved by our books, in whole francs."""
    return _arrived(payment).amount


def _lines(rows: "csv.DictReader[str]") -> Iterator[StatementLine]:
    try:
        for row in rows:
            yield _line(row)
    except (csv.Error, KeyError, ValueError, TypeError, AttributeError) as error:
        raise StatementUnreadable(f"Line {rows.line_num} cannot be read: {error}.") from None


def _line(row: Mapping[str, str]) -> StatementLine:
    at = datetime.fromisoformat(row["created_at"].strip())
    name, currency = row["transaction_id"].strip(), row["currency"].strip()
    if not name or len(name) > _LONGEST_NAME:
        raise ValueError("transaction_id is empty or too long")
    return StatementLine(
        created_at=at if at.tzinfo else at.replace(tzinfo=UTC),
        transaction_id=name,
        # In the dialect without references ours is the last word of the description.
        reference=(row["reference"].split() or [""])[-1],
        direction=_DIRECTIONS[row["type"].strip().lower()],
        progress=_PROGRESS[row["status"].strip().lower()],
        amount=Money(_francs(row["amount"]), currency),
        fee=_francs(row["fee"]) if (row.get("fee") or "").strip() else None,
    )


_LONGEST_NAME = 100


def _francs(written: str) -> int:
    whole, _, rest = written.strip().partition(".")
    if not whole.isascii() or not whole.isdigit() or rest.strip("0"):
        raise ValueError(f"{written!r} is not a whole number of francs")
    return int(whole)


def _standing(payment: Deposit | Payout) -> Progress:
    if payment.state in _WENT_WELL:
        return Progress.SUCCEEDED
    return Progress.FAILED if payment.state in _WENT_WRONG else Progress.PENDING


def _is_early(payment: Deposit | Payout, line: StatementLine) -> bool:
    """A link that we gave up may still be waiting there."""
    return payment.state is DepositState.EXPIRED and line.progress is Progress.PENDING


def _arrived(payment: Deposit | Payout) -> Money:
    if isinstance(payment, Deposit) and payment.received is not None:
        return Money(payment.received, payment.currency)
    return payment.asked
