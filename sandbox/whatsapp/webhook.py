"""The address that is told what happens, and the signature by which it knows us."""

import hashlib
import hmac
from urllib.parse import urlsplit

from sandbox.records import Facts
from sandbox.telegram.keyboards import is_loopback
from sandbox.whatsapp.errors import GraphError


class Webhook:
    """The address the business registered."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    @property
    def url(self) -> str:
        return str(self._facts.get("webhook").get("url", ""))

    def set(self, url: str) -> None:
        """Post to this address from now on; raises Meta's 100 for one the sandbox would not call."""
        if url and not (urlsplit(url).scheme in {"http", "https"} and is_loopback(url)):
            raise GraphError(100, title="(#100) The sandbox only calls this machine (a loopback address)")
        self._facts.put("webhook", {"url": url})


def sign(body: bytes, app_secret: str) -> str:
    """The `X-Hub-Signature-256` of a body."""
    return f"sha256={hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()}"
