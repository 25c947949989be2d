"""The ways money comes in and goes out: who can use which, within which limits, at what fee. Data, not code."""

import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from core.money import Money
from core.phones import Phone, country, country_name, operator_hint

_BASIS_POINTS = 10_000


class Direction(StrEnum):
    DEPOSIT = "deposit"
    PAYOUT = "payout"


class NoMethod(Refusal):
    """No method serves this country in this direction. Params: `country`."""

    key = "refusal.method.none"


class OperatorWithoutMethod(Refusal):
    """The number's operator takes no part. Params: `operator`, `methods` (the names of those that do work)."""

    key = "refusal.method.operator"


class MethodUnavailable(Refusal):
    """This method cannot be used with this number. Params: `methods` (the names of those that can)."""

    key = "refusal.method.unavailable"


class Switch(Protocol):
    """One entry of PAYMENT_METHODS."""

    @property
    def name(self) -> str | None: ...

    @property
    def enabled(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What one operation may be, and what it costs, in one direction."""

    at_least: Money
    at_most: Money
    multiple_of: int = 1
    """Some operators pay out multiples of 5 only."""
    fee_basis_points: int = 0
    fee_fixed: int = 0

    def fee(self, amount: Money) -> Money:
        """Our fee, in whole francs, rounded in the member's favour."""
        return Money(amount.amount * self.fee_basis_points // _BASIS_POINTS + self.fee_fixed, amount.currency)


@dataclass(frozen=True, slots=True)
class Method:
    """One way in or out. `id` is GetMiPay's name for it, `name` the one members read."""

    id: str
    name: str
    operator: str | None
    """The operator whose numbers suggest this method; None where any number works."""
    terms: Mapping[Direction, Terms]
    code_from: str | None = None
    """What a payer dials for the one-time code that this operator wants beforehand; None where it wants none."""
    by_link: bool = True
    """Whether the payer opens a page; else the operator asks on the telephone."""

    def serves(self, direction: Direction) -> bool:
        return direction in self.terms


Narrow: TypeAlias = Callable[[AsyncSession, list[Method], str, Direction], Awaitable[list[Method]]]


class Methods:
    """Every method that is switched on."""

    def __init__(self, switches: Mapping[str, Switch] | None = None, narrow: Narrow | None = None) -> None:
        """`narrow` leaves of them what the provider serves now. Raises ValueError when a switch names no method."""
        table = tomllib.loads((Path(__file__).parent / "data" / "methods.toml").read_text(encoding="utf-8"))
        entries: dict[str, dict[str, Any]] = table["methods"]
        switches = switches or {}
        self._narrow = narrow
        if unknown := switches.keys() - entries.keys():
            raise ValueError(f"PAYMENT_METHODS names {', '.join(sorted(unknown))}; there are {', '.join(entries)}")
        self._methods = {
            id_: _method(id_, entry, switches.get(id_))
            for id_, entry in entries.items()
            if id_ not in switches or switches[id_].enabled
        }
        self._names = {id_: _name(entry, switches.get(id_)) for id_, entry in entries.items()}
        self._countries: dict[str, list[str]] = table["countries"]

    def __getitem__(self, id_: str) -> Method:
        return self._methods[id_]

    def name_of(self, id_: str) -> str:
        """The name members read, also of a method that has been switched off since."""
        return self._names[id_]

    def for_phone(self, phone: Phone, direction: Direction) -> list[Method]:
        """The methods this number can use, the one its prefix suggests first.

        Raises NoMethod where its country has none.
        """
        home = country(phone)
        serving = [self._methods[id_] for id_ in self._countries.get(home, ()) if id_ in self._methods]
        serving = [method for method in serving if method.serves(direction)]
        if not serving:
            raise NoMethod(country=country_name(home))
        operator = operator_hint(phone)
        return sorted(serving, key=lambda method: method.operator is None or method.operator != operator)

    async def offered(self, session: AsyncSession, phone: Phone, direction: Direction) -> list[Method]:
        """The same within what the provider serves at this moment. Raises NoMethod, or OperatorDown."""
        serving = self.for_phone(phone, direction)
        if self._narrow is None:
            return serving
        home = country(phone)
        narrowed = await self._narrow(session, serving, home, direction)
        if not narrowed:
            raise NoMethod(country=country_name(home))
        return narrowed

    def choose(self, phone: Phone, id_: str, direction: Direction) -> Method:
        """The method `id_` for this number; raises MethodUnavailable, which says what does work."""
        return pick(self.for_phone(phone, direction), id_)

    def suggest(self, phone: Phone, direction: Direction) -> Method:
        """The method of the number's own operator.

        Raises OperatorWithoutMethod (Telecel, Celtiis, Yas, Airtel …), which says what does work.
        """
        serving = self.for_phone(phone, direction)
        operator = operator_hint(phone)
        if serving[0].operator is None or serving[0].operator != operator:
            raise OperatorWithoutMethod(operator=operator, methods=[method.name for method in serving])
        return serving[0]


def pick(offered: Sequence[Method], id_: str) -> Method:
    """The method `id_` of those offered; raises MethodUnavailable, which says what does work."""
    for method in offered:
        if method.id == id_:
            return method
    raise MethodUnavailable(methods=[method.name for method in offered])


def _method(id_: str, entry: dict[str, Any], switch: Switch | None) -> Method:
    terms = {direction: _terms(entry[direction]) for direction in Direction if direction in entry}
    return Method(id_, _name(entry, switch), entry.get("operator"), terms)


def _name(entry: dict[str, Any], switch: Switch | None) -> str:
    name: str = switch.name if switch and switch.name else entry["name"]
    return name


def _terms(entry: dict[str, int]) -> Terms:
    return Terms(
        at_least=Money(entry["at_least"]),
        at_most=Money(entry["at_most"]),
        multiple_of=entry.get("multiple_of", 1),
        fee_basis_points=entry.get("fee_basis_points", 0),
        fee_fixed=entry.get("fee_fixed", 0),
    )
