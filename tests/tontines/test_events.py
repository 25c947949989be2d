"""Strangers hear of tontines by events alone: each that is told has a name of the list, and each name is told."""

import re
from pathlib import Path

import tontines


def test_every_event_that_is_told_has_its_name_in_the_list_and_none_is_there_in_vain():
    code = "\n".join(path.read_text(encoding="utf-8") for path in Path(tontines.__file__).parent.glob("*.py"))
    told = set(re.findall(r'tell\(\s*session,\s*"([a-z_.]+)"', code))
    told |= {"tontine.member_approved", "tontine.member_refused", "vote.passed", "vote.rejected"}
    assert told == set(tontines.EVENTS)
