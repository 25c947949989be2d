import operator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import i18n
from core.errors import Refusal
from core.money import AmountNotPositive, AmountNotWhole, AmountTooLong, AmountUnreadable, Money, parse_amount


@pytest.mark.parametrize(
    ("text", "francs"),
    [
        ("5000", 5_000),
        (" 5000 ", 5_000),
        ("+5000", 5_000),
        ("5 000", 5_000),
        ("5 000 F", 5_000),
        ("5 000 f", 5_000),
        ("5\u00a0000\u00a0F\u00a0CFA", 5_000),
        ("5\u202f000\u202fF\u202fCFA", 5_000),
        ("5\u2009000", 5_000),
        ("5'000", 5_000),
        ("5_000", 5_000),
        ("5.000", 5_000),
        ("5,000", 5_000),
        ("1.000.000", 1_000_000),
        ("5k", 5_000),
        ("5 K", 5_000),
        ("5k F", 5_000),
        ("5000F", 5_000),
        ("5000f.cfa", 5_000),
        ("5000 F.CFA.", 5_000),
        ("5000FCFA", 5_000),
        ("5000 cfa", 5_000),
        ("5000 xof", 5_000),
        ("1 franc", 1),
        ("5000 francs", 5_000),
        ("5000 Francs CFA", 5_000),
        ("007", 7),
        ("0000000000000005000", 5_000),
        ("999999999999", 999_999_999_999),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, francs: int):
    assert parse_amount(text) == Money(francs)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", AmountUnreadable),
        (" ", AmountUnreadable),
        ("abc", AmountUnreadable),
        ("F", AmountUnreadable),
        ("k", AmountUnreadable),
        ("+", AmountUnreadable),
        ("cinq mille", AmountUnreadable),
        ("1e9", AmountUnreadable),
        ("0x10", AmountUnreadable),
        ("NaN", AmountUnreadable),
        ("5000 €", AmountUnreadable),
        ("5000 USD", AmountUnreadable),
        ("5kk", AmountUnreadable),
        ("5..000", AmountUnreadable),
        ("5,000.00", AmountUnreadable),
        # Arabic, fullwidth, Bengali and superscript digits: a person must not wonder what was read.
        ("٥٠٠٠", AmountUnreadable),
        ("٥.٠٠٠", AmountUnreadable),
        ("\uff15\uff10\uff10\uff10", AmountUnreadable),
        ("৫০০০", AmountUnreadable),
        ("5²", AmountUnreadable),
        ("-5", AmountNotPositive),
        ("- 5 000 F", AmountNotPositive),
        ("−5", AmountNotPositive),
        ("0", AmountNotPositive),
        ("000", AmountNotPositive),
        ("-0", AmountNotPositive),
        ("0k", AmountNotPositive),
        ("5.5", AmountNotWhole),
        ("5,00", AmountNotWhole),
        ("5.0000", AmountNotWhole),
        ("1,5k", AmountNotWhole),
        ("5.000k", AmountNotWhole),
        ("0.500", AmountNotWhole),
        ("00,500", AmountNotWhole),
        ("1234.000", AmountNotWhole),
        ("1" * 13, AmountTooLong),
        ("9" * 40, AmountTooLong),
        ("9" * 40 + "k", AmountTooLong),
        # More digits than Python itself turns into a number.
        ("9" * 5_000, AmountTooLong),
        ("999.999.999.999.999", AmountTooLong),
    ],
)
def test_what_is_no_whole_amount_is_refused_with_its_reason(text: str, why: type[Refusal]):
    with pytest.raises(why):
        parse_amount(text)


@pytest.mark.parametrize("text", ["5000 6000", "5000\n6000", "50 00", "5 0000"])
def test_two_numbers_are_not_run_together_into_a_third(text: str):
    with pytest.raises(AmountUnreadable):
        parse_amount(text)


@given(st.integers(1, 999_999_999_999))
def test_every_amount_we_write_reads_back_the_same(francs: int):
    assert parse_amount(i18n.amount(Money(francs))) == Money(francs)


@given(st.integers(1, 999_999_999_999), st.sampled_from([" ", ".", ",", "\u00a0", "\u202f", "'"]))
def test_every_way_of_marking_thousands_reads_the_same(francs: int, mark: str):
    assert parse_amount(f"{francs:,}".replace(",", mark)) == Money(francs)


@given(st.text() | st.text("0123456789.,kK+-−_' F\u00a0\u202f²٥eE\n"))
@example("\ud800")
@example("\x00")
@example("5\n")
def test_no_text_makes_anything_but_money_or_a_refusal(text: str):
    answer = _answer_to(text)
    assert i18n.text("fr", answer.key) if isinstance(answer, Refusal) else answer > Money(0)


@pytest.mark.parametrize("wrong", [True, 5.0, "5", None])
def test_money_is_made_of_a_whole_number_only(wrong: object):
    with pytest.raises(TypeError, match="whole number of francs"):
        Money(wrong)  # type: ignore[arg-type]


def test_money_adds_subtracts_turns_and_compares():
    assert Money(5) + Money(3) == Money(8)
    assert Money(5) - Money(8) == Money(-3)
    assert -Money(5) == Money(-5)
    assert Money(3) < Money(5) <= Money(5)
    assert Money(5) > Money(3) >= Money(3)
    assert not Money(5) < Money(5)
    assert not Money(5) > Money(5)
    assert not Money(5) <= Money(3)
    assert not Money(3) >= Money(5)
    assert Money(1)
    assert not Money(0)


@pytest.mark.parametrize(
    "mixed", [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge], ids=lambda o: o.__name__
)
def test_two_currencies_are_never_mixed(mixed):
    with pytest.raises(ValueError, match="XOF and XAF cannot be mixed"):
        mixed(Money(5), Money(5, "XAF"))


def test_the_same_number_of_two_currencies_is_not_the_same_money():
    assert Money(5) != Money(5, "XAF")


def _answer_to(text: str) -> Money | Refusal:
    try:
        return parse_amount(text)
    except Refusal as refusal:
        return refusal
