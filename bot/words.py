"""Words as people type them: without accents or capitals, with numbers in groups, in any order."""

import re
import unicodedata
from collections.abc import Callable, Iterable

_NUMBER = re.compile(r"[+\-−]?\d\S*")
# An amount and a telephone number, each digit apart, and no more: every cut is tried, and there are patient jokers.
_WORDS_OF_NUMBERS = 24
_UNITS = {"f", "fcfa", "cfa", "xof", "franc", "francs"}
_SMALL_WORDS = {
    "a", "au", "avec", "by", "chez", "de", "depuis", "du", "from", "la", "le", "mon", "my", "numero", "number", "on",
    "par", "pour", "sur", "to", "up", "via", "vers", "with",
}  # fmt: skip


def plain(text: str) -> str:
    """Lower case, no accents, single spaces, no punctuation at the ends: for comparing words, never for showing."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.split()).strip(" .!?,;:'\"«»")


def parts_of(
    text: str, is_amount: Callable[[str], bool], is_phone: Callable[[str], bool]
) -> tuple[str | None, str | None, str]:
    """Find the amount, the phone number and the other words of `5000 wave 70 12 34 56`, in any order.

    A run of numbers is cut where one side reads as an amount and the other as a phone number.
    """
    amount = phone = None
    others: list[str] = []
    for group, is_number in _groups(text):
        if not is_number:
            others += [word for word in group if plain(word) not in _SMALL_WORDS | _UNITS]
            continue
        found_amount, found_phone = _cut(group, is_amount, is_phone)
        amount = amount or found_amount
        phone = phone or found_phone
    return amount, phone, " ".join(others)


def _groups(text: str) -> Iterable[tuple[list[str], bool]]:
    """Consecutive words of one sort: numbers with their units, or anything else."""
    group: list[str] = []
    was_number = False
    for word in text.split():
        is_number = bool(_NUMBER.fullmatch(word)) or (was_number and plain(word) in _UNITS)
        if group and is_number != was_number:
            yield group, was_number
            group = []
        group.append(word)
        was_number = is_number
    if group:
        yield group, was_number


def _cut(
    words: list[str], is_amount: Callable[[str], bool], is_phone: Callable[[str], bool]
) -> tuple[str | None, str | None]:
    whole = " ".join(words)
    if len(words) > _WORDS_OF_NUMBERS:
        return whole, None
    if is_phone(whole):
        return None, whole
    for at in range(1, len(words)):
        before, after = " ".join(words[:at]), " ".join(words[at:])
        if is_amount(before) and is_phone(after):
            return before, after
        if is_phone(before) and is_amount(after):
            return after, before
    return whole, None
