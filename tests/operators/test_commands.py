"""`cauri operators`, as it is typed."""

import pytest
from typer.testing import CliRunner, Result

import cli


@pytest.fixture
def cauri(database_url: str, monkeypatch: pytest.MonkeyPatch):
    """The command with this test's database."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli.main, list(words))

    return run


def test_an_operator_is_taken_on_listed_and_let_go(cauri):
    assert (
        cauri("operators", "add", "Awa", "--role", "admin", "--telegram", "42").stdout
        == "✅ Awa is an operator: admin.\n"
    )
    assert cauri("operators", "add", "Issa", "--role", "support", "--language", "en").exit_code == 0
    listed = cauri("operators", "list").stdout.splitlines()
    assert listed[0].startswith("Awa: admin, telegram 42, fr, since 20")
    assert listed[1].startswith("Issa: support, no chat, en, since 20")
    assert cauri("operators", "dismiss", "Awa").exit_code == 0
    assert len(cauri("operators", "list").stdout.splitlines()) == 1
    assert cauri("operators", "verify-log").exit_code == 0


def test_what_cannot_be_done_is_said_in_a_sentence(cauri):
    cauri("operators", "add", "Awa", "--role", "admin")
    again = cauri("operators", "add", "Awa", "--role", "admin")
    assert (again.exit_code, "Awa exists already" in again.stderr) == (1, True)
    nobody = cauri("operators", "dismiss", "Moussa")
    assert (nobody.exit_code, "no operator 'Moussa'" in nobody.stderr) == (1, True)
    assert cauri("operators", "add", "Issa", "--role", "owner").exit_code == 2
    assert cauri("operators", "add", "Issa", "--role", "admin", "--language", "xx").exit_code == 2
