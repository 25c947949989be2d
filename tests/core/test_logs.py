import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.logs import hide_secrets

PHONE = "+22670123456"
TOKEN = "987654321:AAF-live_4f9a17c2d8e05b6a"
KEY = "sk_live_4f9a17c2"
PIN = "4827"
SECRETS = (PHONE, "70 12 34 56", "70123456", TOKEN, TOKEN.partition(":")[2], KEY, PIN)

# Everything that must not be read, said in every way a line of a log can be said.
_SAYS_TOO_MUCH = f'''
import logging, sys
import structlog
from core import logs

logs.configure(sys.argv[1])
log = structlog.get_logger("house")
library = logging.getLogger("library")
structlog.contextvars.bind_contextvars(phone="{PHONE}")

log.info("plain {PHONE} and +226 70 12 34 56", pin="{PIN}", bot_token="{TOKEN}", Authorization="Bearer {KEY}")
log.info("nested", payload={{"customer": [{{"phone": "{PHONE}", "api_key": "{KEY}", "PIN": {PIN}}}]}}, to=("{PHONE}",))
log.info("keys and sets", by_phone={{"{PHONE}": 1}}, phones={{"{PHONE}"}}, raw=b"{PHONE}", error=ValueError("{PHONE}"))
log.info("urls", url="https://api.telegram.org/bot{TOKEN}/getMe?phone=%2B22670123456&api_key={KEY}&pin={PIN}")
log.info("database", url="postgresql://cauri:{KEY}@db/cauri")
log.info("a body", body='{{"pin": "{PIN}", "secret_key": "{KEY}", "phone": "{PHONE}"}}')
library.warning("sent to %s with %s", "{PHONE}", "https://api.telegram.org/bot{TOKEN}/sendMessage")
library.warning("rejected: the token `{TOKEN}`; X-Signature: {KEY}")
for logger in (log, library):
    try:
        raise ValueError("no answer from https://api.telegram.org/bot{TOKEN}/getMe for {PHONE}, api_key={KEY}")
    except ValueError:
        logger.exception("failed")
logging.getLogger("httpx").info("GET https://api.telegram.org/bot{TOKEN}/getUpdates")
'''


def everything_said(log_format: str) -> str:
    """What a process of the house writes to standard error."""
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", _SAYS_TOO_MUCH, log_format],
        cwd=Path(__file__).parent.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == ""
    return told.stderr


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_secret_and_no_whole_number_is_ever_written(log_format: str):
    told = everything_said(log_format)
    for secret in SECRETS:
        assert secret not in told
    assert "***" in told
    assert "ValueError" in told
    assert "getUpdates" not in told


def test_a_line_is_one_json_object_with_its_time_level_and_logger():
    lines = [json.loads(line) for line in everything_said("json").splitlines()]
    assert len(lines) == 10
    assert {line["level"] for line in lines} == {"info", "warning", "error"}
    assert {line["logger"] for line in lines} == {"house", "library"}
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "Traceback" in lines[-1]["exception"]


def shown(value: Any) -> Any:
    return hide_secrets(logging.getLogger(), "info", {"value": value})["value"]


@pytest.mark.parametrize(
    "harmless",
    [
        None, True, 5_000, 1.5, "5 000 F CFA", "D-7KQ2-MX4P-9T3W", "2026-11-22T12:28:24.123456+00:00",
        "https://pay.example.com/v1/status?reference=D-7KQ2", "http://127.0.0.1:8000/health",
        "0192f0c1-7b7e-7c3a-9d6c-2f1f5a0b1c2d", "+226 •• •• 34 56", "+5 000 F", ["a", {"b": 1}],
    ],
)  # fmt: skip
def test_what_is_no_secret_stays_readable(harmless: object):
    assert shown(harmless) == harmless


def test_the_last_four_digits_of_a_number_are_kept_to_tell_people_apart():
    assert shown(f"call {PHONE}") == "call +***3456"
    assert shown("call +226 70 12 34 56, now") == "call +*** 34 56, now"
    assert shown("phone=%2B22670123456&x=1") == "phone=+***3456&x=1"
