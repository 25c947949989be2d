"""What the ledger can be told to do. A command's id is its idempotency key, made by the caller.

Post        moves an amount from the debit account to the credit account
PlaceHold   reserves an amount of the debit account for the credit account
PostHold    moves what was held, or less; the rest is released
VoidHold    releases what was held
Reverse     moves a transfer's amount, or a part of it, back the other way
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from uuid import UUID

from core.money import Money

# A ceiling far above any real amount, so that sums stay within the database's 64 bits.
_LARGEST = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Move `amount` from `debit` to `credit`. `journal` and `leg` name the business event and this part of it."""

    id: UUID
    debit: UUID
    credit: UUID
    amount: Money
    kind: str
    journal: UUID
    leg: int = 0
    effective_at: datetime | None = None

    def __post_init__(self) -> None:
        _check(self.amount)
        _check_accounts(self.debit, self.credit)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold:
    """Reserve `amount` of `debit` for `credit`, until it is posted or voided, or until `expires_at`.

    An expired hold reserves nothing and can no longer be posted. A hold whose outcome is somebody else's to tell, such
    as a payout's, has no expiry.
    """

    id: UUID
    debit: UUID
    credit: UUID
    amount: Money
    kind: str
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        _check(self.amount)
        _check_accounts(self.debit, self.credit)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostHold:
    """Move what `hold` reserved, or only `amount` of it and release the rest. `id` is the transfer's."""

    id: UUID
    hold: UUID
    journal: UUID
    leg: int = 0
    amount: Money | None = None
    effective_at: datetime | None = None

    def __post_init__(self) -> None:
        _check(self.amount)


@dataclass(frozen=True, slots=True)
class VoidHold:
    """Release what `hold` reserved. The hold's id is the key: a second void is a replay."""

    hold: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """Move `transfer`'s whole amount, or `amount` of it, back the other way, as a new transfer of kind `reversal`."""

    id: UUID
    transfer: UUID
    journal: UUID
    leg: int = 0
    amount: Money | None = None
    effective_at: datetime | None = None

    def __post_init__(self) -> None:
        _check(self.amount)


Movement = Post | PostHold | Reverse
Identified = Movement | PlaceHold
Command = Identified | VoidHold


def fingerprint(command: Identified) -> bytes:
    """What a command says, in 16 bytes: the same id with another fingerprint is a conflict, never a replay.

    Spelt out, and not taken from the fields, so that a field added by a later release leaves old commands as they were.
    """
    return blake2b("\x1f".join(_content(command)).encode(), digest_size=16).digest()


def _content(command: Identified) -> tuple[str, ...]:
    match command:
        case Post():
            return (
                *("post", command.debit.hex, command.credit.hex, _money(command.amount), command.kind),
                *(command.journal.hex, str(command.leg), _moment(command.effective_at)),
            )
        case PlaceHold():
            return (
                *("hold", command.debit.hex, command.credit.hex, _money(command.amount), command.kind),
                _moment(command.expires_at),
            )
        case PostHold():
            subject = ("post_hold", command.hold.hex)
        case Reverse():
            subject = ("reverse", command.transfer.hex)
    rest = (_money(command.amount), command.journal.hex, str(command.leg), _moment(command.effective_at))
    return (*subject, *rest)


def _money(amount: Money | None) -> str:
    return f"{amount.amount}{amount.currency}" if amount else "all"


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def _check(amount: Money | None) -> None:
    if amount is not None and not 0 < amount.amount <= _LARGEST:
        raise ValueError(f"the ledger moves between 1 and {_LARGEST}, not {amount.amount}")


def _check_accounts(debit: UUID, credit: UUID) -> None:
    if debit == credit:
        raise ValueError("an account cannot be its own counterparty")
