"""WhatsApp by hand: how our templates stand at Meta, and asking for those that are missing."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx
from pywa.errors import WhatsAppError
from pywa.types.others import Pagination
from pywa.types.templates import TemplateCategory, TemplateStatus
from pywa_async.types.templates import TemplateDetails

from bot.channels.whatsapp import WhatsAppChannel
from bot.channels.whatsapp_templates import Approval, approvals
from core.settings import Settings
from operations.readiness import NotReady

T = TypeVar("T")

_PAGE = 200
_TRUSTED = {TemplateStatus.APPROVED, TemplateStatus.REINSTATED, TemplateStatus.UNARCHIVED, TemplateStatus.FLAGGED}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one template stands: `says` is Meta's word for it, and what is odd about it."""

    name: str
    language: str
    says: str
    is_approved: bool


async def templates(settings: Settings, *, submit: bool = False) -> AsyncIterator[Standing]:
    """Every template that Cauri uses, as it stands at Meta; with `submit` those that are missing are asked for.

    Raises NotReady where WhatsApp is not set up, or Meta does not answer.
    """
    if not settings.uses_whatsapp:
        raise NotReady("WhatsApp is not set up: docs/whatsapp.md says how.")
    async with _speaking(settings) as whatsapp:
        found = await _asked(_at_meta(whatsapp))
        for approval in approvals():
            if (known := found.get((approval.name, approval.language))) is not None:
                yield _standing(approval, known)
            elif submit:
                yield await _asked(_submitted(whatsapp, approval))
            else:
                yield Standing(approval.name, approval.language, "missing", is_approved=False)


async def number_at_meta(settings: Settings) -> tuple[str, str]:
    """The name under which people see us, and our number, as Meta has them. Raises NotReady as `templates` does."""
    async with _speaking(settings) as whatsapp:
        known = await _asked(whatsapp.client.get_business_phone_number())
    return known.verified_name or "", known.display_phone_number or ""


@asynccontextmanager
async def _speaking(settings: Settings) -> AsyncIterator[WhatsAppChannel]:
    whatsapp = WhatsAppChannel(
        settings.whatsapp_phone_id, settings.whatsapp_token.get_secret_value(), settings.whatsapp_api_url,
        number=settings.whatsapp_number, business_id=settings.whatsapp_business_id,
    )  # fmt: skip
    try:
        yield whatsapp
    finally:
        await whatsapp.close()


async def _asked(call: Awaitable[T]) -> T:
    """What Meta answers. pywa's errors are frozen, and break on their way out of a context: they end here."""
    try:
        return await call
    except WhatsAppError as error:
        raise NotReady(f"Meta refuses ({error.code}): {error.details or error.message}") from None
    except httpx.HTTPError as error:
        raise NotReady(f"Meta does not answer ({type(error).__name__})") from None


async def _at_meta(whatsapp: WhatsAppChannel) -> dict[tuple[str, str], TemplateDetails]:
    page = await whatsapp.client.get_templates(pagination=Pagination(limit=_PAGE))
    found = await page.all()  # type: ignore[misc]  # mypy sees the class that this one shadows, which does not wait
    return {(each.name, each.language.value): each for each in found}


async def _submitted(whatsapp: WhatsAppChannel, approval: Approval) -> Standing:
    created = await whatsapp.client.create_template(approval.as_template())
    return Standing(approval.name, approval.language, f"submitted, {created.status.lower()}", is_approved=False)


def _standing(approval: Approval, known: TemplateDetails) -> Standing:
    says = known.status.lower()
    if known.status is TemplateStatus.REJECTED and known.rejected_reason is not None:
        says += f", {known.rejected_reason.lower()}"
    if known.category is not TemplateCategory.UTILITY:
        says += f", counted as {known.category.lower()}: it costs more"
    return Standing(approval.name, approval.language, says, is_approved=known.status in _TRUSTED)
