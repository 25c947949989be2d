"""Every setting is explained where operators look for it."""

import re

import pytest

from core.settings import Settings
from tests.docs.pages import OPERATORS, ROOT, read

NAMES = sorted(name.upper() for name in Settings.model_fields)


def test_the_example_has_every_setting_and_no_other():
    assert sorted(re.findall(r"^([A-Z_]+)=", read(".env.example"), re.MULTILINE)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_example_explains_the_setting_just_above_it(name: str):
    lines = read(".env.example").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{name}="))
    above = [line for line in lines[:at] if not re.match(r"[A-Z_]+=", line)]
    assert re.match(r"# \w", above[-1])


def test_the_example_says_the_defaults(monkeypatch: pytest.MonkeyPatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)


@pytest.mark.parametrize("name", NAMES)
def test_operators_read_of_every_setting(name: str):
    assert any(f"`{name}" in read(page) or f"\n{name}=" in read(page) for page in OPERATORS)
