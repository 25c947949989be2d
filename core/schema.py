"""The schema's version: brought up to date by Alembic, and checked at start so that old tables never meet new code."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from core.db import Database

_LOCK = 0x6361757269  # "cauri": any number will do, as long as it is ours alone
_MIGRATIONS = Path(__file__).parent.parent / "migrations"


async def migrate(database: Database) -> None:
    """Bring the tables up to the newest version; does nothing where they already are."""
    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade)


async def is_current(database: Database) -> bool:
    """Whether the tables are those that this release was written for."""
    async with database.engine.connect() as connection:
        found = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    return found == ScriptDirectory.from_config(_config()).get_current_head()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Two servers that start at once would both begin with the same step: the second one waits, and finds it done.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
