import json
import logging
from typing import Any

import pytest
import structlog

from core import logs

PHONE = "+22670123456"
TOKEN = "987654321:AAF-live_4f9a17c2d8e05b6a"
KEY = "sk_live_4f9a17c2"
PIN = "4827"
SECRETS = (PHONE, "70 12 34 56", "70123456", TOKEN, TOKEN.partition(":")[2], KEY, PIN)


@pytest.fixture(params=["json", "console"])
def told(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> str:
    """What a process of the house writes when everything that must not be read is said in every way."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.configure(request.param)
    structlog.contextvars.bind_contextvars(phone=PHONE)
    say_too_much(structlog.get_logger("house"), logging.getLogger("library"))
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level
    written = capsys.readouterr()
    assert written.out == ""
    return written.err


def say_too_much(house: Any, library: logging.Logger) -> None:
    telegram = f"https://api.telegram.org/bot{TOKEN}"
    house.info(f"plain {PHONE} and +226 70 12 34 56", pin=PIN, bot_token=TOKEN, Authorization=f"Bearer {KEY}")
    house.info("nested", payload={"customer": [{"phone": PHONE, "api_key": KEY, "PIN": int(PIN)}]}, to=(PHONE,))
    house.info("odd", by_phone={PHONE: 1}, phones={PHONE}, raw=PHONE.encode(), error=ValueError(PHONE))
    house.info("urls", url=f"{telegram}/getMe?phone=%2B22670123456&api_key={KEY}&pin={PIN}")
    house.info("database", url=f"postgresql://cauri:{KEY}@db/cauri")
    house.info("a body", body=json.dumps({"pin": PIN, "secret_key": KEY, "phone": PHONE}))
    library.warning("sent to %s with %s", PHONE, f"{telegram}/sendMessage")
    library.warning("rejected: the token `%s`; X-Signature: %s", TOKEN, KEY)
    for fail in (house.exception, library.exception):
        try:
            get_no_answer(telegram)
        except ValueError:
            fail("failed")
    logging.getLogger("httpx").info("GET %s/getUpdates", telegram)


def get_no_answer(telegram: str) -> None:
    raise ValueError(f"no answer from {telegram}/getMe for {PHONE}, api_key={KEY}")


def test_no_secret_and_no_whole_number_is_ever_written(told: str):
    for secret in SECRETS:
        assert secret not in told
    assert "***" in told


def test_failures_are_told_with_their_traceback_and_chatter_is_not_told(told: str):
    assert told.count("Traceback") == 2
    assert "getUpdates" not in told


@pytest.mark.parametrize("told", ["json"], indirect=True)
def test_a_line_is_one_json_object_with_its_time_level_and_logger(told: str):
    lines = [json.loads(line) for line in told.splitlines()]
    assert len(lines) == 10
    assert {line["level"] for line in lines} == {"info", "warning", "error"}
    assert {line["logger"] for line in lines} == {"house", "library"}
    assert all(line["timestamp"].endswith("Z") for line in lines)


def shown(value: Any) -> Any:
    return logs.hide_secrets(logging.getLogger(), "info", {"value": value})["value"]


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
