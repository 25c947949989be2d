"""The check: tells an operator in words what is misconfigured, and what to do about it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import httpx
from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import InvalidToken, TelegramError

from core import schema
from core.db import Database
from core.settings import Settings, is_loopback
from operations.readiness import NotReady, refuse_unsaid_pgbouncer
from operations.whatsapp import number_at_meta, templates
from payments import Methods

_TIMEOUT_S = 15
# What GetMiPay's own guide says of each answer.
_REMEDIES = {
    400: "the request was invalid: check the amount and the number",
    401: "the keys are not accepted: check both, and that they belong to this environment",
    403: "the keys are known but not allowed to do this: check the permissions in GetMiPay's dashboard",
    429: "too many requests: wait a little and check again",
    500: "GetMiPay has a fault of its own: write to its support if it lasts",
}
_PROBE = "CAURI-CHECK"


class Level(StrEnum):
    GOOD = "ok"
    DOUBT = "look"
    BAD = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it stands, in a sentence that says what to do."""

    level: Level
    about: str
    says: str


async def check(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything that has to be right before members come, one finding after the other."""
    yield await _database(settings)
    yield _methods(settings)
    for finding in _keys(settings):
        yield finding
    yield _environments(settings)
    if settings.getmipay_api_key.get_secret_value():
        yield await _getmipay(settings)
    yield _identity(settings)
    yield await _public_address(settings)
    yield _pin_page(settings)
    yield await _telegram(settings)
    yield await _operators(settings)
    for finding in await _whatsapp(settings):
        yield finding


async def _database(settings: Settings) -> Finding:
    database = Database(settings.database_url)
    try:
        await refuse_unsaid_pgbouncer(database)
        current = await schema.is_current(database)
    except NotReady as error:
        return Finding(Level.BAD, "database", str(error))
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, the operator reads a sentence
        return Finding(Level.BAD, "database", f"cannot be reached ({type(error).__name__}): check DATABASE_URL")
    finally:
        await database.close()
    if not current:
        return Finding(Level.BAD, "database", "its tables are not those of this release: run `cauri migrate`")
    return Finding(Level.GOOD, "database", f"{database.url.get_backend_name()}, tables up to date")


def _methods(settings: Settings) -> Finding:
    try:
        Methods(settings.payment_methods)
    except ValueError as error:
        return Finding(Level.BAD, "payment methods", str(error))
    return Finding(Level.GOOD, "payment methods", "PAYMENT_METHODS is understood")


def _keys(settings: Settings) -> list[Finding]:
    needed = ["getmipay_api_key", "getmipay_secret_key", "telegram_bot_token"]
    if not settings.speaks_v1:
        needed.append("getmipay_webhook_secret")
    missing = [name.upper() for name in needed if not getattr(settings, name).get_secret_value()]
    findings = [Finding(Level.BAD, "keys", f"{name} is missing: put it into .env") for name in missing]
    if settings.getmipay_webhook_secret_previous.get_secret_value():
        says = "GETMIPAY_WEBHOOK_SECRET_PREVIOUS is still accepted: remove it once GetMiPay signs with the new one"
        findings.append(Finding(Level.DOUBT, "keys", says))
    return findings or [Finding(Level.GOOD, "keys", f"all {len(needed)} are set")]


def _identity(settings: Settings) -> Finding:
    if not settings.documents_key.get_secret_value():
        says = "DOCUMENTS_KEY is not set: members cannot have their identity verified, and keep the lowest limits"
        return Finding(Level.DOUBT, "identity", says)
    if settings.documents_key_previous.get_secret_value():
        says = "DOCUMENTS_KEY_PREVIOUS is still read: run `cauri identity seal-again`, then remove it"
        return Finding(Level.DOUBT, "identity", says)
    return Finding(Level.GOOD, "identity", "documents are kept sealed")


def _environments(settings: Settings) -> Finding:
    """Keys of one environment at the other's address are the guide's commonest trouble."""
    host = urlsplit(settings.getmipay_api_url).hostname or ""
    key = settings.getmipay_api_key.get_secret_value().lower()
    looks_like_test = any(word in key for word in ("test", "sandbox", "demo"))
    if is_loopback(host):
        return Finding(Level.DOUBT, "environment", "GetMiPay is a sandbox on this machine: nobody pays real money")
    if "sandbox" in host:
        level = Level.DOUBT if settings.public_url else Level.GOOD
        return Finding(level, "environment", f"GetMiPay's sandbox ({host}): nobody pays real money")
    if looks_like_test:
        says = f"a test key at the production address {host}: sandbox and production are mixed"
        return Finding(Level.BAD, "environment", says)
    return Finding(Level.GOOD, "environment", f"GetMiPay's production ({host}): real money")


async def _getmipay(settings: Settings) -> Finding:
    """Ask for a payment that does not exist, where 404 says that our key was believed; in `v1`, for a token."""
    base = settings.getmipay_api_url.rstrip("/")
    key = settings.getmipay_api_key.get_secret_value()
    keys = {"public_apikey": key, "private_secretkey": settings.getmipay_secret_key.get_secret_value()}
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as http:
            if settings.speaks_v1:
                status = (await http.post(f"{base}/action/auth", json=keys)).status_code
            else:
                url, headers = f"{base}/v1/payments/{_PROBE}/status", {"Authorization": f"Bearer {key}"}
                status = (await http.get(url, headers=headers)).status_code
    except httpx.HTTPError as error:
        return Finding(
            Level.BAD, "GetMiPay", f"does not answer at {settings.getmipay_api_url} ({type(error).__name__})"
        )
    if settings.speaks_v1 and status == httpx.codes.NOT_FOUND:
        says = f"does not know v1 at {base}: does GETMIPAY_API_URL end in /api/v1, and is GETMIPAY_DIALECT meant?"
        return Finding(Level.BAD, "GetMiPay", says)
    if status in {200, 404}:
        accepted = "both keys" if settings.speaks_v1 else "the API key"
        return Finding(Level.GOOD, "GetMiPay", f"answers, and accepts {accepted}")
    remedy = _REMEDIES.get(status, _REMEDIES[500] if status >= 500 else f"answered {status}")  # noqa: PLR2004
    return Finding(Level.BAD, "GetMiPay", remedy)


async def _public_address(settings: Settings) -> Finding:
    """GetMiPay's webhooks and payers have to find us over HTTPS."""
    about = "public address"
    if not settings.public_url:
        says = (
            "PUBLIC_URL is not set: fine for trying out, but GetMiPay's webhooks cannot reach us; set it to https://…"
        )
        return Finding(Level.DOUBT, about, says)
    if not settings.public_url.startswith("https://"):
        return Finding(Level.DOUBT, about, "PUBLIC_URL is this machine only: GetMiPay's webhooks cannot reach us")
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as http:
            status = (await http.get(f"{settings.webhook_base}/health")).status_code
    except httpx.HTTPError as error:
        says = f"{settings.public_url} does not answer ({type(error).__name__}): is `cauri run` up, is the proxy set?"
        return Finding(Level.BAD, about, says)
    if status != httpx.codes.OK:
        return Finding(Level.BAD, about, f"{settings.public_url}/health answers {status}: does the proxy lead to us?")
    says = f"reachable; register {settings.getmipay_callback_url} in GetMiPay's dashboard"
    return Finding(Level.GOOD, about, says)


def _pin_page(settings: Settings) -> Finding:
    """Telegram opens a page inside itself over HTTPS alone, and refuses a message whose button leads elsewhere."""
    about = "PIN page"
    if settings.public_url.startswith("https://"):
        return Finding(Level.GOOD, about, "opens inside Telegram")
    if is_loopback(urlsplit(settings.telegram_api_url).hostname or ""):
        return Finding(Level.GOOD, about, "opens inside the sandbox's Telegram")
    says = (
        "without PUBLIC_URL=https://… Telegram refuses the message that leads to it: nobody can choose a PIN, "
        "nor withdraw to a new number"
    )
    return Finding(Level.BAD, about, says)


async def _telegram(settings: Settings) -> Finding:
    token = settings.telegram_bot_token.get_secret_value()
    if not token:
        return Finding(Level.BAD, "Telegram", "no token: ask @BotFather for one")
    try:
        async with Bot(token, base_url=f"{settings.telegram_api_url.rstrip('/')}/bot") as bot:
            webhook = await bot.get_webhook_info()
            name = bot.username
    except InvalidToken:
        return Finding(Level.BAD, "Telegram", "does not know this token: copy it again from @BotFather")
    except TelegramError as error:
        return Finding(Level.BAD, "Telegram", f"does not answer: {error}")
    if webhook.last_error_message and settings.uses_telegram_webhook:
        return Finding(Level.BAD, "Telegram", f"@{name} cannot call us: {webhook.last_error_message}")
    return Finding(Level.GOOD, "Telegram", f"@{name} answers")


async def _operators(settings: Settings) -> Finding:
    """Whether the operators' chat is one the bot may write to."""
    if not settings.operators_chat:
        says = "OPERATORS_CHAT is not set: what a person has to look at stands in the log alone"
        return Finding(Level.DOUBT, "operators", says)
    token = settings.telegram_bot_token.get_secret_value()
    try:
        async with Bot(token, base_url=f"{settings.telegram_api_url.rstrip('/')}/bot") as bot:
            await bot.send_chat_action(int(settings.operators_chat), ChatAction.TYPING)
    except TelegramError as error:
        return Finding(Level.BAD, "operators", f"the bot cannot write to OPERATORS_CHAT: {error}")
    return Finding(Level.GOOD, "operators", "their chat hears what a person has to look at")


async def _whatsapp(settings: Settings) -> list[Finding]:
    """Our number as Meta knows it, whether Meta can call us, and what may be said outside people's windows."""
    if not settings.uses_whatsapp:
        return [Finding(Level.GOOD, "WhatsApp", "not set up: members are on Telegram alone (docs/whatsapp.md)")]
    try:
        name, shown = await number_at_meta(settings)
        standings = [each async for each in templates(settings)]
    except NotReady as error:
        return [Finding(Level.BAD, "WhatsApp", str(error))]
    findings = [_our_number(settings, name, shown)]
    if not settings.public_url.startswith("https://"):
        findings.append(Finding(Level.DOUBT, "WhatsApp", "without PUBLIC_URL=https://… Meta cannot tell us anything"))
    missing = sum(not each.is_approved for each in standings)
    if missing:
        says = f"{missing} of {len(standings)} templates are not approved: see `cauri whatsapp templates`"
        findings.append(Finding(Level.DOUBT, "WhatsApp", says))
    return findings


def _our_number(settings: Settings, name: str, shown: str) -> Finding:
    """The links that members pass on lead to WHATSAPP_NUMBER, whatever number Meta sends from."""
    if "".join(filter(str.isdigit, shown)) != settings.whatsapp_number:
        return Finding(Level.BAD, "WhatsApp", f"WHATSAPP_NUMBER is not the number Meta knows: {shown}")
    return Finding(Level.GOOD, "WhatsApp", f"{name} answers at {shown}")
