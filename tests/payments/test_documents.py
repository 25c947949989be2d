"""docs/payments.md keeps up with the code."""

import re
from pathlib import Path

from payments import ALERT
from payments.deposit_states import DepositState
from payments.payout_states import PayoutState
from tests.payments.kit import EVENTS

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "payments.md").read_text(encoding="utf-8")


def test_the_table_names_every_test_of_a_case_and_no_other() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_cases_*.py"))
    code += "\n".join((HERE / f"test_{name}.py").read_text(encoding="utf-8") for name in ("races", "kills"))
    written = set(re.findall(r"def test_(case_\d\d_\w+)", code))
    assert set(re.findall(r"`(case_\d\d_\w+)`", DOCUMENT)) == written
    assert {int(name[5:7]) for name in written} == set(range(1, 26))


def test_every_event_and_state_is_documented() -> None:
    assert ALERT in EVENTS
    for word in [*EVENTS, *DepositState, *PayoutState]:
        assert word in DOCUMENT, word
