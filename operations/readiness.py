"""Whether the database is there and has this release's tables; where it is not, a sentence says what to do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core import schema
from core.bells import is_pgbouncer
from core.db import Database, is_database_away, is_through_pgbouncer


class NotReady(Exception):
    """A command cannot do its work; the message says why, and what to do."""


@asynccontextmanager
async def opened(database_url: str) -> AsyncIterator[Database]:
    """The database, closed afterwards. Raises NotReady where it cannot be reached."""
    database = Database(database_url)
    try:
        yield database
    except Exception as error:
        if is_database_away(error):
            raise NotReady(f"The database cannot be reached ({type(error).__name__}): check DATABASE_URL.") from error
        raise
    finally:
        await database.close()


async def refuse_old_tables(database: Database) -> None:
    """Raises NotReady unless the tables are those that this release was written for."""
    if not await schema.is_current(database):
        raise NotReady("The database's tables are not those of this release: run `cauri migrate` first.")


async def refuse_unsaid_pgbouncer(database: Database) -> None:
    """Raises NotReady where DATABASE_URL leads to PgBouncer and does not say so: prepared statements would get lost."""
    if database.is_sqlite or is_through_pgbouncer(database.url):
        return
    async with database.engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        if await is_pgbouncer(raw):
            raise NotReady("DATABASE_URL leads to PgBouncer: end it in ?pgbouncer=true, and set LISTEN_URL.")
