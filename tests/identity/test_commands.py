"""`cauri identity`, as it is typed."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli
import identity
from core.db import Database
from identity import Document, IdentityRequest, Safe
from members import register
from operators import Role, add_operator
from tests.identity.kit import photo

KEY, NEXT = "the key of this year, long enough too", "the key of next year, as long as that"


@pytest.fixture
def reference(database_url: str) -> str:
    """A request that waits, in a house with a finance and a support person."""

    async def prepared() -> IdentityRequest:
        database = Database(database_url)
        async with database.transaction() as session:
            await add_operator(session, "Fanta", Role.FINANCE)
            await add_operator(session, "Sali", Role.SUPPORT)
            awa = await register(session, "telegram", "7", "Awa", "fr")
            request = await identity.request_verification(session, awa, "Awa Traoré", Document.PASSPORT, key="run")
            await identity.keep_picture(session, request.id, Safe(KEY).close(identity.cleaned(photo()), request.id))
        await database.close()
        return request

    return asyncio.run(prepared()).reference


@pytest.fixture
def cauri(database_url: str, monkeypatch: pytest.MonkeyPatch):
    """The command with this test's database."""

    def run(*words: str, **settings: str) -> Result:
        for name, value in {"DATABASE_URL": database_url, "DOCUMENTS_KEY": KEY, **settings}.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(cli.main, ["identity", *words])

    return run


def test_a_request_is_listed_looked_at_and_accepted(cauri, reference: str, tmp_path: Path):
    assert cauri("list").stdout.startswith(f"{reference}: Awa Traoré, passport, since 20")
    picture = tmp_path / "look.jpg"
    assert cauri("show", reference, "--operator", "Fanta", "--to", str(picture)).exit_code == 0
    assert picture.read_bytes().startswith(b"\xff\xd8")
    assert picture.stat().st_mode & 0o777 == 0o600
    assert "is there already" in cauri("show", reference, "--operator", "Fanta", "--to", str(picture)).stderr
    assert cauri("accept", reference, "--operator", "Fanta").exit_code == 0
    assert cauri("list").stdout == ""
    again = cauri("refuse", reference, "--operator", "Fanta", "--reason", "minor")
    assert (again.exit_code, "waits for no decision" in again.stderr) == (1, True)


def test_who_may_not_look_sees_nothing(cauri, reference: str, tmp_path: Path):
    picture = tmp_path / "look.jpg"
    assert cauri("show", reference, "--operator", "Sali", "--to", str(picture)).exit_code == 1
    assert cauri("show", "I-NOBODY", "--operator", "Fanta", "--to", str(picture)).exit_code == 1
    shown = cauri("show", reference, "--operator", "Fanta", "--to", str(picture), DOCUMENTS_KEY=NEXT)
    assert (shown.exit_code, "none of the keys opens it" in shown.stderr) == (2, True)
    assert not picture.exists()


def test_the_key_is_replaced(cauri, reference: str, tmp_path: Path):
    assert cauri("seal-again", DOCUMENTS_KEY=NEXT).exit_code == 2
    assert cauri("seal-again", DOCUMENTS_KEY=NEXT, DOCUMENTS_KEY_PREVIOUS=KEY).exit_code == 0
    picture = str(tmp_path / "look.jpg")
    shown = cauri(
        "show", reference, "--operator", "Fanta", "--to", picture, DOCUMENTS_KEY=NEXT, DOCUMENTS_KEY_PREVIOUS=""
    )
    assert shown.exit_code == 0
