"""Numbers as members type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refusal
from core.phones import (
    Phone,
    PhoneCountryUnsupported,
    PhoneInvalid,
    PhoneLandline,
    PhoneOldBenin,
    PhoneOldIvorian,
    PhoneUnreadable,
    PhoneWrongLength,
    country,
    country_name,
    mask,
    operator_hint,
    parse_phone,
    pretty,
)


@pytest.mark.parametrize(
    ("typed", "hint", "e164"),
    [
        ("70123456", "BF", "+22670123456"),
        ("70 12 34 56", "BF", "+22670123456"),
        ("70.12-34/56", "BF", "+22670123456"),
        ("(70) 12 34 56", None, "+22670123456"),
        ("70\u00a012\u202f34\u200956", "BF", "+22670123456"),
        ("70‑12–34−56", "BF", "+22670123456"),
        ("７０１２３４５６", "BF", "+22670123456"),
        ("＋226 70123456", None, "+22670123456"),
        ("00226 70 12 34 56", "CI", "+22670123456"),
        ("226 70 12 34 56", "BF", "+22670123456"),
        ("22670123456", "CI", "+22670123456"),
        ("70123456", "ZZ", "+22670123456"),
        ("0712345678", "CI", "+2250712345678"),
        ("771234567", "SN", "+221771234567"),
        ("0197123456", "BJ", "+2290197123456"),
        ("90123456", "TG", "+22890123456"),
        ("90123456", "NE", "+22790123456"),
        ("65123456", "ML", "+22365123456"),
        ("670123456", "CM", "+237670123456"),
    ],
)
def test_a_number_is_read_however_it_is_typed(typed: str, hint: str | None, e164: str) -> None:
    assert parse_phone(typed, hint).e164 == e164


@pytest.mark.parametrize(
    ("typed", "hint", "refusal"),
    [
        ("", "BF", PhoneUnreadable),
        ("abc", "BF", PhoneUnreadable),
        ("7012E456", "BF", PhoneUnreadable),
        ("tel:+22670123456", "BF", PhoneUnreadable),
        ("70123456 ext 5", "BF", PhoneUnreadable),
        ("70123456;ext=5", "BF", PhoneUnreadable),
        ("70123456#", "BF", PhoneUnreadable),
        ("٧٠١٢٣٤٥٦", "BF", PhoneUnreadable),
        ("9" * 41, "BF", PhoneUnreadable),
        ("9" * 30, "BF", PhoneUnreadable),
        ("0", "BF", PhoneUnreadable),
        ("000", "BF", PhoneUnreadable),
        ("+999 123456", None, PhoneUnreadable),
        ("7012345", "BF", PhoneWrongLength),
        ("701234567", "BF", PhoneWrongLength),
        ("+22670", None, PhoneWrongLength),
        ("21301234", "BJ", PhoneWrongLength),
        ("99999999", "BF", PhoneInvalid),
        ("80001234", "BF", PhoneInvalid),
        ("800123456", "SN", PhoneInvalid),
        ("25301234", "BF", PhoneLandline),
        ("2721234567", "CI", PhoneLandline),
        ("338201234", "SN", PhoneLandline),
        ("+33612345678", None, PhoneCountryUnsupported),
        ("07123456", "CI", PhoneOldIvorian),
        ("+22507123456", None, PhoneOldIvorian),
        ("97123456", "BJ", PhoneOldBenin),
        ("+22997123456", None, PhoneOldBenin),
    ],
)
def test_what_is_no_payable_number_is_refused_for_its_reason(typed: str, hint: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        parse_phone(typed, hint)


def test_an_old_number_of_benin_is_offered_back_as_the_new_one() -> None:
    with pytest.raises(PhoneOldBenin) as refused:
        parse_phone("97 12 34 56", "BJ")
    assert refused.value.params == {"suggestion": "+229 01 97 12 34 56", "e164": "+2290197123456"}
    assert parse_phone("+2290197123456").e164 == "+2290197123456"


def test_a_wrong_length_says_the_right_one() -> None:
    with pytest.raises(PhoneWrongLength) as refused:
        parse_phone("7012345", "BF")
    assert refused.value.params == {"country": "Burkina Faso", "digits": 8}


@pytest.mark.parametrize(
    ("number", "operator"),
    [
        ("+22607123456", "orange"),
        ("+22670123456", "moov"),
        ("+22658123456", "telecel"),
        ("+2250512345678", "mtn"),
        ("+221761234567", "yas"),
        ("+22389123456", "moov"),
        ("+22371234567", "orange"),
        ("+2290142123456", "mtn"),
        ("+2290145123456", "moov"),
        ("+2290143123456", "celtiis"),
        ("+2290155123456", "moov"),
        ("+2290151123456", "mtn"),
        ("+22879123456", "moov"),
        ("+22785123456", "moov"),
        ("+237655123456", "orange"),
        ("+237677123456", "mtn"),
        ("+2250012345678", None),
    ],
)
def test_the_longest_prefix_suggests_the_operator(number: str, operator: str | None) -> None:
    assert operator_hint(Phone(number)) == operator


def test_a_number_is_printed_masked_and_shown_whole_only_when_asked() -> None:
    phone = parse_phone("70123456", "BF")
    assert mask(phone) == "+226 •• •• 34 56"
    assert (str(phone), repr(phone)) == (mask(phone), f"Phone({mask(phone)})")
    assert pretty(phone) == "+226 70 12 34 56"
    assert mask(parse_phone("0712345678", "CI")) == "+225 •• •• •• 5678"


def test_a_number_knows_its_country() -> None:
    assert country(Phone("+22670123456")) == "BF"
    assert country_name("CI") == "Côte d’Ivoire"
    with pytest.raises(ValueError, match="no country"):
        country(Phone("+12000000000"))


@given(st.text(max_size=50) | st.text("+0123456789 .-()", max_size=20))
def test_whatever_is_typed_is_a_number_or_a_refusal(typed: str) -> None:
    try:
        phone = parse_phone(typed, "BF")
    except Refusal:
        return
    assert parse_phone(phone.e164) == phone
    assert sum(character.isdigit() for character in mask(phone).partition(" ")[2]) == 4
