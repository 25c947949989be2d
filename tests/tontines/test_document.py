"""Another engineer builds on docs/tontines.md without reading the bodies: nothing may be missing from it."""

import inspect
from pathlib import Path

import tontines
from tests.tontines.test_refusals import every_refusal

DOCUMENT = (Path(__file__).parents[2] / "docs" / "tontines.md").read_text(encoding="utf-8")


def test_every_function_is_documented_as_it_is_called():
    missing = []
    for name in tontines.__all__:
        function = getattr(tontines, name)
        if inspect.isfunction(function):
            names = [each for each in inspect.signature(function).parameters if each != "session"]
            written = next((line for line in DOCUMENT.splitlines() if line.startswith(f"| `{name}(")), "")
            missing += [name] if not written or any(each not in written for each in names) else []
    assert missing == []


def test_every_event_and_every_refusal_is_documented():
    assert [event for event in tontines.EVENTS if f"| `{event}` |" not in DOCUMENT] == []
    assert [refusal.key for refusal in every_refusal() if f"| `{refusal.key}` |" not in DOCUMENT] == []
