"""Logs: one JSON object a line, without secrets, PINs or whole phone numbers."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_SECRET_NAMES = re.compile(r"pin|token|secret|api_?key|authorization|signature|password", re.IGNORECASE)
# As E.164, as people read it (`+226 70 12 34 56`), and as a URL carries it.
_PHONE = re.compile(r"(?:\+|%2B)(?:[ .-]?\d){4,11}(?=(?:[ .-]?\d){4}(?!\d))", re.IGNORECASE)
# Telegram puts the bot's token into the path of every call, and libraries log paths; a bare one is long.
_TOKEN = re.compile(r"bot\d+(?::|%3A)[\w-]+|\b\d{5,}:[\w-]{20,}", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"(?<=://)[^/\s@]*:[^/\s@]*(?=@)")
# A query, a header or JSON inside a sentence: `?api_key=…`, `Authorization: Bearer …`, `"pin": "…"`.
_NAMED_SECRET = re.compile(
    r"""((?:\bpin|token|secret|api_?key|authorization|signature|password)\w*\\?["']?\s?[=:]\s?\\?["']?(?:Bearer\s)?)"""
    r"""[^\s"'&,;\\}]+""",
    re.IGNORECASE,
)


def configure(log_format: str = "json", level: int = logging.INFO) -> None:
    """Send everything from `level` on, our own and the libraries', to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if log_format == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            hide_secrets,
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "alembic", "aiohttp.access", "apscheduler"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Its warnings are advice to programmers, given again each time the network fails.
    logging.getLogger("pywa").setLevel(logging.ERROR)


def hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what must never be read in a log, whatever the caller passed by mistake."""
    for name, value in event.items():
        event[name] = "***" if _SECRET_NAMES.search(name) else _masked(value)
    return event


def _masked(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {
            _masked_text(str(name)): "***" if _SECRET_NAMES.search(str(name)) else _masked(inner)
            for name, inner in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(inner) for inner in value]
    # Anything else would be written as its repr, an exception with the URL it failed on for one.
    return _masked_text(value if isinstance(value, str) else repr(value))


def _masked_text(text: str) -> str:
    text = _PASSWORD_IN_URL.sub("***", text)
    text = _TOKEN.sub("bot***", text)
    text = _NAMED_SECRET.sub(r"\1***", text)
    return _PHONE.sub("+***", text)
