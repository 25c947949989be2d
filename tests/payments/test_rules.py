"""The rules that need neither network nor database: methods, quotes, reasons, amounts, the look-ups' schedule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import Money
from core.phones import Phone
from payments import (
    AmountOutOfBounds,
    AmountTooSmallForFee,
    Direction,
    FailureCode,
    Method,
    Methods,
    MethodUnavailable,
    NoMethod,
    OperatorWithoutMethod,
    Terms,
    quote_deposit,
    quote_payout,
)
from payments.failures import failure_code
from payments.schedule import is_over, next_look
from payments.strict_json import identifier, printable, whole_francs

BURKINA = Phone("+22670123456")


@pytest.mark.parametrize(
    ("number", "deposit", "payout"),
    [
        ("+22670123456", "moov_money orange_money wave visa", "moov_money orange_money wave"),
        ("+22607123456", "orange_money moov_money wave visa", "orange_money moov_money wave"),
        ("+2250512345678", "mtn_money orange_money moov_money wave visa", "mtn_money orange_money moov_money wave"),
        ("+221771234567", "orange_money wave visa", "orange_money wave"),
        ("+22371234567", "orange_money moov_money wave visa", "orange_money moov_money wave"),
        ("+2290197123456", "mtn_money moov_money visa", "mtn_money moov_money"),
        ("+22879123456", "moov_money visa", "moov_money"),
        ("+22785123456", "moov_money visa", "moov_money"),
    ],
)
def test_a_number_sees_its_countrys_methods_its_own_operators_first(number: str, deposit: str, payout: str) -> None:
    methods = Methods()
    assert [method.id for method in methods.for_phone(Phone(number), Direction.DEPOSIT)] == deposit.split()
    assert [method.id for method in methods.for_phone(Phone(number), Direction.PAYOUT)] == payout.split()


def test_a_country_without_a_method_says_so() -> None:
    with pytest.raises(NoMethod) as refused:
        Methods().for_phone(Phone("+237677123456"), Direction.DEPOSIT)
    assert refused.value.params == {"country": "Cameroun"}


def test_an_operator_without_a_method_says_which_ones_work() -> None:
    methods = Methods()
    with pytest.raises(OperatorWithoutMethod) as refused:
        methods.suggest(Phone("+22658123456"), Direction.PAYOUT)
    assert refused.value.params == {"operator": "telecel", "methods": ["Orange Money", "Moov Money", "Wave"]}
    assert methods.suggest(BURKINA, Direction.PAYOUT).id == "moov_money"


def test_a_method_of_another_country_or_direction_is_refused_with_those_that_work() -> None:
    methods = Methods()
    assert methods.choose(BURKINA, "wave", Direction.PAYOUT) == methods["wave"]
    with pytest.raises(MethodUnavailable):
        methods.choose(BURKINA, "mtn_money", Direction.DEPOSIT)
    with pytest.raises(MethodUnavailable) as refused:
        methods.choose(BURKINA, "visa", Direction.PAYOUT)
    assert refused.value.params == {"methods": ["Moov Money", "Orange Money", "Wave"]}


def test_a_switch_renames_a_method_or_takes_it_away() -> None:
    methods = Methods(
        {
            "wave": SimpleNamespace(name="Wave Burkina", enabled=True),
            "moov_money": SimpleNamespace(name=None, enabled=False),
            "visa": SimpleNamespace(name=None, enabled=True),
        }
    )
    offered = methods.for_phone(BURKINA, Direction.DEPOSIT)
    assert [method.name for method in offered] == ["Orange Money", "Wave Burkina", "Carte Visa"]
    with pytest.raises(ValueError, match="names wvae"):
        Methods({"wvae": SimpleNamespace(name=None, enabled=True)})


def charging(**terms: int) -> Method:
    bounds = Terms(Money(100), Money(10_000), **terms)
    return Method("wave", "Wave", None, {Direction.DEPOSIT: bounds, Direction.PAYOUT: bounds})


def test_a_deposit_quote_takes_its_fee_from_what_arrives() -> None:
    quote = quote_deposit(Money(5000), charging(fee_basis_points=150, fee_fixed=10))
    assert (quote.amount, quote.fee, quote.arrives) == (Money(5000), Money(85), Money(4915))
    with pytest.raises(AmountTooSmallForFee):
        quote_deposit(Money(100), charging(fee_fixed=100))


def test_a_payout_quote_adds_its_fee_and_rounds_down_to_what_the_operator_pays() -> None:
    quote = quote_payout(Money(2003), charging(multiple_of=5, fee_basis_points=100))
    assert (quote.arrives, quote.fee, quote.debited, quote.rest) == (Money(2000), Money(20), Money(2020), Money(3))


@pytest.mark.parametrize("amount", [0, 99, 10_001, -5])
def test_an_amount_out_of_bounds_is_refused_with_the_bounds(amount: int) -> None:
    for quote in (quote_deposit, quote_payout):
        with pytest.raises(AmountOutOfBounds) as refused:
            quote(Money(amount), charging())
        assert refused.value.params == {"at_least": Money(100), "at_most": Money(10_000)}


def test_rounding_down_below_the_least_is_out_of_bounds() -> None:
    method = charging(multiple_of=5)
    method = replace(method, terms={Direction.PAYOUT: replace(method.terms[Direction.PAYOUT], at_least=Money(102))})
    with pytest.raises(AmountOutOfBounds):
        quote_payout(Money(104), method)


def test_nothing_is_charged_by_default() -> None:
    methods = Methods()
    for method in methods.for_phone(Phone("+2250712345678"), Direction.DEPOSIT):
        assert {terms.fee(Money(2_000_000)) for terms in method.terms.values()} == {Money(0)}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("INSUFFICIENT_BALANCE", FailureCode.PAYER_FUNDS),
        ("INSUFFICIENT_MERCHANT_BALANCE", FailureCode.OUR_BALANCE),
        ("Error: not enough funds!", FailureCode.PAYER_FUNDS),
        ("WALLET_LIMIT_REACHED", FailureCode.PAYER_LIMIT),
        ("EXPIRED", FailureCode.NOT_APPROVED),
        ("OTP_EXPIRED", FailureCode.OTP),
        ("PIN incorrect", FailureCode.PIN),
        ("CANCELLED", FailureCode.CANCELLED),
        ("PAYMENT_IN_PROGRESS", FailureCode.BUSY),
        ("recipient_not_found", FailureCode.NO_ACCOUNT),
        ("RECIPIENT_LIMIT_REACHED", FailureCode.RECIPIENT_LIMIT),
        ("NOT_ALLOWED_TO_RECEIVE", FailureCode.RECIPIENT_BLOCKED),
        ("AMOUNT_OUT_OF_BOUNDS", FailureCode.AMOUNT),
        ("CURRENCY_MISMATCH", FailureCode.MISMATCH),
        ("TEMPORARILY_UNAVAILABLE", FailureCode.OPERATOR_DOWN),
        ("duplicate reference", FailureCode.UNKNOWN),
        ("SUSPICIOUSLY_EXPIREDISH", None),
        ("", None),
    ],
)
def test_a_providers_words_mean_one_of_our_codes(said: str, code: FailureCode | None) -> None:
    assert failure_code(said) is code


@pytest.mark.parametrize(
    ("value", "francs"),
    [
        (5000, 5000), (5000.0, 5000), ("5000", 5000), ("5000.00", 5000), (5000.5, None), ("5000.5", None),
        ("5e3", None), (" 5000", None), ("٥٠٠٠", None), (True, None), (None, None), ({}, None), (0, None), (-5, None),
        (10**12, 10**12), (10**12 + 1, None), (1e300, None), ("9" * 16, None),
    ],
)  # fmt: skip
def test_only_whole_francs_are_an_amount(value, francs: int | None) -> None:
    assert whole_francs(value) == francs


@given(st.text())
def test_what_is_kept_of_a_providers_words_fits_any_database(text: str) -> None:
    kept = printable(text)
    assert "\x00" not in kept
    assert len(kept) <= 200
    kept.encode("utf-8")
    found = identifier(text)
    assert found is None or found.isascii()


def test_look_ups_come_at_1_2_5_15_minutes_then_hourly_for_a_day() -> None:
    since = datetime(2026, 11, 22, 12, tzinfo=UTC)
    moment, looks = since, []
    while not is_over(since, moment):
        moment = next_look(since, moment)
        looks.append((moment - since) // timedelta(minutes=1))
    assert looks == [1, 2, 5, 15, *(60 * hour for hour in range(1, 25))]


def test_a_deadline_is_one_more_look() -> None:
    since = datetime(2026, 11, 22, 12, tzinfo=UTC)
    deadline = since + timedelta(minutes=30)
    assert next_look(since, since + timedelta(minutes=15), deadline) == deadline
    assert next_look(since, deadline, deadline) == since + timedelta(hours=1)
