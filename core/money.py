"""Money in whole francs, and how people write it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from core.errors import Refusal

XOF = "XOF"

_SPACES = "[\\s\u00a0\u202f\u2009_']"
# No zero in front: `0.500` is half of something, and never five hundred.
_GROUPS = re.compile(rf"[0-9]{{1,3}}(?:{_SPACES}[0-9]{{3}})+")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[.,]\d{3})+")
_UNIT = re.compile(r"(?:f\.?(?:\s*c\.?f\.?a\.?)?|xof|fcfa|cfa|francs?(?:\s*cfa)?)$", re.IGNORECASE)
_DIGITS_AT_MOST = 12


class AmountUnreadable(Refusal):
    key = "refusal.amount.unreadable"


class AmountNotWhole(Refusal):
    key = "refusal.amount.not_whole"


class AmountNotPositive(Refusal):
    key = "refusal.amount.not_positive"


class AmountTooLong(Refusal):
    key = "refusal.amount.too_long"


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in the currency's smallest unit; the franc has no smaller one, so these are whole francs.

    Adding or comparing two currencies is a fault of ours and raises ValueError.
    """

    amount: int
    currency: str = XOF

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"money is a whole number of francs, not {self.amount!r}")

    def __add__(self, other: Self) -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Self) -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Self) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Self) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Self) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Self) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be mixed")
        return other.amount


def parse_amount(text: str) -> Money:
    """Read an amount as a member types it: `5000`, `5 000 F`, `5.000`, `5k`, `1,5k` is refused.

    A point or a comma followed by exactly three digits marks thousands; any other one would be a fraction, and the
    franc has none. Only the digits 0 to 9 count. Raises one of the four refusals above; never guesses.
    """
    body = _UNIT.sub("", unicodedata.normalize("NFC", text).strip()).strip()
    if re.search(rf"[0-9]{_SPACES}+[0-9]", body) and not _GROUPS.fullmatch(body.lstrip("+-− ").rstrip("kK ")):
        raise AmountUnreadable  # `5000 6000` is two amounts, or a slip: which one is not ours to say.
    body = re.sub(_SPACES, "", body)
    if body[:1] in {"-", "−"} and body[1:].isdigit():
        raise AmountNotPositive
    thousands = body[-1:] in {"k", "K"}
    body = body[:-1] if thousands else body.removeprefix("+")
    if _THOUSANDS.fullmatch(body) and body.isascii() and not thousands:
        body = re.sub("[.,]", "", body)
    if re.fullmatch(r"[0-9]+[.,][0-9]+", body):
        raise AmountNotWhole
    if not re.fullmatch(r"[0-9]+", body):
        raise AmountUnreadable
    if len(body.lstrip("0")) > _DIGITS_AT_MOST:
        raise AmountTooLong
    amount = int(body) * (1000 if thousands else 1)
    if amount == 0:
        raise AmountNotPositive
    return Money(amount)
