"""Backup and restore by the very commands of docs/operations.md, and what becomes of what happened in between."""

import asyncio
import shutil
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

import ledger
from core.db import Database
from core.ids import new_id
from core.money import Money
from ledger import AccountKind
from ledger.tables import TRANSFER
from operations.backup import back_up
from operations.readiness import NotReady
from payments.provider_events import ProviderEvent
from tests.chaos.servers import postgres_binaries
from tests.conftest import Postgres
from tests.stories.town import Town, free_port, running_town, until

ROOT = Path(__file__).parents[2]
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"])
CLEAN = "✅ Every franc is accounted for."


@dataclass
class Vault:
    """Where backups of one database go, and come back from."""

    url: str
    folder: Path
    create: Callable[[], str]
    """Makes an empty PostgreSQL database; gives its address."""

    async def back_up(self) -> Path:
        """The backup that an operator makes."""
        if self.url.startswith("sqlite"):
            said = await cauri(self.url, "backup", str(self.folder / "backup.sqlite3"))
            assert said.splitlines()[-2:] == [CLEAN, f"The copy is {self.folder / 'backup.sqlite3'}"]
            return self.folder / "backup.sqlite3"
        await run(postgres_binaries() / "pg_dump", "--format=custom", f"--file={self.folder / 'cauri.dump'}", self.url)
        return self.folder / "cauri.dump"

    async def restore(self, backup: Path) -> str:
        """A database that is as the other one was; gives its address."""
        if self.url.startswith("sqlite"):
            place = self.folder / "restored.sqlite3"
            shutil.copy(backup, place)
            url = f"sqlite:///{place}"
        else:
            url = self.create()
            await run(postgres_binaries() / "pg_restore", "--exit-on-error", f"--dbname={url}", backup)
        assert (await cauri(url, "audit")).splitlines()[-1] == CLEAN
        return url


@pytest.fixture
async def vault(engine: str, database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Vault]:
    made: list[str] = []

    def create() -> str:
        postgres: Postgres = request.getfixturevalue("postgres")
        made.append(f"restored_{uuid.uuid4().hex}")
        postgres.do(f"CREATE DATABASE {made[-1]} TEMPLATE template0")
        return postgres.database(made[-1])

    yield Vault(database_url, tmp_path, create)
    for name in made:
        request.getfixturevalue("postgres").do(f"DROP DATABASE {name} WITH (FORCE)")


async def test_what_happened_since_the_backup_is_settled_again_where_getmipay_knows_it(
    database: Database, vault: Vault, tmp_path: Path
):
    port = free_port()
    async with running_town(database, tmp_path, port=port) as town:
        await town.knobs("getmipay", payout_delay_s=3600, payout_status=True)
        awa = await town.member("awa", balance=5_000)
        await awa.says("retirer 1000 orange 70 12 34 56")
        await awa.taps("Confirmer")
        await until(lambda: _asked(town, "payout"))
        await awa.says("recharger 3000 wave 70 12 34 56")
        await awa.taps("Recevoir le lien")
        link = await awa.payment_link("Payer 3 000 F CFA")
        backup = await vault.back_up()
        await town.pay(link, "0000")
        await awa.hears("✅ Recharge reçue : 3 000 F CFA")
        await _decide(town, "payout")
        await awa.hears("✅ Retrait effectué : 1 000 F CFA", "Votre solde : 7 000 F CFA")
        # Asked for and paid after the backup: no row in it knows of this one.
        await awa.says("recharger 700 wave 70 12 34 56")
        await awa.taps("Recevoir le lien")
        await awa.pays()
        await awa.hears("✅ Recharge reçue : 700 F CFA", "Votre solde : 7 700 F CFA")
        lost = (await town.transactions())[0]["id"]

    restored = Database(await vault.restore(backup))
    async with running_town(restored, tmp_path, port=port) as town:
        awa = await town.person("awa")
        assert await awa.balance() == 4_000
        await awa._note_now()
        async with town.ahead(timedelta(minutes=16)):
            await awa.hears("✅ Recharge reçue : 3 000 F CFA")
            await awa.hears("✅ Retrait effectué : 1 000 F CFA")
        assert await awa.balance() == 7_000
        # GetMiPay is asked to send the webhook again: it is true, and about nobody we know.
        await town.sandbox.post(f"/getmipay/api/transactions/{lost}/webhook", json={})
        assert await until(lambda: _unmatched(restored)) == [lost]
        assert await awa.balance() == 7_000
    await restored.close()


async def test_a_backup_made_while_everybody_writes_is_whole(database: Database, vault: Vault):
    writing = asyncio.create_task(_write(database))
    await until(lambda: _transfers(database))
    before = await _transfers(database)
    backup = await vault.back_up()
    after = await _transfers(database)
    writing.cancel()
    await asyncio.wait([writing])
    restored = Database(await vault.restore(backup))
    kept = await _transfers(restored)
    await restored.close()
    assert before <= kept <= after
    assert before < after


@ON_SQLITE
async def test_a_backup_never_replaces_another_one(database_url: str, tmp_path: Path):
    (tmp_path / "backup.sqlite3").write_bytes(b"of yesterday")
    with pytest.raises(NotReady, match="is there already"):
        await back_up(database_url, tmp_path / "backup.sqlite3")
    assert (tmp_path / "backup.sqlite3").read_bytes() == b"of yesterday"


async def test_where_there_is_no_database_none_is_made_and_copied(tmp_path: Path):
    with pytest.raises(NotReady, match="There is no database"):
        await back_up(f"sqlite:///{tmp_path / 'nobody.sqlite3'}", tmp_path / "backup.sqlite3")
    assert not (tmp_path / "backup.sqlite3").exists()


@ON_SQLITE
async def test_a_copy_in_which_a_franc_is_missing_is_no_backup(database: Database, database_url: str, tmp_path: Path):
    writing = asyncio.create_task(_write(database))
    await until(lambda: _transfers(database))
    writing.cancel()
    await asyncio.wait([writing])
    async with database.engine.begin() as connection:
        for name in await connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            await connection.execute(text(f"DROP TRIGGER {name}"))
        await connection.execute(text("UPDATE ledger_account SET balance = balance + 1 WHERE mode = 'member'"))
    assert not (await back_up(database_url, tmp_path / "backup.sqlite3")).is_clean
    assert not (tmp_path / "backup.sqlite3").exists()


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_a_database_that_has_tools_of_its_own_is_not_copied_by_us(database_url: str, tmp_path: Path):
    with pytest.raises(NotReady, match="pg_dump"):
        await back_up(database_url, tmp_path / "copy")


async def cauri(url: str, *words: str) -> str:
    """The command, as an operator runs it; what it says."""
    return await run(
        sys.executable, "-c", "import cli; cli.main()", *words,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "DATABASE_URL": url, "LANG": "C.UTF-8"},
    )  # fmt: skip


async def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    done = await asyncio.to_thread(
        subprocess.run, command, cwd="/", env=env, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    return done.stdout


async def _write(database: Database) -> None:
    """Deposits into one wallet, without end."""
    async with database.transaction() as session:
        provider = (await ledger.open_account(session, "house", AccountKind.PROVIDER)).id
        wallet = (await ledger.open_account(session, "member:awa", AccountKind.WALLET)).id
    while True:
        post = ledger.Post(
            id=new_id(), debit=provider, credit=wallet, amount=Money(100), kind="deposit", journal=new_id()
        )
        async with database.transaction() as session:
            await ledger.post(session, post)


async def _transfers(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(TRANSFER)) or 0


async def _unmatched(database: Database) -> list[str]:
    async with database.reading() as session:
        unknown = select(ProviderEvent.transaction_id).where(ProviderEvent.state == "unmatched")
        return list(await session.scalars(unknown))


async def _asked(town: Town, kind: str) -> bool:
    return any(each["kind"] == kind for each in await town.transactions())


async def _decide(town: Town, kind: str) -> None:
    name = next(each["id"] for each in await town.transactions() if each["kind"] == kind)
    answer = await town.sandbox.post(f"/getmipay/api/transactions/{name}/decide", json={"status": "success"})
    assert answer.is_success, answer.text
