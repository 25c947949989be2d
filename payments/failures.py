"""Why a payment did not happen: GetMiPay's and the operators' many words, brought down to the few we can explain."""

import re
import tomllib
from enum import StrEnum
from pathlib import Path


class FailureCode(StrEnum):
    """A reason a member can read; the bot has a sentence for each."""

    PAYER_FUNDS = "payer_funds"
    PAYER_LIMIT = "payer_limit"
    NOT_APPROVED = "not_approved"
    CANCELLED = "cancelled"
    PIN = "pin"
    OTP = "otp"
    BUSY = "busy"
    NO_ACCOUNT = "no_account"
    RECIPIENT_LIMIT = "recipient_limit"
    RECIPIENT_BLOCKED = "recipient_blocked"
    AMOUNT = "amount"
    MISMATCH = "mismatch"
    OPERATOR_DOWN = "operator_down"
    OUR_BALANCE = "our_balance"
    FROZEN = "frozen"
    """The wallet was frozen before the provider was called."""
    REFUSED = "refused"
    """Refused in words we do not know."""
    UNKNOWN = "unknown"
    """Not even known to be refused: nothing moves back on it."""


def failure_code(said: str) -> FailureCode | None:
    """What a provider's words mean to us; None where they are in no table."""
    words = re.sub(r"[^A-Z0-9]+", "_", said.upper()).strip("_")
    found = (phrase for phrase in _PHRASES if f"_{phrase}_" in f"_{words}_")
    longest = max(found, key=len, default=None)
    return _PHRASES[longest] if longest else None


def _load() -> dict[str, FailureCode]:
    table = tomllib.loads((Path(__file__).parent / "data" / "refusals.toml").read_text(encoding="utf-8"))
    return {phrase: FailureCode(code) for code, phrases in table.items() for phrase in phrases}


_PHRASES = _load()
