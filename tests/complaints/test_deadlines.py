"""Working days: no weekend, no public holiday."""

from datetime import UTC, date, datetime

import pytest

from complaints import day_before, deadlines, is_working_day, working_days_later


def at(year: int, month: int, day: int, hour: int = 10) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("opened", "first", "end"),
    [
        (at(2026, 11, 23), at(2026, 11, 25, 18), at(2026, 12, 15, 18)),  # a Monday; the 11th of December is a holiday
        (at(2026, 11, 20), at(2026, 11, 24, 18), at(2026, 12, 14, 18)),  # a Friday
        (at(2026, 11, 22), at(2026, 11, 24, 18), at(2026, 12, 14, 18)),  # a Sunday
        (at(2026, 12, 24), at(2026, 12, 29, 18), at(2027, 1, 19, 18)),  # Christmas, New Year, and the 3rd of January
    ],
)
def test_a_complaint_is_answered_in_two_working_days_and_over_in_fifteen(
    opened: datetime, first: datetime, end: datetime
):
    due = deadlines(opened, "BF")
    assert (due.answer_by, due.end_by) == (first, end)


@pytest.mark.parametrize("country", ["BF", "CI", "SN", "ML", "BJ", "TG", "NE", "CM"])
def test_every_country_we_serve_has_its_holidays(country: str):
    assert not is_working_day(date(2027, 1, 1), country)
    assert not is_working_day(date(2027, 5, 1), country)
    assert is_working_day(date(2026, 11, 24), country)


def test_a_countrys_own_day_is_a_holiday_there_alone():
    assert not is_working_day(date(2026, 12, 11), "BF")
    assert is_working_day(date(2026, 12, 11), "SN")


def test_the_reminder_comes_when_there_is_still_a_working_day():
    assert day_before(at(2026, 11, 23, 18), "BF") == at(2026, 11, 20, 9)
    assert day_before(at(2026, 12, 14, 18), "BF") == at(2026, 12, 10, 9)


def test_nothing_is_due_in_no_days_but_today():
    assert working_days_later(at(2026, 11, 24), 0, "BF") == at(2026, 11, 24, 18)
