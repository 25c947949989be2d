"""Mini Apps: what Telegram tells a page that it opens inside a chat, signed with the bot's token."""

import hashlib
import hmac
import json
import secrets
import time
from urllib.parse import quote, urlencode

from sandbox.telegram.bots import Bot
from sandbox.telegram.people import Person

VERSION = "9.0"


def opened_by(bot: Bot, person: Person, address: str) -> str:
    """The address that the person's telephone opens: behind the #, who they are."""
    told = urlencode({"tgWebAppData": init_data(bot, person), "tgWebAppVersion": VERSION, "tgWebAppPlatform": "web"})
    return f"{address}#{told}"


def init_data(bot: Bot, person: Person) -> str:
    """`initData`: who opened the page and when, and the hash that only the bot and Telegram can compute."""
    user = json.dumps(person.as_user(), ensure_ascii=False, separators=(",", ":"))
    facts = {"query_id": secrets.token_urlsafe(15), "user": user, "auth_date": str(int(time.time()))}
    # Telegram's other signature, for those who do not have the token; it is among what the hash is made of.
    facts["signature"] = secrets.token_urlsafe(64)
    said = "\n".join(f"{name}={facts[name]}" for name in sorted(facts))
    key = hmac.new(b"WebAppData", bot.token.encode(), hashlib.sha256).digest()
    facts["hash"] = hmac.new(key, said.encode(), hashlib.sha256).hexdigest()
    return urlencode(facts, quote_via=quote)
