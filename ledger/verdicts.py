"""What the ledger answers to each command."""

from dataclasses import dataclass
from enum import StrEnum


class RefusalReason(StrEnum):
    """Why a command was refused. A refused id stays refused: trying again, after a top-up say, takes a new id."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    UNKNOWN_ACCOUNT = "unknown_account"
    CLOSED_ACCOUNT = "closed_account"
    CURRENCY_MISMATCH = "currency_mismatch"
    UNKNOWN_HOLD = "unknown_hold"
    ALREADY_RESOLVED = "already_resolved"
    EXPIRED = "expired"
    OVER_HOLD = "over_hold"
    UNKNOWN_TRANSFER = "unknown_transfer"
    OVER_TRANSFER = "over_transfer"


@dataclass(frozen=True, slots=True)
class Applied:
    """Done, now."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """Done before, by the same command with the same id: nothing moved this time."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done, and never to be done under this id. The same command asked again gets the same reason again."""

    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class Conflict:
    """The id, or the journal's leg, already stands for something else: a fault of the caller. Nothing moved."""


Verdict = Applied | Replayed | Refused | Conflict
