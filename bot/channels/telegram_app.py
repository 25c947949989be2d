"""Telegram's Mini Apps: a page that opens inside the chat is told, signed with the bot's token, who is there."""

import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import parse_qsl

from core import clock

# A page is answered soon after it was opened: what was signed before may have been copied from somewhere.
_GOOD_FOR = timedelta(minutes=10)
_LONGEST = 4096


def who_opened(init_data: str, bot_token: str) -> str | None:
    """The id of whoever opened the page; None where nobody vouches for it, another bot does, or it was long ago."""
    if len(init_data) > _LONGEST:
        return None
    try:
        facts = dict(parse_qsl(init_data, keep_blank_values=True, strict_parsing=True))
        signed = facts.pop("hash")
        said = "\n".join(f"{name}={value}" for name, value in sorted(facts.items()))
        secret = hmac.digest(b"WebAppData", bot_token.encode(), hashlib.sha256)
        expected = hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signed.encode()) or not _is_fresh(int(facts["auth_date"])):
            return None
        return str(json.loads(facts["user"])["id"])
    except (KeyError, TypeError, ValueError):
        return None


def _is_fresh(signed_at: int) -> bool:
    age = clock.now().timestamp() - signed_at
    return -_GOOD_FOR.total_seconds() <= age <= _GOOD_FOR.total_seconds()
