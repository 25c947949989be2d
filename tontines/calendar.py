"""When a round opens and when it is due, by the calendar of the tontine's own time zone."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from tontines.rules import Period, Rules, days_between_rounds

# Nobody is written to at midnight.
OPENING = time(8)
CLOSING = time(20)
_MONTHS = 12


def day_of_round(rules: Rules, number: int) -> date:
    """The local day on which round `number` (from 1) opens; the 31st falls on the last day of a shorter month."""
    if rules.period is not Period.MONTHLY:
        return rules.starts_on + timedelta(days=(number - 1) * days_between_rounds(rules))
    years, month = divmod(rules.starts_on.month - 1 + number - 1, _MONTHS)
    year, month = rules.starts_on.year + years, month + 1
    return date(year, month, min(rules.starts_on.day, monthrange(year, month)[1]))


def opens_at(rules: Rules, number: int) -> datetime:
    """The moment, in UTC, at which round `number` opens."""
    return _moment(rules, day_of_round(rules, number), OPENING)


def deadline(rules: Rules, number: int) -> datetime:
    """The moment, in UTC, until which round `number` is to be paid."""
    return end_of_day(rules, day_of_round(rules, number) + timedelta(days=rules.days_to_pay - 1))


def end_of_day(rules: Rules, day: date) -> datetime:
    """The evening of a local day, in UTC: when what is due that day is due."""
    return _moment(rules, day, CLOSING)


def _moment(rules: Rules, day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, rules.time_zone).astimezone(UTC)
