"""Every step from every state: those there are, and that there are no others."""

import pytest

from payments.deposit_states import DepositState, DepositStep, IllegalDepositStep, next_deposit_state
from payments.payout_states import IllegalPayoutStep, PayoutState, PayoutStep, next_payout_state

DEPOSITS = {
    "requested": {"submit": "submitted", "lose_sight": "unknown", "settle": "settled", "fail": "failed"},
    "submitted": {
        "unsend": "requested", "open": "open", "lose_sight": "unknown", "settle": "settled", "fail": "failed",
        "expire": "expired", "give_up": "review",
    },
    "open": {
        "lose_sight": "unknown", "settle": "settled", "fail": "failed", "expire": "expired", "give_up": "review",
    },
    "unknown": {"open": "open", "settle": "settled", "fail": "failed", "expire": "expired", "give_up": "review"},
    "settled": {"reverse": "reversed"},
    "failed": {"lose_sight": "unknown"},
    "expired": {"lose_sight": "unknown", "settle": "settled"},
    "review": {"settle": "settled", "fail": "failed"},
    "reversed": {},
}  # fmt: skip
PAYOUTS = {
    "requested": {"submit": "submitted", "lose_sight": "unknown", "complete": "completed", "fail": "failed"},
    "submitted": {
        "unsend": "requested", "accept": "accepted", "lose_sight": "unknown", "complete": "completed",
        "fail": "failed", "give_up": "review",
    },
    "accepted": {"lose_sight": "unknown", "complete": "completed", "fail": "failed", "give_up": "review"},
    "unknown": {"accept": "accepted", "complete": "completed", "fail": "failed", "give_up": "review"},
    "completed": {"reverse": "reversed"},
    "failed": {},
    "review": {"complete": "completed", "fail": "failed"},
    "reversed": {},
}  # fmt: skip


@pytest.mark.parametrize("state", DepositState)
@pytest.mark.parametrize("step", DepositStep)
def test_a_deposit_takes_the_steps_there_are_and_no_others(state: DepositState, step: DepositStep) -> None:
    expected = DEPOSITS[state].get(step)
    if expected is None:
        with pytest.raises(IllegalDepositStep, match=f"{step} from {state}"):
            next_deposit_state(state, step)
    else:
        assert next_deposit_state(state, step) == expected


@pytest.mark.parametrize("state", PayoutState)
@pytest.mark.parametrize("step", PayoutStep)
def test_a_payout_takes_the_steps_there_are_and_no_others(state: PayoutState, step: PayoutStep) -> None:
    expected = PAYOUTS[state].get(step)
    if expected is None:
        with pytest.raises(IllegalPayoutStep, match=f"{step} from {state}"):
            next_payout_state(state, step)
    else:
        assert next_payout_state(state, step) == expected
