"""What Meta's refusals mean for a message, by their code: Meta asks to go by codes, never by words."""

from datetime import timedelta

import structlog
from prometheus_client import Counter
from pywa.errors import WhatsAppError

from bot.channels import NotAccepted, OutsideWindow, TryAgainIn, Unreachable

log = structlog.get_logger(__name__)

_REFUSED = Counter("cauri_whatsapp_refused", "Calls and messages that Meta refused, by its error code", ["code"])

OUTSIDE_WINDOW = 131047
# No WhatsApp there, our own number, a number not on a test account's list, a country we may not write to.
UNREACHABLE = frozenset({131026, 131021, 131030, 130497})

_TOO_FAST = {
    131056: timedelta(seconds=6),  # this person: about one message in six seconds, after a burst
    130429: timedelta(seconds=5),  # all of them together
    429: timedelta(seconds=30),
    4: timedelta(minutes=5),
    80007: timedelta(minutes=5),
    131057: timedelta(minutes=1),  # Meta is moving our number to faster machines
    131048: timedelta(minutes=30),  # too many people blocked or reported us
    131064: timedelta(minutes=30),
}
# Those of one person, and those that say how we are thought of: others may well be written to.
_OF_SOME = frozenset({131056, 131048, 131064})
# The token died or lacks a permission, the number or the account is locked or unpaid: an operator has to act, and
# everything that waits is said once they have.
_OPERATORS = frozenset({0, 3, 10, 33, 190, *range(200, 300), 368, 131005, 131031, 131037, 131042, 131045, 133010})
_NO_SUCH_NUMBER = 33  # a subcode
_OF_TEMPLATES = range(132000, 133000)
_NOT_KNOWING = frozenset({1, 2, 131000, 131016})
_UNTIL_OPERATORS_ACT = timedelta(minutes=10)
_UNTIL_META_KNOWS = timedelta(seconds=30)


class MetaError(Exception):
    """Meta could not take a message, or will not for now, for no fault of the message: it is said again.

    Not pywa's own error, which is frozen and breaks where a context is left with it.
    """


def meaning(error: WhatsAppError) -> Exception:
    """What to raise for a refused call: one of the channels' errors, or `MetaError` where it is to be tried again."""
    count(error.code)
    code, status = error.code, error.status_code or 0
    if code in _TOO_FAST:
        return TryAgainIn(_TOO_FAST[code], everywhere=code not in _OF_SOME)
    if code in UNREACHABLE:
        return Unreachable(_reason(error))
    if code == OUTSIDE_WINDOW or code in _OF_TEMPLATES:
        # A template that is not approved, or paused, is said later in other words: nothing may be lost of it.
        return OutsideWindow(_reason(error))
    if is_operators(code) or error.subcode == _NO_SUCH_NUMBER:
        log.error("whatsapp.operator_has_to_act", code=code, reason=error.message)
        return MetaError(_reason(error))
    if code in _NOT_KNOWING or not 400 <= status < 500:  # noqa: PLR2004 - HTTP's own
        return MetaError(_reason(error))
    return NotAccepted(_reason(error))


def wait_after(code: int) -> timedelta | None:
    """How long to wait before saying again what Meta took and then lost; None where saying it again would not help."""
    if code in _TOO_FAST:
        return _TOO_FAST[code]
    if is_operators(code):
        return _UNTIL_OPERATORS_ACT
    return _UNTIL_META_KNOWS if code in _NOT_KNOWING else None


def is_operators(code: int) -> bool:
    """Whether nothing goes out any more until an operator acts."""
    return code in _OPERATORS


def count(code: int) -> None:
    """Count a refusal, of a call or reported later."""
    _REFUSED.labels(code=str(code)).inc()


def _reason(error: WhatsAppError) -> str:
    return f"{error.code}: {error.details or error.message}"
