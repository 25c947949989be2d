"""The questions from which a tontine's rules are made."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.questions import AmountOf, NotAnOption, OneOf, Option, Question
from bot.words import plain
from core import i18n
from core.errors import Refusal
from core.money import Money, parse_amount
from handlers.tontine import words
from handlers.tontine.days import first_of_next_month, next_weekday, parse_day
from tontines.group_tables import NAME_LENGTH
from tontines.joining import SHARES_AT_MOST, SharesInvalid
from tontines.life import NameInvalid
from tontines.rotation import WHOLE
from tontines.rules import (
    CONTRIBUTION_AT_LEAST,
    CONTRIBUTION_AT_MOST,
    ContributionOutOfBounds,
    FineUnreasonable,
    StartInThePast,
)

_A_DAY, _A_YEAR = timedelta(days=1), timedelta(days=366)
_MONDAY, _FRIDAY = 0, 4
_PERIOD_WORDS = {
    "jour": "daily", "jours": "daily", "quotidien": "daily", "quotidienne": "daily", "journalier": "daily",
    "day": "daily", "semaine": "weekly", "semaines": "weekly", "hebdo": "weekly", "hebdomadaire": "weekly",
    "week": "weekly", "weekly": "weekly", "quinzaine": "biweekly", "bimensuel": "biweekly", "15 jours": "biweekly",
    "two weeks": "biweekly", "mois": "monthly", "mensuel": "monthly", "mensuelle": "monthly", "month": "monthly",
}  # fmt: skip
_HALVES = {"demi": 1, "une demi": 1, "demi-part": 1, "une demi-part": 1, "1/2": 1, "½": 1, "half": 1, "a half": 1}
_NO_FINE = {"sans amende", "sans", "non", "aucune", "0", "no fine", "none", "no"}


class NumberUnreadable(Refusal):
    """Params: `at_least`, `at_most`."""

    key = "refusal.number.unreadable"


class StartTooFar(Refusal):
    key = "refusal.tontine.start_too_far"


class Name(Question[str]):
    """A tontine's name."""

    is_in_own_words = True

    async def read_text(self, text: str, session: AsyncSession) -> str:
        name = " ".join(text.split())
        if not 1 <= len(name) <= NAME_LENGTH or name.startswith("/"):
            raise NameInvalid(at_most=NAME_LENGTH)
        return name


class Contribution(AmountOf):
    """What a share contributes at each turn."""

    def __init__(self) -> None:
        super().__init__(Money(CONTRIBUTION_AT_LEAST), Money(CONTRIBUTION_AT_MOST))

    def within(self, amount: Money) -> Money:
        if not CONTRIBUTION_AT_LEAST <= amount.amount <= CONTRIBUTION_AT_MOST:
            raise ContributionOutOfBounds(at_least=Money(CONTRIBUTION_AT_LEAST), at_most=Money(CONTRIBUTION_AT_MOST))
        return amount


class Choice(OneOf):
    """One of a few things that have other names too."""

    def __init__(self, names: Sequence[tuple[str, str]], also: Mapping[str, str], columns: int = 1) -> None:
        super().__init__(names, columns)
        self._also = also

    async def read_text(self, text: str, session: AsyncSession) -> str:
        return self._also.get(plain(text)) or await super().read_text(text, session)


def choices(chat: Chat, family: str, values: Sequence[str]) -> list[tuple[str, str]]:
    """Each of `values` under the name it has among the sentences that begin with `family`."""
    return [(value, chat.text(f"{family}{value}")) for value in values]


def period_choice(chat: Chat) -> Choice:
    """How often."""
    values = ("daily", "weekly", "biweekly", "monthly", "own")
    return Choice(choices(chat, "tontine.period_choice.", values), _PERIOD_WORDS, columns=2)


class YesOrNo(OneOf):
    """Both answers are ready."""

    def __init__(self, chat: Chat, *, first: str = "yes") -> None:
        order = ("yes", "no") if first == "yes" else ("no", "yes")
        super().__init__(choices(chat, "tontine.answer.", order))


class Count(Question[int]):
    """A whole number between two bounds: the first number in what is typed."""

    def __init__(self, at_least: int, at_most: int, offered: Sequence[tuple[int, str]] = ()) -> None:
        self._bounds = (at_least, at_most)
        self._offered = offered

    def options(self, language: str) -> list[Option]:
        return [Option(label, value) for value, label in self._offered]

    async def read_text(self, text: str, session: AsyncSession) -> int:
        labelled = {plain(label): value for value, label in self._offered}
        if plain(text) in labelled:
            return labelled[plain(text)]
        first = next(iter(text.split()), "")
        if not (first.isascii() and first.isdecimal()):
            raise NumberUnreadable(at_least=self._bounds[0], at_most=self._bounds[1])
        return self._within(int(first[:6]))

    async def read_chosen(self, saved: int, session: AsyncSession) -> int:
        return self._within(saved)

    def _within(self, value: int) -> int:
        if not self._bounds[0] <= value <= self._bounds[1]:
            raise NumberUnreadable(at_least=self._bounds[0], at_most=self._bounds[1])
        return value


class StartDay(Question[date]):
    """The day of the first round: today or later; started today, it opens at once."""

    columns = 1

    def __init__(self, today: date) -> None:
        self._today = today

    def options(self, language: str) -> list[Option]:
        month = first_of_next_month(self._today)
        middle = date(month.year, month.month, 15) if self._today.day >= 15 else self._today.replace(day=15)  # noqa: PLR2004
        soon = {self._today, self._today + _A_DAY}
        days = {next_weekday(self._today, _MONDAY), next_weekday(self._today, _FRIDAY), month, middle} | soon
        return [Option(self._named(each, language), each.isoformat()) for each in sorted(days)]

    async def read_text(self, text: str, session: AsyncSession) -> date:
        return self._checked(parse_day(text, self._today))

    async def read_chosen(self, saved: str, session: AsyncSession) -> date:
        return self._checked(self.load(saved))

    def dump(self, value: date) -> str:
        return value.isoformat()

    def load(self, saved: str) -> date:
        return date.fromisoformat(saved)

    def told(self, value: date, language: str) -> str:
        return words.day(language, value)

    def _checked(self, day: date) -> date:
        if day < self._today:
            raise StartInThePast
        if day - self._today > _A_YEAR:
            raise StartTooFar
        return day

    def _named(self, day: date, language: str) -> str:
        if day == self._today:
            return i18n.text(language, "tontine.day.today")
        said = words.day(language, day)
        return i18n.text(language, "tontine.day.tomorrow", day=said) if day - self._today == _A_DAY else said


class Fine(Question[int]):
    """A fine in whole francs, or none: 0."""

    columns = 2
    _ROUND = (200, 500, 1_000, 2_000)

    def __init__(self, chat: Chat, contribution: int) -> None:
        self._contribution = contribution
        self._none = chat.text("tontine.no_fine")

    def options(self, language: str) -> list[Option]:
        fitting = [francs for francs in self._ROUND if francs * 2 <= self._contribution]
        return [Option(self._none, 0), *(Option(self.told(francs, language), francs) for francs in fitting)]

    async def read_text(self, text: str, session: AsyncSession) -> int:
        if plain(text) in _NO_FINE | {plain(self._none)}:
            return 0
        francs = parse_amount(text).amount
        if francs > self._contribution:
            raise FineUnreasonable
        return francs

    def told(self, value: int, language: str) -> str:
        return i18n.amount(Money(value)) if value else self._none


class Shares(Question[int]):
    """How many shares, counted in halves."""

    columns = 2

    def __init__(self, *, with_halves: bool) -> None:
        self._with_halves = with_halves

    def options(self, language: str) -> list[Option]:
        offered = [*([1] if self._with_halves else []), WHOLE, 2 * WHOLE, 3 * WHOLE]
        return [Option(words.shares(language, halves), halves) for halves in offered]

    async def read_text(self, text: str, session: AsyncSession) -> int:
        said = plain(text).removesuffix("s").removesuffix(" part").removesuffix(" share").strip()
        if self._with_halves and (said in _HALVES or plain(text) in _HALVES):
            return 1
        if said in {"une", "un", "one", "a"}:
            return WHOLE
        if not (said.isascii() and said.isdecimal()) or not 1 <= int(said[:4]) <= SHARES_AT_MOST:
            raise SharesInvalid(at_most=SHARES_AT_MOST)
        return int(said) * WHOLE

    def told(self, value: int, language: str) -> str:
        return words.shares(language, value)


class OrderOfTurns(Question[list[int]]):
    """The order of the turns, by the numbers of a list: « 3 1 2 »; as it stands by a tap."""

    columns = 1

    def __init__(self, count: int, as_it_is: str) -> None:
        self._count = count
        self._as_it_is = as_it_is

    def options(self, language: str) -> list[Option]:
        return [Option(self._as_it_is, list(range(1, self._count + 1)))]

    async def read_text(self, text: str, session: AsyncSession) -> list[int]:
        parts = text.replace(",", " ").replace(";", " ").replace("-", " ").split()
        numbers = [int(part[:4]) if part.isascii() and part.isdecimal() else 0 for part in parts]
        if sorted(numbers) != list(range(1, self._count + 1)):
            raise NotAnOption(options=" ".join(str(number) for number in range(1, self._count + 1)))
        return numbers

    def told(self, value: list[int], language: str) -> str:
        return " ".join(str(number) for number in value)
