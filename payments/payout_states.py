"""The states of a payout, and every step there is between them."""

from enum import StrEnum


class PayoutState(StrEnum):
    REQUESTED = "requested"
    """The money is held; GetMiPay has not been called."""
    SUBMITTED = "submitted"
    """Written down just before the call: from here on it is never called for again."""
    ACCEPTED = "accepted"
    """GetMiPay has it and will tell."""
    UNKNOWN = "unknown"
    """Nobody has told us what became of it: the hold stays, look-ups go on."""
    COMPLETED = "completed"
    FAILED = "failed"
    """Surely not done; the hold was let go, once. Whatever is said later never overwrites this."""
    REVIEW = "review"
    """A person decides; the hold stays."""
    REVERSED = "reversed"
    """Completed, and given back by new transfers."""


class PayoutStep(StrEnum):
    SUBMIT = "submit"
    UNSEND = "unsend"
    ACCEPT = "accept"
    LOSE_SIGHT = "lose_sight"
    COMPLETE = "complete"
    FAIL = "fail"
    GIVE_UP = "give_up"
    REVERSE = "reverse"


class IllegalPayoutStep(Exception):
    """A fault of ours: the step does not exist from this state. Nothing was changed."""


def next_payout_state(state: PayoutState, step: PayoutStep) -> PayoutState:
    """Where `step` leads from `state`; raises IllegalPayoutStep where it leads nowhere."""
    try:
        return _STEPS[step][state]
    except KeyError:
        raise IllegalPayoutStep(f"{step} from {state}") from None


_S = PayoutState
_NOT_YET_DECIDED = (_S.REQUESTED, _S.SUBMITTED, _S.ACCEPTED, _S.UNKNOWN, _S.REVIEW)

_STEPS: dict[PayoutStep, dict[PayoutState, PayoutState]] = {
    PayoutStep.SUBMIT: {_S.REQUESTED: _S.SUBMITTED},
    PayoutStep.UNSEND: {_S.SUBMITTED: _S.REQUESTED},
    # From UNKNOWN: the answer came after another worker had given the call up.
    PayoutStep.ACCEPT: dict.fromkeys((_S.SUBMITTED, _S.UNKNOWN), _S.ACCEPTED),
    PayoutStep.LOSE_SIGHT: dict.fromkeys((_S.REQUESTED, _S.SUBMITTED, _S.ACCEPTED), _S.UNKNOWN),
    # From REQUESTED: a call that was refused as one too many was acted upon nevertheless.
    PayoutStep.COMPLETE: dict.fromkeys(_NOT_YET_DECIDED, _S.COMPLETED),
    PayoutStep.FAIL: dict.fromkeys(_NOT_YET_DECIDED, _S.FAILED),
    PayoutStep.GIVE_UP: dict.fromkeys((_S.SUBMITTED, _S.ACCEPTED, _S.UNKNOWN), _S.REVIEW),
    PayoutStep.REVERSE: {_S.COMPLETED: _S.REVERSED},
}
