"""Sealing one-time codes: what a payer types travels to the call through the database, and must not lie there readable.

The key comes from GetMiPay's secret key, which is in no table, and a sealed code can be opened for ten minutes only.
"""

import base64
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core import clock

OPENED_FOR = timedelta(minutes=10)
_PURPOSE = b"cauri one-time codes"
_KEY_BYTES = 32


class Seal:
    """Closes and opens; whoever has the same secret key can open, other processes too."""

    def __init__(self, secret_key: str) -> None:
        key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE).derive(secret_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, code: str) -> str:
        """`code` as it may stand in a job."""
        return self._fernet.encrypt_at_time(code.encode(), _now()).decode()

    def open(self, sealed: str) -> str | None:
        """The code again; None when it is too old, or was sealed with another key."""
        try:
            return self._fernet.decrypt_at_time(sealed, int(OPENED_FOR.total_seconds()), _now()).decode()
        except InvalidToken:
            return None


def _now() -> int:
    return int(clock.now().timestamp())
