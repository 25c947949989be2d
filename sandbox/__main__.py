"""`python -m sandbox`: the outside world, on this machine, with made-up money."""

import argparse
import asyncio
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.server import serve
from sandbox.settings import Settings


def main(arguments: Sequence[str] | None = None) -> None:
    """Start the sandbox; leave with a sentence when it cannot start."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings(**vars(options))
        asyncio.run(serve(settings, _announce))
    except (ValueError, OSError, sqlite3.Error) as error:
        sys.exit(f"sandbox: {error}")


def _announce(address: str) -> None:
    sys.stdout.write(f"sandbox ready on {address}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default=defaults.host, help="a loopback address")
    parser.add_argument("--port", type=int, default=defaults.port, help="0 picks a free one")
    parser.add_argument("--data", type=Path, default=defaults.data, help="the SQLite file that remembers everything")
    parser.add_argument("--api-key", default=defaults.api_key, help="GetMiPay's bearer key")
    parser.add_argument("--secret-key", default=defaults.secret_key, help="signs requests to GetMiPay")
    parser.add_argument("--webhook-secret", default=defaults.webhook_secret, help="signs GetMiPay's webhooks")
    parser.add_argument(
        "--webhook-url", default=defaults.webhook_url, help="as registered in the dashboard; empty: callback_url"
    )
    parser.add_argument("--bot-token", default=defaults.bot_token, help="the Telegram bot's token")
    parser.add_argument("--whatsapp-token", default=defaults.whatsapp_token, help="opens the Graph API")
    parser.add_argument("--whatsapp-app-secret", default=defaults.whatsapp_app_secret, help="signs WhatsApp's webhooks")
    parser.add_argument(
        "--whatsapp-verify-token",
        default=defaults.whatsapp_verify_token,
        help="asked back when a webhook is registered",
    )
    parser.add_argument(
        "--whatsapp-webhook-url", default=defaults.whatsapp_webhook_url, help="empty: as registered by a call"
    )
    parser.add_argument(
        "--calls-kept", type=int, default=defaults.calls_kept, help="how many calls to GetMiPay are remembered"
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop with the process that started this one")
    return parser


if __name__ == "__main__":
    main()
