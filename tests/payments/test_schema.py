"""The migration makes the tables that the models describe."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

import payments
from core.db import Database, Model

TABLES = {"deposit", "payout", "send", "provider_event", "provider_service", "breaker"}


def differences(connection: Connection) -> list[object]:
    options = {"include_name": lambda name, kind, _: kind != "table" or name in TABLES, "compare_type": True}
    found = compare_metadata(MigrationContext.configure(connection, opts=options), Model.metadata)
    return [change for change in found if any(f"'{table}'" in repr(change) for table in TABLES)]


async def test_the_migrated_tables_are_those_of_the_models(database: Database) -> None:
    assert payments.Deposit.__tablename__ in Model.metadata.tables
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
