"""Settings, from the environment or `.env`: a mistake is a sentence at start, not a traceback at midnight."""

import ipaddress
from functools import cached_property
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from core.phones import COUNTRIES

_WHATSAPP = (
    "whatsapp_token", "whatsapp_phone_id", "whatsapp_business_id", "whatsapp_app_secret", "whatsapp_verify_token",
    "whatsapp_number",
)  # fmt: skip
# What a guesser would have to try is as long as the key it is made into.
_KEY_AT_LEAST = 32
_DATABASES = ("sqlite:///folder/file.sqlite3", "postgresql://user:password@host/name")


class MethodSwitch(BaseModel):
    """One entry of PAYMENT_METHODS: the name members read, and whether the method may be used."""

    name: str | None = None
    enabled: bool = True


class SettingsError(Exception):
    """The settings do not fit together; `problems` says each mistake in a sentence, without any secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """Everything an operator can set. `.env.example` explains each; a test holds the two together."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True, frozen=True)

    database_url: str = "sqlite:///var/cauri.sqlite3"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    public_url: str = ""
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = ()
    listen_url: str = ""
    drain_seconds: int = Field(0, ge=0, le=300)

    getmipay_dialect: str = Field("a", pattern="^(a|v1)$")
    getmipay_api_url: str = "https://api.sandbox.getmipay.com"
    getmipay_api_key: SecretStr = SecretStr("")
    getmipay_secret_key: SecretStr = SecretStr("")
    getmipay_webhook_secret: SecretStr = SecretStr("")
    getmipay_webhook_secret_previous: SecretStr = SecretStr("")
    payment_methods: dict[str, MethodSwitch] = {}
    default_country: str = Field("BF", pattern=f"^({'|'.join(COUNTRIES)})$")
    link_minutes: int = Field(30, ge=1, le=1440)

    operators_chat: str = Field("", pattern="^(-?[0-9]{1,20})?$")
    merchant_balance_low: int = Field(0, ge=0)

    telegram_bot_token: SecretStr = SecretStr("")
    telegram_webhook_secret: SecretStr = SecretStr("")
    telegram_api_url: str = "https://api.telegram.org"
    telegram_per_second: int = Field(30, ge=0)
    chat_url: str = ""
    pin_secret: SecretStr = SecretStr("")

    whatsapp_token: SecretStr = SecretStr("")
    whatsapp_phone_id: str = Field("", pattern="^[0-9]*$")
    whatsapp_business_id: str = Field("", pattern="^[0-9]*$")
    whatsapp_app_secret: SecretStr = SecretStr("")
    whatsapp_verify_token: SecretStr = SecretStr("")
    whatsapp_number: str = Field("", pattern="^([0-9]{6,15})?$")
    whatsapp_api_url: str = "https://graph.facebook.com"
    whatsapp_per_second: int = Field(80, ge=0)

    documents_key: SecretStr = SecretStr("")
    documents_key_previous: SecretStr = SecretStr("")
    documents_days: int = Field(30, ge=1, le=365)

    log_format: str = Field("json", pattern="^(json|console)$")

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _between_commas(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = [] if _is_kept(self.database_url) else [f"DATABASE_URL must be one of {', '.join(_DATABASES)}"]
        if self.listen_url and not _is_listened_to(self.listen_url):
            problems.append("LISTEN_URL must be PostgreSQL's own address: postgresql://user:password@host/name")
        problems += [
            f"{name.upper()} must start with https:// and name a host (http:// is for loopback only)"
            for name in ("public_url", "getmipay_api_url", "telegram_api_url", "whatsapp_api_url")
            if getattr(self, name) and not _is_safe(getattr(self, name))
        ]
        if self.uses_telegram_webhook and not self.telegram_webhook_secret.get_secret_value():
            problems.append(
                "TELEGRAM_WEBHOOK_SECRET is missing: with PUBLIC_URL set, Telegram calls us, "
                "and without a secret anybody could speak in its name"
            )
        if (self.uses_telegram_webhook or (self.public_url and self.uses_whatsapp)) and not _given(self.pin_secret):
            problems.append(
                "PIN_SECRET is missing: without it whoever reads the database finds every member's PIN in minutes"
            )
        problems += self._half_a_whatsapp()
        problems += [
            f"{name.upper()} must be {_KEY_AT_LEAST} characters or more: `openssl rand -base64 32` makes one"
            for name in ("documents_key", "documents_key_previous")
            if 0 < len(getattr(self, name).get_secret_value()) < _KEY_AT_LEAST
        ]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @cached_property
    def webhook_base(self) -> str:
        """Where GetMiPay and payers find us: the public URL, or our own address while trying things out."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def speaks_v1(self) -> bool:
        """GetMiPay is spoken to as it is published for production, not as its guide has it."""
        return self.getmipay_dialect == "v1"

    @property
    def getmipay_callback_url(self) -> str:
        """Where GetMiPay tells us what became of payments: each dialect has a door of its own."""
        return f"{self.webhook_base}/webhook/getmipay/{'v1' if self.speaks_v1 else ''}"

    @property
    def uses_telegram_webhook(self) -> bool:
        """With a public HTTPS address Telegram calls us; without one we ask it (long polling)."""
        return self.public_url.startswith("https://") and bool(self.telegram_bot_token.get_secret_value())

    @property
    def uses_whatsapp(self) -> bool:
        """WhatsApp is set up; without it members are on Telegram alone."""
        return bool(self.whatsapp_phone_id)

    def _half_a_whatsapp(self) -> list[str]:
        """WhatsApp needs every one of its settings; with only some of them it would fail on the first message."""
        missing = [name.upper() for name in _WHATSAPP if not _given(getattr(self, name))]
        if not missing or len(missing) == len(_WHATSAPP):
            return []
        return [f"{name} is missing: WhatsApp needs all of its settings, or none to be left out" for name in missing]


def load(**overrides: object) -> Settings:
    """Read the settings; raises SettingsError with one sentence for each mistake."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        sentences = [_sentence(entry) for entry in error.errors(include_input=False)]
        raise SettingsError([problem for sentence in sentences for problem in sentence.splitlines()]) from None
    except UnreadableSetting:
        # The only setting that is read as JSON; what it holds is not repeated.
        raise SettingsError(["PAYMENT_METHODS: this is not JSON"]) from None


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _given(value: str | SecretStr) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def _is_kept(url: str) -> bool:
    """Whether this names a database that outlives us: not one in memory, and not one on an engine we never tried."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return False
    return parts.get_backend_name() in {"sqlite", "postgresql"} and parts.database not in {None, "", ":memory:"}


def _is_listened_to(url: str) -> bool:
    return _is_kept(url) and make_url(url).get_backend_name() == "postgresql"


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return (parts.scheme == "https" and bool(host)) or (parts.scheme == "http" and is_loopback(host))


def _sentence(error: object) -> str:
    location = ".".join(str(part) for part in error["loc"]).upper()  # type: ignore[index]
    message = str(error["msg"]).removeprefix("Value error, ")  # type: ignore[index]
    return f"{location}: {message}" if location else message
