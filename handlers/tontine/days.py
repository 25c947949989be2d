"""Days as people write them: « 1er décembre », 01/12, « demain », « lundi prochain », 1 December. Pure."""

import re
from datetime import date, timedelta

from bot.words import plain
from core.errors import Refusal

_WEEK = 7
_MONTHS = 12
_CENTURY = 2000
_YEAR_DIGITS = 100

_TODAY = {"aujourd'hui", "aujourdhui", "today"}
_TOMORROW = {"demain", "tomorrow"}
_AFTER_TOMORROW = {"apres-demain", "apres demain", "day after tomorrow", "the day after tomorrow"}
_WEEKDAYS = (
    ("lundi", "monday"), ("mardi", "tuesday"), ("mercredi", "wednesday"), ("jeudi", "thursday"),
    ("vendredi", "friday"), ("samedi", "saturday"), ("dimanche", "sunday"),
)  # fmt: skip
_MONTH_NAMES = (
    ("janvier", "january"), ("fevrier", "february"), ("mars", "march"), ("avril", "april"), ("mai", "may"),
    ("juin", "june"), ("juillet", "july"), ("aout", "august"), ("septembre", "september"), ("octobre", "october"),
    ("novembre", "november"), ("decembre", "december"),
)  # fmt: skip
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})(?:[/.\- ](\d{4}|\d{2}))?")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:er|st|nd|rd|th)?(?: of)? ([a-z]{3,})\.?(?: (\d{4}))?")
_MONTH_FIRST = re.compile(r"([a-z]{3,})\.? (\d{1,2})(?:st|nd|rd|th)?,?(?: (\d{4}))?")
_DAY_ALONE = re.compile(r"(?:le |the )?(\d{1,2})(?:er|st|nd|rd|th)?")


class DayUnreadable(Refusal):
    key = "refusal.day.unreadable"


def parse_day(text: str, today: date) -> date:
    """The day that `text` means, seen from `today`: one without a year, or a month, is the next such day to come.

    Raises DayUnreadable; never guesses.
    """
    said = plain(text.replace("’", "'"))
    if not said.isascii():
        raise DayUnreadable
    for found in (_by_word(said, today), _by_weekday(said, today), _by_date(said, today)):
        if found is not None:
            return found
    raise DayUnreadable


def next_weekday(today: date, weekday: int) -> date:
    """The next day of this name (0 is Monday) after `today`."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % _WEEK + 1)


def first_of_next_month(today: date) -> date:
    return date(today.year + today.month // _MONTHS, today.month % _MONTHS + 1, 1)


def _by_word(said: str, today: date) -> date | None:
    for words, days in ((_TODAY, 0), (_TOMORROW, 1), (_AFTER_TOMORROW, 2)):
        if said in words:
            return today + timedelta(days=days)
    return None


def _by_weekday(said: str, today: date) -> date | None:
    words = [word for word in said.split() if word not in {"prochain", "next", "le", "on", "ce", "this"}]
    for weekday, names in enumerate(_WEEKDAYS):
        if len(words) == 1 and words[0] in names:
            return next_weekday(today, weekday)
    return None


def _by_date(said: str, today: date) -> date | None:
    said = _without_weekday(said)
    if found := _ISO.fullmatch(said):
        return _exact(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMBERS.fullmatch(said):
        return _of_year(found[3], int(found[2]), int(found[1]), today)
    if (found := _DAY_FIRST.fullmatch(said)) and (month := _month(found[2])):
        return _of_year(found[3], month, int(found[1]), today)
    if (found := _MONTH_FIRST.fullmatch(said)) and (month := _month(found[1])):
        return _of_year(found[3], month, int(found[2]), today)
    if found := _DAY_ALONE.fullmatch(said):
        return _of_month(int(found[1]), today)
    return None


def _without_weekday(said: str) -> str:
    names = {name for both in _WEEKDAYS for name in both}
    words = said.removeprefix("le ").split()
    return " ".join(words[1:] if len(words) > 1 and words[0].strip(",") in names else words)


def _month(name: str) -> int | None:
    found = [number for number, names in enumerate(_MONTH_NAMES, 1) if any(each.startswith(name) for each in names)]
    return found[0] if len(found) == 1 else None


def _of_year(year: str | None, month: int, day: int, today: date) -> date | None:
    if year is not None:
        return _exact(int(year) + (_CENTURY if int(year) < _YEAR_DIGITS else 0), month, day)
    for candidate in (today.year, today.year + 1):
        found = _exact(candidate, month, day)
        if found is not None and found >= today:
            return found
    return None


def _of_month(day: int, today: date) -> date | None:
    found = _exact(today.year, today.month, day)
    if found is not None and found >= today:
        return found
    after = first_of_next_month(today)
    return _exact(after.year, after.month, day)


def _exact(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
