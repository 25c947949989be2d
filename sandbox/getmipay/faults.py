"""Everything that can go wrong at GetMiPay, and how to ask for it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """One misbehaviour; docs/sandbox-getmipay.md says what each does."""

    # The answer to the merchant's call.
    SLOW_ANSWER = "slow_answer"
    TIMEOUT_AFTER_ACTING = "timeout_after_acting"
    TIMEOUT_BEFORE_ACTING = "timeout_before_acting"
    ERROR_AFTER_ACTING = "error_after_acting"
    SERVER_ERROR = "server_error"
    REFUSED = "refused"
    REFUSED_WITH_200 = "refused_with_200"
    UNREADABLE_ANSWER = "unreadable_answer"
    TOO_MANY_REQUESTS = "too_many_requests"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    # What becomes of the money.
    FAILS = "fails"
    STUCK = "stuck"
    FAILED_THEN_COMPLETED = "failed_then_completed"
    COMPLETED_THEN_FAILED = "completed_then_failed"
    AMOUNT_UNDER = "amount_under"
    AMOUNT_OVER = "amount_over"
    OTHER_CURRENCY = "other_currency"
    # The webhook.
    SILENT = "silent"
    WEBHOOK_DUPLICATED = "webhook_duplicated"
    WEBHOOK_CONCURRENT = "webhook_concurrent"
    WEBHOOK_LATE = "webhook_late"
    WEBHOOK_BEFORE_ANSWER = "webhook_before_answer"
    AMOUNT_AS_FLOAT = "amount_as_float"
    AMOUNT_AS_TEXT = "amount_as_text"
    FIELDS_NESTED = "fields_nested"
    STATUS_MISSING = "status_missing"
    REFERENCE_MISSING = "reference_missing"
    REFERENCE_AS_ID = "reference_as_id"
    BAD_SIGNATURE = "bad_signature"
    PREVIOUS_SECRET = "previous_secret"  # noqa: S105 (a fault's name)
    BODY_REFORMATTED = "body_reformatted"
    BODY_REWRITTEN = "body_rewritten"


# Multiples of 5, because some operators pay out nothing else, and endings nobody types by habit.
MAGIC_CODES: Final[Mapping[int, Fault]] = {
    805: Fault.SLOW_ANSWER,
    810: Fault.TIMEOUT_AFTER_ACTING,
    815: Fault.TIMEOUT_BEFORE_ACTING,
    820: Fault.ERROR_AFTER_ACTING,
    825: Fault.SERVER_ERROR,
    830: Fault.REFUSED,
    835: Fault.REFUSED_WITH_200,
    840: Fault.UNREADABLE_ANSWER,
    845: Fault.TOO_MANY_REQUESTS,
    850: Fault.UNAUTHORIZED,
    855: Fault.FORBIDDEN,
    860: Fault.FAILS,
    865: Fault.STUCK,
    870: Fault.FAILED_THEN_COMPLETED,
    875: Fault.COMPLETED_THEN_FAILED,
    880: Fault.AMOUNT_UNDER,
    885: Fault.AMOUNT_OVER,
    890: Fault.OTHER_CURRENCY,
    895: Fault.SILENT,
    905: Fault.WEBHOOK_DUPLICATED,
    910: Fault.WEBHOOK_CONCURRENT,
    915: Fault.WEBHOOK_LATE,
    920: Fault.WEBHOOK_BEFORE_ANSWER,
    925: Fault.AMOUNT_AS_FLOAT,
    930: Fault.AMOUNT_AS_TEXT,
    935: Fault.FIELDS_NESTED,
    940: Fault.STATUS_MISSING,
    945: Fault.REFERENCE_MISSING,
    955: Fault.REFERENCE_AS_ID,
    960: Fault.BAD_SIGNATURE,
    965: Fault.PREVIOUS_SECRET,
    970: Fault.BODY_REFORMATTED,
    975: Fault.BODY_REWRITTEN,
}


def magic_fault(amount: int, phone: str) -> Fault | None:
    """The fault asked for by a number ending in `000` and a code, else by an amount ending in a code."""
    by_phone = MAGIC_CODES.get(int(phone[-3:])) if phone[-6:-3] == "000" else None
    return by_phone or MAGIC_CODES.get(amount % 1000)
