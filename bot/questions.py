"""Questions: what may be chosen, how an answer is read, and how it is kept.

A question is data: it knows no channel. What cannot be read raises a `Refusal`, which is shown above the question
asked again; the answers given before stay.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from bot.incoming import SentFile, SharedContact
from bot.words import plain
from core import i18n
from core.errors import Refusal
from core.money import Money, parse_amount

T = TypeVar("T")


class NotInWords(Refusal):
    key = "refusal.answer.not_in_words"


class NotAnOption(Refusal):
    key = "refusal.answer.not_an_option"


class NeitherYesNorNo(Refusal):
    key = "refusal.answer.yes_or_no"


class AmountTooSmall(Refusal):
    key = "refusal.amount.too_small"


class AmountTooLarge(Refusal):
    key = "refusal.amount.too_large"


@dataclass(frozen=True, slots=True)
class Option:
    """A ready answer: what its button says, and the saved answer it stands for."""

    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered: typed words, a chosen option's saved answer, or a contact card.

    `is_typed_pin` stands for a PIN that was typed into the chat, and is not repeated.
    """

    text: str | None = None
    chosen: Any = None
    contact: SharedContact | None = None
    is_own_contact: bool = False
    file: SentFile | None = None
    is_typed_pin: bool = False


class Question(Generic[T]):
    """The base of all questions: reads words, keeps the value as it is, offers nothing."""

    columns: int = 2
    is_secret: bool = False
    """Whether what answers it must not lie anywhere as it was typed."""
    is_in_own_words: bool = False
    """Whether people answer it with words of their own, such as a name: these may begin like a command."""

    def options(self, language: str) -> list[Option]:
        """The ready answers."""
        return []

    def contact(self, language: str) -> str | None:
        """The label of a button that shares the person's own number, where that answers the question."""
        return None

    def remedies(self, refusal: Refusal, language: str) -> list[Option]:
        """Ready answers that this refusal suggests, offered before the others."""
        return []

    async def read(self, answer: Answer, session: AsyncSession) -> T:
        """The value of an answer; raises Refusal."""
        if answer.chosen is not None:
            return await self.read_chosen(answer.chosen, session)
        if answer.contact is not None:
            return await self.read_contact(answer.contact, session, is_own=answer.is_own_contact)
        if answer.file is not None:
            return await self.read_file(answer.file, session)
        if answer.text:
            return await self.read_text(answer.text, session)
        raise NotInWords

    async def read_chosen(self, saved: Any, session: AsyncSession) -> T:
        """The value of a ready answer: what was offered is still checked, for the world moves on."""
        return self.load(saved)

    async def read_text(self, text: str, session: AsyncSession) -> T:
        raise NotInWords

    async def read_contact(self, contact: SharedContact, session: AsyncSession, *, is_own: bool) -> T:
        raise NotInWords

    async def read_file(self, file: SentFile, session: AsyncSession) -> T:
        raise NotInWords

    def dump(self, value: T) -> Any:
        """The value as JSON, never None."""
        return value

    def load(self, saved: Any) -> T:
        """The value back from JSON."""
        value: T = saved
        return value

    def told(self, value: T, language: str) -> str:
        """The answer as it stands under its question once given."""
        return str(value)


class HowMuch(Question[Money], ABC):
    """The base of questions for an amount: typed as people write one, kept in whole francs."""

    async def read_chosen(self, saved: Any, session: AsyncSession) -> Money:
        return self.within(self.load(saved))

    async def read_text(self, text: str, session: AsyncSession) -> Money:
        return self.within(parse_amount(text))

    def dump(self, value: Money) -> int:
        return value.amount

    def load(self, saved: int) -> Money:
        return Money(saved)

    def told(self, value: Money, language: str) -> str:
        return i18n.amount(value)

    @abstractmethod
    def within(self, amount: Money) -> Money:
        """The amount, if it is one that may be answered; raises Refusal."""


class AmountOf(HowMuch):
    """An amount between two bounds, with round ones to tap."""

    _ROUND: ClassVar = (500, 1_000, 2_000, 5_000, 10_000, 25_000)

    def __init__(
        self, at_least: Money, at_most: Money, too_large: Callable[[Money, Money], Refusal] | None = None
    ) -> None:
        """`too_large` is how to refuse an amount above `at_most`, given both."""
        self._at_least = at_least
        self._at_most = at_most
        self._too_large = too_large or _too_large

    def options(self, language: str) -> list[Option]:
        fitting = [francs for francs in self._ROUND if self._at_least.amount <= francs <= self._at_most.amount]
        return [Option(i18n.amount(Money(francs)), francs) for francs in fitting]

    def within(self, amount: Money) -> Money:
        if amount < self._at_least:
            raise AmountTooSmall(amount=amount, at_least=self._at_least)
        if amount > self._at_most:
            raise self._too_large(amount, self._at_most)
        return amount


class OneOf(Question[str]):
    """One of a few named things; typed, its name, the beginning of its name, or its place in the list will do.

    Of very many, those beyond a keyboard's room are found by their names alone.
    """

    # Telegram's keyboards have room for 100 buttons, and a refusal for so many names.
    _OFFERED: ClassVar = 90
    _LISTED: ClassVar = 20

    def __init__(self, names: Sequence[tuple[str, str]], columns: int = 2) -> None:
        self._names = dict(names)
        self.columns = columns

    def options(self, language: str) -> list[Option]:
        return [Option(name, value) for value, name in self._names.items()][: self._OFFERED]

    async def read_chosen(self, saved: Any, session: AsyncSession) -> str:
        if saved not in self._names:
            raise NotAnOption(options=self._listed())
        return str(saved)

    async def read_text(self, text: str, session: AsyncSession) -> str:
        said = plain(text)
        values = list(self._names)
        if said.isdecimal() and 1 <= int(said) <= len(values):
            return values[int(said) - 1]
        named = [value for value, name in self._names.items() if said in {plain(name), plain(value)}]
        begun = [value for value, name in self._names.items() if said and _starts(plain(name), said)]
        found = named or begun
        if len(found) != 1:
            raise NotAnOption(options=self._listed())
        return found[0]

    def told(self, value: str, language: str) -> str:
        return self._names.get(value, value)

    def _listed(self) -> str:
        names = list(self._names.values())
        return ", ".join(names[: self._LISTED]) + ("…" if len(names) > self._LISTED else "")


class YesNo(Question[bool]):
    """A confirmation. The one button carries the sentence's own words; who does not want it goes back or cancels."""

    columns = 1
    _YES: ClassVar = {"oui", "yes", "ok", "o", "y", "d'accord", "je confirme", "confirmer", "confirm"}
    _NO: ClassVar = {"non", "no", "n", "pas maintenant", "not now"}

    def __init__(self, yes: str = "button.confirm") -> None:
        self._yes = yes

    def options(self, language: str) -> list[Option]:
        return [Option(i18n.text(language, self._yes), value=True)]

    async def read_text(self, text: str, session: AsyncSession) -> bool:
        said = plain(text)
        if said in self._YES:
            return True
        if said in self._NO:
            return False
        raise NeitherYesNorNo

    def told(self, value: bool, language: str) -> str:  # noqa: FBT001 - it is the value
        return i18n.text(language, self._yes if value else "button.cancel")


def _too_large(amount: Money, at_most: Money) -> Refusal:
    return AmountTooLarge(amount=amount, at_most=at_most)


def _starts(name: str, said: str) -> bool:
    return any(" ".join(name.split()[at:]).startswith(said) for at in range(len(name.split())))
