"""Every sentence that the console names is there, in its code and in its templates."""

import ast
import re
from pathlib import Path

from complaints import COMPENSATION, ComplaintState, Outcome
from console.visits import DONE, MENU
from core import i18n
from ledger import AccountKind
from members import Freezing, Tier
from operators import Act, Role, Verdict
from payments import DepositState, Doubt, LineKind, PayoutState

HOUSE = Path(__file__).parent.parent.parent
KEYS = i18n.keys("fr")
_KEY = re.compile(r"console(?:\.[a-z_]+)+")
_LOG = re.compile(r"\blog\.\w+\(\s*\"([\w.]+)\"")


def test_every_key_the_code_names_is_there():
    code = {path: path.read_text("utf-8") for path in (HOUSE / "console").glob("*.py")}
    logged = {name for text in code.values() for name in _LOG.findall(text)}
    named = {
        node.value
        for text in code.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _KEY.fullmatch(node.value)
    }
    assert named - logged - {"console.css"}
    assert named - logged - {"console.css"} - KEYS == set()


def test_every_key_the_templates_name_is_there():
    for path in (HOUSE / "templates/console").glob("*.html"):
        text = path.read_text("utf-8")
        assert set(re.findall(r'say\("([a-z_.]+)"[,)]', text)) - KEYS == set(), path.name
        for family in re.findall(r'say\("([a-z_.]+\.)" \+', text):
            assert any(key.startswith(family) for key in KEYS), (path.name, family)


def test_every_word_that_is_shown_by_its_name_has_a_sentence():
    named = [f"console.act.{act.value}" for act in Act] + [f"console.role.{role.value}" for role in Role]
    named += [f"console.state.{state.value}" for kind in (DepositState, PayoutState, Verdict) for state in kind]
    named += [f"console.line.{kind.value}" for kind in LineKind] + [f"console.doubt.{doubt.value}" for doubt in Doubt]
    named += [f"console.account.{kind.value}" for kind in AccountKind] + [f"console.tier.{tier.value}" for tier in Tier]
    named += [f"console.nav.{name}" for name, _, _ in MENU] + [f"console.done.{name}" for name in DONE]
    named += [f"console.complaint_outcome.{outcome.value}" for outcome in Outcome] + [f"console.kind.{COMPENSATION}"]
    named += [f"console.complaint_state.{state.value}" for state in set(ComplaintState) - {ComplaintState.CLOSED}]
    named += [f"console.frozen_by.{who.value}" for who in Freezing]
    assert set(named) - KEYS == set()
