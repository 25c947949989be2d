"""What each process does of the whole."""

from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

import cli
from core.db import Database
from core.tls import trusted
from tests.processes.crew import gathered
from tests.stories.town import Town, callers, house_settings, running_sandbox


@pytest.mark.parametrize("command", ["serve", "work"])
def test_on_sqlite_a_half_of_the_house_is_refused_with_a_sentence(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'cauri.sqlite3'}")
    told = CliRunner().invoke(cli.main, [command])
    assert told.exit_code == 1
    assert "On SQLite one process does everything: `cauri run`" in told.stderr


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_whoever_works_has_no_door_to_the_outside_and_another_goes_on_when_it_dies(
    database: Database, tmp_path: Path
) -> None:
    async with running_sandbox(tmp_path) as url, callers(url) as http:
        await http.post("/telegram/api/knobs", json={"rate_limits": False})
        settings = house_settings(database.url.render_as_string(hide_password=False), url)
        town = Town(http, database, "", settings, patience_s=60)
        async with gathered(settings, tmp_path) as crew, httpx.AsyncClient(verify=trusted()) as outside:
            first, _ = await crew.joins("work"), await crew.joins("work")
            for path, status in (("/metrics", HTTPStatus.OK), ("/webhook/getmipay/", HTTPStatus.NOT_FOUND)):
                assert (await outside.get(f"{first.url}{path}")).status_code == status
            awa = await town.member("awa")
            # Whichever of the two was asking Telegram, and whichever was about to answer.
            await first.dies()
            await awa.says("/solde")
            await awa.hears("Disponible : 0 F CFA")
