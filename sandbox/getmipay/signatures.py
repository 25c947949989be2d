"""GetMiPay's signatures: HMAC-SHA256, in hex, over Python's own sorted JSON."""

import hashlib
import hmac
import json
from collections.abc import Mapping


def canonical(fields: Mapping[str, object]) -> str:
    """The text that is signed: sorted keys, Python's default separators, ASCII escapes."""
    return json.dumps(fields, sort_keys=True)


def sign(text: str, secret: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_signed(fields: Mapping[str, object], secret: str) -> bool:
    """Whether `fields["signature"]` signs all the other fields."""
    given = fields.get("signature")
    unsigned = {name: value for name, value in fields.items() if name != "signature"}
    return isinstance(given, str) and is_same(given, sign(canonical(unsigned), secret))


def is_same(given: str, expected: str) -> bool:
    """Compare in constant time whatever a client may have sent, lone surrogates included."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
