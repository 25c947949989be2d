"""GetMiPay's services, in the dialect that has them: which operators it serves us with, in which limits.

They depend on the merchant and change, so they are asked for each hour, kept in the database, and the methods follow.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog
from pydantic import JsonValue
from sqlalchemy import BigInteger, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Database, Model, UtcDateTime
from core.jobs import Jobs, Payload, enqueue
from core.money import Money
from core.phones import Phone, country
from payments.breaker import OperatorDown
from payments.methods import Direction, Method, Terms
from payments.strict_json import JsonObject, identifier, printable, whole_francs

SYNC_SERVICES = "sync_services"
_EVERY = timedelta(hours=1)
_AGAIN_AFTER = timedelta(minutes=1)
_LONGEST_NAME = 100
_LONGEST_ID = 20
_COUNTRY = re.compile("[A-Z]{2}")
_CURRENCY = re.compile("[A-Z]{3}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ServiceOffer:
    """One operator in one country, as GetMiPay offers it now; the limits are of one operation."""

    id: str
    name: str
    method: str | None
    """Ours; None for an operator we have no method for."""
    country: str
    currency: str
    depositable: bool
    withdrawable: bool
    at_least: int
    at_most: int


class ProviderService(Model):
    """A service of the last list; what was not in it any more has no row."""

    __tablename__ = "provider_service"

    id: Mapped[str] = mapped_column(String(_LONGEST_ID), primary_key=True)
    name: Mapped[str] = mapped_column(String(_LONGEST_NAME))
    method: Mapped[str | None] = mapped_column(String(32))
    country: Mapped[str] = mapped_column(String(2))
    currency: Mapped[str] = mapped_column(String(3))
    depositable: Mapped[bool]
    withdrawable: Mapped[bool]
    at_least: Mapped[int] = mapped_column(BigInteger)
    at_most: Mapped[int] = mapped_column(BigInteger)
    synced_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def serves(self, direction: Direction) -> bool:
        return self.depositable if direction is Direction.DEPOSIT else self.withdrawable


class ServiceList(Protocol):
    """Somebody who knows the services."""

    async def services(self) -> list[ServiceOffer] | None: ...


class ServiceSync:
    """The job that asks for the services, once an hour; sooner again where there was no answer."""

    def __init__(self, provider: ServiceList) -> None:
        self._provider = provider

    def register(self, jobs: Jobs) -> None:
        jobs.calling(SYNC_SERVICES, self.sync)

    async def sync(self, database: Database, _: Payload) -> datetime:
        """Ask and keep; returns when to ask again. Without an answer, or with an empty one, the last list stands."""
        offers = await self._provider.services()
        log.info("services.synced", services=None if offers is None else len(offers))
        if not offers:
            return clock.now() + _AGAIN_AFTER
        await database.run(lambda session: keep_services(session, offers))
        return clock.now() + _EVERY


async def begin_to_sync(session: AsyncSession) -> None:
    """Have the services asked for, now and from then on; does nothing where they are already."""
    await enqueue(session, SYNC_SERVICES, "services")


async def keep_services(session: AsyncSession, offers: list[ServiceOffer]) -> None:
    """Make these the services there are."""
    await session.execute(delete(ProviderService))
    session.add_all(
        ProviderService(
            id=offer.id, name=offer.name, method=offer.method, country=offer.country, currency=offer.currency,
            depositable=offer.depositable, withdrawable=offer.withdrawable, at_least=offer.at_least,
            at_most=offer.at_most, synced_at=clock.now(),
        )
        for offer in offers
    )  # fmt: skip
    await session.flush()


async def service_for(session: AsyncSession, phone: Phone, method: str, direction: Direction) -> str | None:
    """The id of the service that serves this method there; None in a dialect that has no services."""
    found = await _serving(session, country(phone), direction)
    return found[method].id if method in found else None


async def narrowed(session: AsyncSession, methods: list[Method], home: str, direction: Direction) -> list[Method]:
    """Those of `methods` that GetMiPay serves in the country `home`, within its limits as well as ours.

    Raises OperatorDown before the services were ever heard of.
    """
    serving = await _serving(session, home, direction)
    if not serving and await session.scalar(select(ProviderService.id).limit(1)) is None:
        raise OperatorDown
    return [_within(method, serving[method.id], direction) for method in methods if method.id in serving]


def read_services(data: JsonObject | None) -> list[ServiceOffer] | None:
    """The services in what `/services` answers; one that cannot be read is left out, for the others are served."""
    listed = (data or {}).get("all_services")
    if not isinstance(listed, list):
        return None
    offers = [_offer(each) for each in listed if isinstance(each, dict)]
    return list({offer.id: offer for offer in offers if offer is not None}.values())


async def _serving(session: AsyncSession, home: str, direction: Direction) -> Mapping[str, ProviderService]:
    """By method, the services of a country; the first by id where there are two."""
    rows = await session.scalars(
        select(ProviderService).where(ProviderService.country == home).order_by(ProviderService.id.desc())
    )
    return {row.method: row for row in rows if row.method is not None and row.serves(direction)}


def _within(method: Method, service: ProviderService, direction: Direction) -> Method:
    ours = method.terms[direction]
    terms: Terms = replace(
        ours,
        at_least=max(ours.at_least, Money(service.at_least, service.currency)),
        at_most=min(ours.at_most, Money(service.at_most, service.currency)),
    )
    code = _CODES.get(method.id, {}).get(service.country) if direction is Direction.DEPOSIT else None
    return replace(method, terms={**method.terms, direction: terms}, code_from=code, by_link=method.id in _BY_LINK)


def _offer(shown: dict[str, JsonValue]) -> ServiceOffer | None:
    id_, home, currency = identifier(_text(shown.get("id"))), _text(shown.get("country_code")), shown.get("currency")
    at_least, at_most = whole_francs(shown.get("min_amount")), whole_francs(shown.get("max_amount"))
    is_readable = id_ is not None and len(id_) <= _LONGEST_ID and bool(_COUNTRY.fullmatch(home))
    if not is_readable or id_ is None or at_least is None or at_most is None or not isinstance(currency, str):
        return None
    is_active = shown.get("is_active") is not False and bool(_CURRENCY.fullmatch(currency))
    name = printable(_text(shown.get("name")), _LONGEST_NAME)
    return ServiceOffer(
        id=id_, name=name, method=_method(f"{name} {_text(shown.get('description'))}") if currency == "XOF" else None,
        country=home, currency=currency[:3], depositable=is_active and shown.get("depositable") is True,
        withdrawable=is_active and shown.get("withdrawable") is True, at_least=at_least, at_most=at_most,
    )  # fmt: skip


def _text(value: JsonValue) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _method(words: str) -> str | None:
    said = set(re.findall("[A-Z]+", words.upper()))
    return next((method for method, known in _WORDS.items() if said & known), None)


_TABLE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "data" / "services.toml").read_text(encoding="utf-8"))
_WORDS: dict[str, set[str]] = {method: set(words) for method, words in _TABLE["methods"].items()}
_BY_LINK: set[str] = set(_TABLE["by_link"])
_CODES: dict[str, dict[str, str]] = _TABLE["codes"]
