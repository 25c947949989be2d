"""The states of a deposit, and every step there is between them."""

from enum import StrEnum


class DepositState(StrEnum):
    REQUESTED = "requested"
    """Confirmed by the member; GetMiPay has not been called."""
    SUBMITTED = "submitted"
    """Written down just before the call: from here on it is never called for again."""
    OPEN = "open"
    """GetMiPay has it and waits for the payer."""
    UNKNOWN = "unknown"
    """Nobody has told us yet what became of it; look-ups go on."""
    SETTLED = "settled"
    FAILED = "failed"
    EXPIRED = "expired"
    """Nobody paid in time. Should somebody still do, it is credited."""
    REVIEW = "review"
    """A person decides."""
    REVERSED = "reversed"
    """Credited, and taken back by new transfers."""


class DepositStep(StrEnum):
    SUBMIT = "submit"
    UNSEND = "unsend"
    OPEN = "open"
    LOSE_SIGHT = "lose_sight"
    SETTLE = "settle"
    FAIL = "fail"
    EXPIRE = "expire"
    GIVE_UP = "give_up"
    REVERSE = "reverse"


class IllegalDepositStep(Exception):
    """A fault of ours: the step does not exist from this state. Nothing was changed."""


def next_deposit_state(state: DepositState, step: DepositStep) -> DepositState:
    """Where `step` leads from `state`; raises IllegalDepositStep where it leads nowhere."""
    try:
        return _STEPS[step][state]
    except KeyError:
        raise IllegalDepositStep(f"{step} from {state}") from None


def settles(state: DepositState) -> bool:
    """Whether a deposit that stands there is settled when it is paid."""
    return state in _STEPS[DepositStep.SETTLE]


_S = DepositState
_NOT_YET_DECIDED = (_S.REQUESTED, _S.SUBMITTED, _S.OPEN, _S.UNKNOWN, _S.REVIEW)

_STEPS: dict[DepositStep, dict[DepositState, DepositState]] = {
    DepositStep.SUBMIT: {_S.REQUESTED: _S.SUBMITTED},
    DepositStep.UNSEND: {_S.SUBMITTED: _S.REQUESTED},
    # From UNKNOWN: the answer came after another worker had given the call up.
    DepositStep.OPEN: dict.fromkeys((_S.SUBMITTED, _S.UNKNOWN), _S.OPEN),
    # From FAILED and EXPIRED: somebody says that it was paid after all, in a way that has to be looked up first.
    DepositStep.LOSE_SIGHT: dict.fromkeys((_S.REQUESTED, _S.SUBMITTED, _S.OPEN, _S.FAILED, _S.EXPIRED), _S.UNKNOWN),
    # From REQUESTED: a call that was refused as one too many was acted upon nevertheless.
    DepositStep.SETTLE: dict.fromkeys((*_NOT_YET_DECIDED, _S.EXPIRED), _S.SETTLED),
    DepositStep.FAIL: dict.fromkeys(_NOT_YET_DECIDED, _S.FAILED),
    DepositStep.EXPIRE: dict.fromkeys((_S.SUBMITTED, _S.OPEN, _S.UNKNOWN), _S.EXPIRED),
    DepositStep.GIVE_UP: dict.fromkeys((_S.SUBMITTED, _S.OPEN, _S.UNKNOWN), _S.REVIEW),
    DepositStep.REVERSE: {_S.SETTLED: _S.REVERSED},
}
