"""What the sandbox is started with. Every default is a demo value: none of them opens anything real."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """How one sandbox process runs; the names are those of the command line."""

    host: str = "127.0.0.1"
    port: int = 8100
    data: Path = Path("var/sandbox.sqlite3")
    api_key: str = "demo-api-key"
    secret_key: str = "demo-secret-key"  # noqa: S105 (a demo value, known to everybody)
    webhook_secret: str = "demo-webhook-secret"  # noqa: S105 (likewise)
    webhook_url: str = ""
    """The address registered in GetMiPay's dashboard; empty means each request's own `callback_url`."""
    bot_token: str = "100000001:demo-token-for-the-sandbox-only"  # noqa: S105 (likewise)
    whatsapp_token: str = "demo-whatsapp-token-for-the-sandbox-only"  # noqa: S105 (likewise)
    whatsapp_app_secret: str = "demo-whatsapp-app-secret"  # noqa: S105 (likewise)
    whatsapp_verify_token: str = "demo-whatsapp-verify-token"  # noqa: S105 (likewise)
    whatsapp_phone_id: str = "100000000000001"
    whatsapp_business_id: str = "200000000000002"
    whatsapp_number: str = "22625000001"
    """The assistant's own number, in digits as `wa.me` wants them."""
    whatsapp_webhook_url: str = ""
    """Where WhatsApp tells what happens; empty until it is registered by a call."""
    calls_kept: int = 1000
    """How many of the calls to GetMiPay are remembered."""
    until_stdin_closes: bool = False
    """Stop when whoever started us is gone, however it went: its end of our standard input closes with it."""

    def __post_init__(self) -> None:
        """Raise `ValueError` with a sentence when the host could be reached from another machine."""
        if not _is_loopback(self.host):
            raise ValueError(
                f"The sandbox only listens on this machine's loopback (127.0.0.1, ::1 or localhost),"
                f" not on {self.host}: it lets anybody pay with made-up money."
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
