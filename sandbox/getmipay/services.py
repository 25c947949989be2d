"""The services of dialect `v1`: operators by country, each with its limits.

1 to 5 are those that GetMiPay's own papers name; the others are made up, for a merchant has to ask `/services` anyway.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from sandbox.getmipay.orders import Kind, Method

_COUNTRIES: Final = {
    "BF": "BURKINA FASO", "BJ": "BENIN", "CI": "IVORY COAST", "CM": "CAMEROON", "ML": "MALI", "NE": "NIGER",
    "SN": "SENEGAL", "TG": "TOGO",
}  # fmt: skip
_NAMES: Final = {
    Method.MTN_MONEY: ("MOMO", "MTN MOBILE MONEY"),
    Method.ORANGE_MONEY: ("OM", "ORANGE MONEY"),
    Method.MOOV_MONEY: ("MOOV", "MOOV MONEY"),
    Method.WAVE: ("WAVE", "WAVE"),
}
_SERVED: Final = {
    "1": (Method.MTN_MONEY, "CM"), "2": (Method.ORANGE_MONEY, "CM"), "3": (Method.ORANGE_MONEY, "CI"),
    "4": (Method.ORANGE_MONEY, "SN"), "5": (Method.ORANGE_MONEY, "BF"), "101": (Method.MOOV_MONEY, "BF"),
    "102": (Method.WAVE, "BF"), "103": (Method.MTN_MONEY, "CI"), "104": (Method.MOOV_MONEY, "CI"),
    "105": (Method.WAVE, "CI"), "106": (Method.WAVE, "SN"), "107": (Method.ORANGE_MONEY, "ML"),
    "108": (Method.MOOV_MONEY, "ML"), "109": (Method.WAVE, "ML"), "110": (Method.MTN_MONEY, "BJ"),
    "111": (Method.MOOV_MONEY, "BJ"), "112": (Method.MOOV_MONEY, "TG"), "113": (Method.MOOV_MONEY, "NE"),
}  # fmt: skip
_WITH_OTP: Final = {"3", "4", "5"}


class ServiceChange(BaseModel):
    """What the knob `services` says of one service; what it leaves out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    is_active: bool = True
    depositable: bool = True
    withdrawable: bool = True
    min_amount: Annotated[int, Field(gt=0)] = 100
    max_amount: Annotated[int, Field(gt=0)] = 2_000_000


class Service(ServiceChange):
    """One operator in one country, as `/services` shows it."""

    id: str
    name: str
    description: str
    country_code: str
    country_name: str
    currency: str
    method: Annotated[Method, Field(exclude=True)]

    @property
    def asks_otp(self) -> bool:
        return self.id in _WITH_OTP

    def serves(self, kind: Kind) -> bool:
        return self.is_active and (self.depositable if kind is Kind.DEPOSIT else self.withdrawable)


def catalogue(changes: Mapping[str, ServiceChange]) -> dict[str, Service]:
    """Every service by its id."""
    return {id_: _service(id_, changes.get(id_, ServiceChange())) for id_ in _SERVED}


def _service(id_: str, change: ServiceChange) -> Service:
    method, country = _SERVED[id_]
    short, long = _NAMES[method]
    return Service(
        **change.model_dump(),
        id=id_,
        name=f"{short} {country}",
        description=f"{long} {country}",
        country_code=country,
        country_name=_COUNTRIES[country],
        currency="XAF" if country == "CM" else "XOF",
        method=method,
    )
