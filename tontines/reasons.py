"""Why somebody asks for something, in a few words that others will read."""

from core.errors import Refusal
from tontines.cycle_tables import WORDS_LENGTH


class ReasonNeeded(Refusal):
    """Params: `at_most` (characters)."""

    key = "refusal.tontine.reason"


def checked_reason(reason: str) -> str:
    """A reason that others will read; raises ReasonNeeded."""
    if not (reason := optional_reason(reason)):
        raise ReasonNeeded(at_most=WORDS_LENGTH)
    return reason


def optional_reason(reason: str) -> str:
    """The same, but nobody has to give one. Raises ReasonNeeded when it is too long."""
    reason = " ".join(reason.split())
    if len(reason) > WORDS_LENGTH:
        raise ReasonNeeded(at_most=WORDS_LENGTH)
    return reason
