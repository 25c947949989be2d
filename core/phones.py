"""Phone numbers as members type them, kept as E.164, and shown with most of their digits hidden."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from core.errors import Refusal

DEFAULT_REGION = "BF"

_LONGEST_INPUT = 40
_ALLOWED = re.compile(r"\+?[0-9][0-9 .()/-]*")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_WRONG_LENGTHS = {
    ValidationResult.TOO_SHORT,
    ValidationResult.TOO_LONG,
    ValidationResult.INVALID_LENGTH,
    # A number short enough to be dialled inside a town only: nobody can be paid on it.
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
}


class PhoneUnreadable(Refusal):
    key = "refusal.phone.unreadable"


class PhoneWrongLength(Refusal):
    """Params: `country` (its name), `digits` (how many a national number has there)."""

    key = "refusal.phone.wrong_length"


class PhoneInvalid(Refusal):
    """The length is right, but no operator of `country` gives out such numbers."""

    key = "refusal.phone.invalid"


class PhoneLandline(Refusal):
    key = "refusal.phone.landline"


class PhoneCountryUnsupported(Refusal):
    """Params: `countries`, the names of those that are served."""

    key = "refusal.phone.country"


class PhoneOldBenin(Refusal):
    """Benin moved to ten digits on 2024-11-30. Params: `suggestion` to read, `e164` to take if the member agrees."""

    key = "refusal.phone.old_benin"


class PhoneOldIvorian(Refusal):
    """Côte d'Ivoire moved to ten digits on 2021-01-31; the two new ones depend on the operator, so we ask again."""

    key = "refusal.phone.old_ivorian"


@dataclass(frozen=True, slots=True)
class Phone:
    """A mobile number that `parse_phone` found valid, as E.164. Printed, it hides its digits: logs are read by many."""

    e164: str

    def __repr__(self) -> str:
        return f"Phone({mask(self)})"

    def __str__(self) -> str:
        return mask(self)


def parse_phone(text: str, region_hint: str | None = None) -> Phone:
    """Read a number as a member types it; one without a country code is read as a number of `region_hint`.

    Raises one of the refusals above; never guesses a digit.
    """
    typed = _plain(text)
    region = region_hint if region_hint in _COUNTRIES else DEFAULT_REGION
    number = _read(typed, region)
    _refuse_old_plan(number)
    _refuse_unpayable(number)
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def country(phone: Phone) -> str:
    """The ISO code of the number's country, such as `BF`."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(phone.e164))
    if region is None:
        raise ValueError(f"{phone!r} belongs to no country")
    return region


def country_name(code: str) -> str:
    """The French name of a served country."""
    return _COUNTRIES[code].name


def operator_hint(phone: Phone) -> str | None:
    """The operator that gave this number out, such as `orange`; portability makes it no more than a suggestion."""
    national = str(phonenumbers.national_significant_number(phonenumbers.parse(phone.e164)))
    prefixes = _COUNTRIES[country(phone)].operators
    fitting = (prefix for prefix in prefixes if national.startswith(prefix))
    longest = max(fitting, key=len, default=None)
    return prefixes[longest] if longest else None


def mask(phone: Phone) -> str:
    """`+226 •• •• 34 56`: the country code and the last four digits at most."""
    code, _, rest = pretty(phone).partition(" ")
    hidden = sum(character.isdigit() for character in rest) - 4
    shown = []
    for character in rest:
        shown.append("•" if character.isdigit() and hidden > 0 else character)
        hidden -= character.isdigit()
    return f"{code} {''.join(shown)}"


def pretty(phone: Phone) -> str:
    """`+226 70 12 34 56`, for the member's own eyes."""
    return phonenumbers.format_number(phonenumbers.parse(phone.e164), PhoneNumberFormat.INTERNATIONAL)


def _plain(text: str) -> str:
    """ASCII digits and separators, `00` turned into `+`; anything else is no phone number."""
    typed = _DASHES.sub("-", unicodedata.normalize("NFKC", text)).strip()
    typed = re.sub(r"\s", " ", typed).removeprefix("(")
    if len(typed) > _LONGEST_INPUT or not _ALLOWED.fullmatch(typed):
        raise PhoneUnreadable
    digits = re.sub("[^+0-9]", "", typed)
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _read(typed: str, region: str) -> PhoneNumber:
    try:
        number = phonenumbers.parse(typed, region)
        if phonenumbers.is_valid_number(number) or typed.startswith("+"):
            return number
        # Many people write the country code without its plus.
        abroad = phonenumbers.parse(f"+{typed}")
    except NumberParseException as unreadable:
        if unreadable.error_type == NumberParseException.INVALID_COUNTRY_CODE and not typed.startswith("+"):
            return number
        raise PhoneUnreadable from None
    return abroad if _region(abroad) in _COUNTRIES and phonenumbers.is_valid_number(abroad) else number


def _refuse_old_plan(number: PhoneNumber) -> None:
    region = _region(number)
    national = str(phonenumbers.national_significant_number(number))
    if len(national) != len("97123456"):
        return
    if region == "CI":
        raise PhoneOldIvorian
    if region == "BJ":
        today = phonenumbers.parse(f"+22901{national}")
        if phonenumbers.is_valid_number(today) and phonenumbers.number_type(today) in _MOBILE:
            phone = Phone(phonenumbers.format_number(today, PhoneNumberFormat.E164))
            raise PhoneOldBenin(suggestion=pretty(phone), e164=phone.e164)


def _refuse_unpayable(number: PhoneNumber) -> None:
    region = _region(number)
    if region not in _COUNTRIES:
        raise PhoneCountryUnsupported(countries=[served.name for served in _COUNTRIES.values()])
    served = _COUNTRIES[region]
    if phonenumbers.is_possible_number_with_reason(number) in _WRONG_LENGTHS:
        raise PhoneWrongLength(country=served.name, digits=served.digits)
    if not phonenumbers.is_valid_number(number):
        raise PhoneInvalid(country=served.name)
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.FIXED_LINE:
        raise PhoneLandline
    if kind not in _MOBILE:
        raise PhoneInvalid(country=served.name)


def _region(number: PhoneNumber) -> str:
    return phonenumbers.region_code_for_country_code(number.country_code or 0)


@dataclass(frozen=True, slots=True)
class _Country:
    name: str
    digits: int
    operators: dict[str, str]
    """Operator by prefix."""


def _load() -> dict[str, _Country]:
    table = tomllib.loads(Path(__file__).with_name("phones.toml").read_text(encoding="utf-8"))
    return {code: _country(entry) for code, entry in table.items()}


def _country(entry: dict[str, Any]) -> _Country:
    operators = {
        prefix: operator
        for operator, ranges in entry["operators"].items()
        for span in ranges
        for prefix in _prefixes(span)
    }
    return _Country(entry["name"], entry["digits"], operators)


def _prefixes(span: str) -> list[str]:
    first, _, last = span.partition("-")
    return [str(prefix).zfill(len(first)) for prefix in range(int(first), int(last or first) + 1)]


_COUNTRIES = _load()

COUNTRIES = tuple(_COUNTRIES)
"""The ISO codes of the countries we serve."""
