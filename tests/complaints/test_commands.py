"""`cauri complaints`, as it is typed."""

import asyncio

import pytest
from typer.testing import CliRunner, Result

import cli
from core.db import Database
from operators import Role
from tests.complaints.kit import WORDS, complained, operator, somebody


@pytest.fixture
def reference(database_url: str) -> str:
    """A complaint, in a house with support and two people of finance."""

    async def prepared() -> str:
        database = Database(database_url)
        for name, role in (("Sali", Role.SUPPORT), ("Fanta", Role.FINANCE), ("Issa", Role.FINANCE)):
            await operator(database, name, role)
        complaint = await complained(database, await somebody(database))
        await database.close()
        return complaint.reference

    return asyncio.run(prepared())


@pytest.fixture
def cauri(database_url: str, monkeypatch: pytest.MonkeyPatch):
    """The command with this test's database."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli.main, ["complaints", *words])

    return run


def test_a_complaint_is_listed_shown_answered_and_closed(cauri, reference: str):
    listed = cauri("list").stdout
    assert listed.startswith(f"{reference}: not_credited about D-7KQ2-MX4P-9T3W, open; answer by 20")
    assert WORDS in cauri("show", reference, "--operator", "Sali").stdout
    assert cauri("answer", reference, "--operator", "Sali", "--say", "Nous cherchons.").exit_code == 0
    assert "answered; end by" in cauri("list").stdout
    assert cauri("close", reference, "--operator", "Sali", "--say", "C'est réparé.").exit_code == 0
    assert cauri("list").stdout == ""
    again = cauri("answer", reference, "--operator", "Sali", "--say", "Encore un mot.")
    assert (again.exit_code, "is closed already" in again.stderr) == (1, True)


def test_money_takes_another_operator(cauri, reference: str):
    money = ("--say", "Voici l'écart.", "--amount", "500", "--reason", "écart vu sur le SMS")
    assert cauri("close", reference, "--operator", "Sali", *money).exit_code == 1
    assert cauri("approve", reference, "--operator", "Issa").exit_code == 1
    assert "another operator approves" in cauri("close", reference, "--operator", "Fanta", *money).stdout
    assert cauri("approve", reference, "--operator", "Fanta").exit_code == 1
    assert cauri("approve", reference, "--operator", "Issa").exit_code == 0
    assert cauri("list").stdout == ""


def test_what_nobody_knows_is_said_in_a_sentence(cauri, reference: str):
    unknown = cauri("answer", "K-NOBODY", "--operator", "Sali", "--say", "Bonjour Awa")
    assert (unknown.exit_code, "There is no complaint K-NOBODY" in unknown.stderr) == (1, True)
