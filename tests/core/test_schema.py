import shutil
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from core import inbox
from core.db import Database, Model
from core.schema import is_current, migrate

HOUSE = Path(__file__).parent.parent.parent


async def tables_of(database: Database) -> set[str]:
    async with database.engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def test_the_migrated_tables_are_those_the_code_speaks_of(database: Database):
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Model.metadata)

    _import_every_table()
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    assert await tables_of(database) == {*Model.metadata.tables, "alembic_version"}


async def test_a_migrated_database_is_current_and_migrating_it_again_keeps_everything(database: Database):
    assert await is_current(database)
    await database.run(lambda session: inbox.claim(session, "telegram", "1"))
    before = await tables_of(database)
    await migrate(database)
    assert await is_current(database)
    assert await tables_of(database) == before
    assert not await database.run(lambda session: inbox.claim(session, "telegram", "1"))


async def test_tables_of_another_release_are_told_apart(database: Database):
    await database.run(lambda session: session.execute(text("UPDATE alembic_version SET version_num = '0001'")))
    assert not await is_current(database)


async def test_a_fresh_file_is_not_current_until_it_is_migrated(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/var/cauri.sqlite3")
    assert not await is_current(database)
    await migrate(database)
    assert await is_current(database)
    await database.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_migration_that_fails_half_way_leaves_the_tables_as_they_were(
    sqlite_template: Path, tmp_path: Path, engine: str
):
    file = tmp_path / "half.sqlite3"
    shutil.copy(sqlite_template, file)
    database = Database(f"sqlite:///{file}")
    # As if it were still empty: the first migration finds its first table there already.
    await database.run(lambda session: session.execute(text("DELETE FROM alembic_version")))
    await database.run(lambda session: session.execute(text("DROP TABLE outbox_message")))
    await database.run(lambda session: session.execute(text("DROP TABLE job")))
    before = await tables_of(database)
    with pytest.raises(Exception, match="already exists"):
        await migrate(database)
    assert await tables_of(database) == before
    assert not await is_current(database)
    await database.close()


def _import_every_table() -> None:
    """One metadata describes the whole schema, once every module that has tables was imported."""
    for package in ("bot", "console", "core", "ledger", "members", "operators", "payments", "tontines"):
        for path in sorted((HOUSE / package).rglob("*.py")):
            if "__tablename__" in path.read_text("utf-8") or "metadata," in path.read_text("utf-8"):
                import_module(".".join(path.relative_to(HOUSE).with_suffix("").parts))
