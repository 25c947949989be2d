"""Why an operator does something, in words that others will read."""

from core.errors import Refusal

AT_LEAST, AT_MOST = 5, 500


class ReasonMissing(Refusal):
    """No reason was given, or one too short or too long to say anything. Params: `at_least`, `at_most` characters."""

    key = "refusal.operator.reason"


def checked_reason(reason: str) -> str:
    """The reason on one line; raises ReasonMissing."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in reason).split())
    if not AT_LEAST <= len(words) <= AT_MOST:
        raise ReasonMissing(at_least=AT_LEAST, at_most=AT_MOST)
    return words
