import html
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from core import i18n
from core.money import Money

NOON = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        (Money(0), "0 F CFA"),
        (Money(5), "5 F CFA"),
        (Money(5_000), "5 000 F CFA"),
        (Money(-5_000), "-5 000 F CFA"),
        (Money(1_234_567), "1 234 567 F CFA"),
        (Money(5_000, "XAF"), "5 000 F CFA"),
        (Money(5_000, "GNF"), "5 000 GNF"),
    ],
)
def test_an_amount_is_written_with_no_break_spaces(money: Money, shown: str):
    assert i18n.amount(money) == shown.replace(" ", "\u00a0")


def test_a_blank_of_money_is_written_as_an_amount_in_every_language():
    for language in i18n.LANGUAGES:
        assert "5\u00a0000\u00a0F\u00a0CFA" in i18n.text(language, "button.pay_now", amount=Money(5_000))


def test_a_name_can_never_become_markup():
    shown = i18n.text("fr", "group.in_private", name='<b>Awa</b> & "Fils"')
    assert shown.startswith("&lt;b&gt;Awa&lt;/b&gt; &amp; &#34;Fils&#34;,")


@given(st.text())
def test_no_name_brings_a_tag_or_an_entity_of_its_own(name: str):
    before, after = i18n.text("fr", "group.in_private", name="@").split("@")
    shown = i18n.text("fr", "group.in_private", name=name)
    assert "<" not in shown
    assert html.unescape(shown) == f"{before}{name}{after}"


def test_a_sentence_may_fill_the_blank_of_another():
    held = i18n.text("fr", "balance.held", held=Money(5))
    shown = i18n.text("fr", "balance.is", balance=Markup("<i>0</i>"), held=held, parked="")
    assert "<b><i>0</i></b>" in shown
    assert shown.endswith("5\u00a0F\u00a0CFA")


@pytest.mark.parametrize("listed", [["Wave", "<Moov>"], ("Wave", "<Moov>")])
def test_a_list_is_told_with_commas_and_escaped(listed: object):
    assert i18n.text("en", "refusal.answer.not_an_option", options=listed) == "Choose one of: Wave, &lt;Moov&gt;."


def test_braces_in_a_name_are_only_braces():
    assert "{balance}" in i18n.text("fr", "group.in_private", name="{balance}")


def test_a_key_that_nobody_wrote_raises_rather_than_being_read_by_a_member():
    for language in i18n.LANGUAGES:
        with pytest.raises(KeyError, match=r"nobody\.wrote"):
            i18n.text(language, "nobody.wrote")


def test_a_blank_that_is_not_filled_raises():
    with pytest.raises(KeyError, match="amount"):
        i18n.text("fr", "button.pay_now")


@pytest.mark.parametrize(
    ("language", "zone", "shown"),
    [
        ("fr", "Africa/Ouagadougou", "22 nov. 2026 à 12:05"),
        ("fr", "Africa/Porto-Novo", "22 nov. 2026 à 13:05"),
        ("en", "Africa/Abidjan", "22 Nov 2026 at 12:05"),
        ("en", "America/New_York", "22 Nov 2026 at 07:05"),
    ],
)
def test_a_moment_is_told_in_the_members_own_zone(language: str, zone: str, shown: str):
    assert i18n.moment(language, NOON, zone) == shown


def test_a_short_moment_and_a_time_of_day_are_in_the_members_own_zone_too():
    assert i18n.short_moment("fr", NOON, "Africa/Porto-Novo") == "22/11 13:05"
    assert i18n.short_moment("en", NOON, "Africa/Porto-Novo") == "22 Nov 13:05"
    assert i18n.time_of_day(NOON, "Africa/Porto-Novo") == "13:05"


def test_midnight_is_another_day_further_east():
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert i18n.moment("fr", late, "Africa/Niamey") == "1er janv. 2027 à 00:30"


@pytest.mark.parametrize(
    ("told", "greeted_in"),
    [("fr", "fr"), ("fr-CI", "fr"), ("en", "en"), ("EN-us", "en"), ("pt-BR", "fr"), ("", "fr"), (None, "fr")],
)
def test_somebody_is_greeted_in_the_closest_language_we_speak(told: str | None, greeted_in: str):
    assert i18n.closest_language(told) == greeted_in


def test_the_first_of_a_month_is_said_as_the_french_say_it():
    when = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    assert i18n.moment("fr", when, "Africa/Ouagadougou") == "1er déc. 2026 à 08:00"
    assert i18n.moment("en", when, "Africa/Ouagadougou") == "1 Dec 2026 at 08:00"
