"""What makes the address of a callback one that nobody can guess: GetMiPay does not sign what it sends there."""

import hashlib
import hmac

_DIGITS = 32


def callback_token(secret: str, reference: str) -> str:
    """The word in the address that only GetMiPay was told, for this one payment."""
    return hmac.new(secret.encode(), f"callback:{reference}".encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def is_callback_token(secret: str, reference: str, given: str) -> bool:
    """Whether who calls was told the address."""
    return hmac.compare_digest(callback_token(secret, reference).encode(), given.encode(errors="replace"))
