"""When a round opens and when it is due, by the calendar of the tontine's own time zone."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tontines.rules import Order, Period, Rules, days_between_rounds

# Nobody is written to at midnight.
OPENING = time(8)
CLOSING = time(20)
# Whoever opens a round in the middle of the day still leaves people some hours to pay.
_TIME_TO_PAY = timedelta(hours=4)
# Bids are placed and needs are stated before a round opens.
_TIME_TO_SPEAK = timedelta(hours=1)
# A cycle that begins on its very day is drawn that day, or in the night after it.
_LATEST_DRAW = timedelta(hours=12)
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Beginning:
    """A cycle's first round, and the rules by whose calendar the others follow."""

    opens_at: datetime
    deadline: datetime
    rules: Rules


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


def start_has_passed(rules: Rules, now: datetime) -> bool:
    """Whether the day of the first round is over: on that very day a cycle may still begin."""
    return rules.starts_on < _day_of(rules, now)


def latest_draw(rules: Rules, now: datetime) -> datetime:
    """Before when lots are drawn: the first round's opening, or half a day from now on that very day."""
    return now + _LATEST_DRAW if _day_of(rules, now) == rules.starts_on else opens_at(rules, 1)


def beginning(rules: Rules, now: datetime, draw_at: datetime | None = None) -> Beginning:
    """How a cycle begins that is started `now`, its lots drawn at `draw_at`.

    On its very day the first round opens at once: as the lots are drawn, or with time to bid or to state a need. Whom
    that leaves too little time until the evening has until the next one; rounds of each day then follow that day, so
    that nobody owes two on one evening.
    """
    opening = opens_at(rules, 1)
    if _day_of(rules, now) == rules.starts_on:
        speaks = rules.order in {Order.AUCTION, Order.NEED}
        opening = draw_at or (now + _TIME_TO_SPEAK if speaks else now)
    due = deadline(rules, 1)
    while due - opening < _TIME_TO_PAY:
        due = end_of_day(rules, _day_of(rules, due) + timedelta(days=1))
    if rules.period is Period.DAILY:
        rules = rules.model_copy(update={"starts_on": _day_of(rules, due)})
    return Beginning(opening, due, rules)


def _day_of(rules: Rules, when: datetime) -> date:
    return when.astimezone(rules.time_zone).date()


def _moment(rules: Rules, day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, rules.time_zone).astimezone(UTC)
