"""Days as people write them."""

from datetime import date

import pytest

from handlers.tontine.days import DayUnreadable, first_of_next_month, next_weekday, parse_day

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1er décembre", date(2026, 12, 1)),
        ("le 1er Décembre 2026", date(2026, 12, 1)),
        ("mardi 1er décembre 2026", date(2026, 12, 1)),
        ("1 dec", date(2026, 12, 1)),
        ("01/12", date(2026, 12, 1)),
        ("1/12/26", date(2026, 12, 1)),
        ("01.12.2026", date(2026, 12, 1)),
        ("2026-12-01", date(2026, 12, 1)),
        ("December 1st", date(2026, 12, 1)),
        ("1st of December", date(2026, 12, 1)),
        ("demain", date(2026, 11, 23)),
        ("Tomorrow", date(2026, 11, 23)),
        ("après-demain", date(2026, 11, 24)),
        ("aujourd’hui", SUNDAY),
        ("lundi", date(2026, 11, 23)),
        ("lundi prochain", date(2026, 11, 23)),
        ("next Sunday", date(2026, 11, 29)),
        ("le 5", date(2026, 12, 5)),
        ("le 1er", date(2026, 12, 1)),
        ("25", date(2026, 11, 25)),
        ("15 août", date(2027, 8, 15)),
        ("29 février", date(2028, 2, 29)),
        ("1 jan", date(2027, 1, 1)),
    ],
)
def test_a_day_is_read_as_it_is_meant(said: str, meant: date):
    assert parse_day(said, SUNDAY if "février" not in said else date(2027, 11, 22)) == meant


@pytest.mark.parametrize(
    "said", ["", "bientôt", "31/02", "32", "0", "1 ju", "13/13", "1er toto 2026", "29/02/2027", "٢٥", "5.5.5"]
)
def test_what_is_no_day_is_not_guessed(said: str):
    with pytest.raises(DayUnreadable):
        parse_day(said, SUNDAY)


def test_the_days_that_are_offered_are_still_to_come():
    assert next_weekday(SUNDAY, 6) == date(2026, 11, 29)
    assert first_of_next_month(date(2026, 12, 31)) == date(2027, 1, 1)
