from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table

from core.db import Database, Model
from ledger import tables

OURS = {table.name for table in vars(tables).values() if isinstance(table, Table)}


async def test_the_migrated_schema_is_the_one_the_code_speaks_of(database: Database):
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


def _differences(connection: Connection) -> list[object]:
    def is_ours(_: object, name: str | None, kind: str, __: object, parent: object) -> bool:
        return kind != "table" or name in OURS

    options = {"include_object": is_ours, "compare_type": True}
    return compare_metadata(MigrationContext.configure(connection, opts=options), Model.metadata)


def test_all_six_tables_are_compared():
    assert len(OURS) == 6
