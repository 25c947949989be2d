"""Deadlines: a first answer within 2 working days, the end within 15; weekends and public holidays do not count."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final

import holidays

FIRST_ANSWER_WITHIN: Final = 2
END_WITHIN: Final = 15
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)
# Offices of the zone, in UTC: Benin and Niger are an hour ahead, and close an hour later by this.
_OPENS_AT, _CLOSES_AT = time(9, tzinfo=UTC), time(18, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Until when somebody who complains has a first answer, and until when it is over."""

    answer_by: datetime
    end_by: datetime


def deadlines(opened_at: datetime, country: str) -> Deadlines:
    """The deadlines of a complaint, by the public holidays of a country, an ISO code.

    Dates that follow the moon are estimates until they are announced; they may be a day off.
    """
    return Deadlines(
        working_days_later(opened_at, FIRST_ANSWER_WITHIN, country), working_days_later(opened_at, END_WITHIN, country)
    )


def working_days_later(moment: datetime, days: int, country: str) -> datetime:
    """The close of the office, so many working days after the day of `moment`."""
    day = moment.astimezone(UTC).date()
    while days:
        day += _DAY
        days -= is_working_day(day, country)
    return datetime.combine(day, _CLOSES_AT)


def day_before(deadline: datetime, country: str) -> datetime:
    """The opening of the office on the working day before a deadline: when there is still time."""
    day = deadline.astimezone(UTC).date() - _DAY
    while not is_working_day(day, country):
        day -= _DAY
    return datetime.combine(day, _OPENS_AT)


def is_working_day(day: date, country: str) -> bool:
    """Whether offices are open: no Saturday, no Sunday, no public holiday."""
    return day.weekday() < _SATURDAY and day not in _holidays(country)


@cache
def _holidays(country: str) -> holidays.HolidayBase:
    # Each year is worked out when it is first asked for.
    return holidays.country_holidays(country)
