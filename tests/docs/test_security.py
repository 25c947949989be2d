"""What stops an attacker is tried by a test, and the page that says so names no test that is not there."""

import re

from tests.docs.pages import ROOT, read

PAGE = read("docs/security.md")


def _named() -> set[str]:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return set(re.findall(r"`([a-z0-9_]{15,})`", "\n".join(rows)))


def test_every_attack_names_a_test_that_exists():
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def test_(\w+)\(", code))
    assert {name for name in _named() if name not in there} == set()


def test_twenty_attacks_are_tried_at_least():
    assert len(_named()) >= 20
