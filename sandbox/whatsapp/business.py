"""The one business that lives here: its number, its account, and what opens its doors."""

from dataclasses import dataclass
from typing import Final

from sandbox.records import Json
from sandbox.settings import Settings

NAME: Final = "Cauri"
APP_ID: Final = "300000000000003"


@dataclass(frozen=True)
class Business:
    """`number` is in digits; `phone_id` and `account_id` are Meta's names for the number and for the account."""

    phone_id: str
    account_id: str
    number: str
    token: str
    app_secret: str
    verify_token: str

    @classmethod
    def of(cls, settings: Settings) -> "Business":
        return cls(
            phone_id=settings.whatsapp_phone_id,
            account_id=settings.whatsapp_business_id,
            number=settings.whatsapp_number,
            token=settings.whatsapp_token,
            app_secret=settings.whatsapp_app_secret,
            verify_token=settings.whatsapp_verify_token,
        )

    @property
    def app_token(self) -> str:
        """What opens the app's own doors, such as its subscriptions."""
        return f"{APP_ID}|{self.app_secret}"

    def as_metadata(self) -> Json:
        return {"display_phone_number": self.number, "phone_number_id": self.phone_id}

    def as_phone_number(self) -> Json:
        return {
            "id": self.phone_id,
            "verified_name": NAME,
            "display_phone_number": f"+{self.number}",
            "code_verification_status": "VERIFIED",
            "quality_rating": "GREEN",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "status": "CONNECTED",
            "account_mode": "SANDBOX",
        }

    def as_account(self) -> Json:
        return {
            "id": self.account_id,
            "name": NAME,
            "currency": "USD",
            "timezone_id": "1",
            "message_template_namespace": "sandbox",
        }
