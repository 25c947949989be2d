"""What an operator meets (metrics, alerts, log lines, findings of the check) is explained in one document."""

import re

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

import app
from core.db import Database
from core.settings import Settings
from operations.check import check
from payments import Doubt
from tests.docs.pages import ROOT, packages, read

PAGE = read("docs/operations.md")


def _exported() -> set[str]:
    """Our metrics, under the names by which they are asked for; `app` imports every module that registers one."""
    assert app
    families = [family for family in REGISTRY.collect() if family.name.startswith("cauri_")]
    return {f"{family.name}_total" if family.type == "counter" else family.name for family in families}


def test_every_metric_is_explained_and_every_explained_metric_exists():
    rows = re.findall(r"^\| `(cauri_\w+)` \| \S.* \| \S.* \|$", PAGE, re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == _exported()


def test_every_log_line_is_explained():
    sources = [*ROOT.glob("*.py"), *(path for name in packages() - {"sandbox"} for path in (ROOT / name).rglob("*.py"))]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    events = set(re.findall(r"\blog\.\w+\(\s*\"([\w.]+)\"", code))
    assert "alert" in events
    assert {event for event in events if f"`{event}`" not in PAGE} == set()


def test_every_reason_for_an_alert_is_explained():
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "payments").glob("*.py"))
    named = set(re.findall(r"\balert\([^()]*?\"([a-z_.]+)\"", code))
    set_aside = set(re.findall(r"_set_aside\(\w+, \w+, \"(\w+)\"\)|return \"(\w+)\"", code))
    reasons = named | {reason for pair in set_aside for reason in pair if reason} | {doubt.value for doubt in Doubt}
    assert {"bad_signature", "other_currency", "deposit.unknown", "paid_twice"} <= reasons
    assert {reason for reason in reasons if f"`{reason}`" not in PAGE} == set()


async def test_every_finding_of_the_check_is_explained(tmp_path):
    nobody = "http://127.0.0.1:9"
    settings = Settings(
        _env_file=None, database_url=f"sqlite:///{tmp_path / 'cauri.sqlite3'}", getmipay_api_url=nobody,
        getmipay_api_key="key", telegram_bot_token="1:token", telegram_api_url=nobody, public_url="",
    )  # fmt: skip
    section = PAGE.partition("## `cauri check`, line by line")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| ([a-zA-Z ]+) \|", section, re.MULTILINE)) - {"line"}
    assert {finding.about async for finding in check(settings)} == explained


@pytest.mark.parametrize("question", re.findall(r"\"(SELECT [^\"]+)\"$", PAGE, re.MULTILINE))
async def test_a_question_to_the_tables_is_answered_on_both_engines(question: str, database: Database):
    async with database.reading() as session:
        assert list(await session.execute(text(question))) == []
