import re
from datetime import UTC, timedelta

import pytest

from core import clock
from core.ids import new_id, new_reference


def test_ids_are_unique_and_increase():
    made = [new_id() for _ in range(1_000)]
    assert len(set(made)) == 1_000
    assert made == sorted(made)
    assert {one.version for one in made} == {7}


def test_a_reference_can_be_read_aloud():
    made = {new_reference("D") for _ in range(1_000)}
    assert len(made) == 1_000
    for reference in made:
        assert re.fullmatch(r"D(-[23456789BCDFGHJKMNPQRSTVWXZ]{4}){3}", reference)


def test_now_is_aware_and_utc():
    assert clock.now().tzinfo is UTC


def test_the_clock_runs_ahead_for_a_block_only():
    before = clock.now()
    with clock.ahead(timedelta(days=2)), clock.ahead(timedelta(days=1)):
        assert clock.now() - before >= timedelta(days=3)
    assert clock.now() - before < timedelta(days=1)


def test_the_clock_is_right_again_after_a_failure():
    before = clock.now()
    with pytest.raises(RuntimeError, match="midnight"), clock.ahead(timedelta(days=2)):
        raise RuntimeError("midnight")
    assert clock.now() - before < timedelta(days=1)
