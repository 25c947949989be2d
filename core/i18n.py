"""What people read: catalogues of keyed sentences, amounts, dates and times in the member's language and zone.

A sentence may use the tags <b>, <i> and <code>; what fills its blanks is escaped: a name can never become markup.
"""

import gettext
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from markupsafe import Markup

from core.money import XOF, Money

LANGUAGES: Mapping[str, str] = {"fr": "Français", "en": "English"}
DEFAULT_LANGUAGE = "fr"

_LOCALES = Path(__file__).parent.parent / "locales"
_NO_BREAK_SPACE = "\u00a0"
_UNITS = {XOF: "F\u00a0CFA", "XAF": "F\u00a0CFA"}


def text(language: str, key: str, **params: object) -> Markup:
    """The sentence `key` in `language`, its blanks filled: Money as an amount, a list with commas, all of it escaped.

    A sentence may fill the blank of another: it is markup already. An unknown key raises KeyError, because a member
    must never read a key.
    """
    filled = {name: _filled(value) for name, value in params.items()}
    return Markup(sentence(language, key)).format(**filled)  # noqa: S704 - ours


def sentence(language: str, key: str) -> str:
    """The sentence `key` with its blanks still open, as a translator sees it; KeyError where there is none."""
    found = _catalogue(language).gettext(key)
    if found == key:
        raise KeyError(f"no sentence {key!r} in {language!r}")
    return found


def blanks(**params: object) -> dict[str, str]:
    """What `text` would fill the blanks with, as plain words."""
    filled = {name: _filled(value) for name, value in params.items()}
    return {name: value.striptags() if isinstance(value, Markup) else str(value) for name, value in filled.items()}


def amount(money: Money) -> str:
    """`5 000 F CFA`, the same in every language, with no-break spaces."""
    grouped = format_decimal(money.amount, format="#,##0", locale="en").replace(",", _NO_BREAK_SPACE)
    return f"{grouped}{_NO_BREAK_SPACE}{_UNITS.get(money.currency, money.currency)}"


def moment(language: str, when: datetime, zone: str) -> str:
    """`22 nov. 2026 à 14:05`, `1er déc. 2026 à 08:00` in the member's own zone."""
    pattern = "d MMM y 'à' HH:mm" if language == "fr" else "d MMM y 'at' HH:mm"
    if language == "fr" and when.astimezone(_zone(zone)).day == 1:
        pattern = pattern.replace("d", "'1er'", 1)
    return format_datetime(when, pattern, tzinfo=_zone(zone), locale=language)


def short_moment(language: str, when: datetime, zone: str) -> str:
    """`22/11 14:05` in French, `22 Nov 14:05` in English: for lists."""
    return format_datetime(when, "dd/MM HH:mm" if language == "fr" else "d MMM HH:mm", _zone(zone), language)


def time_of_day(when: datetime, zone: str) -> str:
    """`14:05` in the member's own zone."""
    return when.astimezone(_zone(zone)).strftime("%H:%M")


def closest_language(code: str | None) -> str:
    """The language to greet somebody in, from what their telephone says; French when we do not speak theirs."""
    base = (code or "").lower().partition("-")[0]
    return base if base in LANGUAGES else DEFAULT_LANGUAGE


def keys(language: str) -> set[str]:
    """Every key that has a sentence in `language`."""
    return {str(message.id) for message in _read(language) if message.id and message.string}


def _filled(value: object) -> object:
    if isinstance(value, Money):
        return amount(value)
    if isinstance(value, (list, tuple)):
        return Markup(", ").join(value)
    return value


@cache
def _zone(name: str) -> tzinfo:
    return ZoneInfo(name)


@cache
def _catalogue(language: str) -> gettext.GNUTranslations:
    """The catalogue, compiled in memory at first use: no build step, no compiled file to forget."""
    compiled = BytesIO()
    write_mo(compiled, _read(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def _read(language: str) -> Catalog:
    """All catalogues of the language, one for each room of the house, as one; a key stands in one of them only."""
    whole = Catalog(locale=language)
    for path in sorted((_LOCALES / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and message.id in whole:
                    raise ValueError(f"{message.id!r} stands in two catalogues of {language!r}")
                whole[message.id] = message
    return whole
