"""Whether the database is there and has this release's tables; where it is not, a sentence says what to do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import stamina

from core import schema
from core.bells import is_pgbouncer
from core.db import Database, is_database_away, is_through_pgbouncer

_COMES_WITHIN_S = 60
_ASK_AGAIN_S = 0.2
_ASK_RARELY_S = 5


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
            raise NotReady(_unreachable(error)) from error
        raise
    finally:
        await database.close()


async def wait_for_database(database: Database) -> None:
    """Wait until the database can be spoken to: when power comes back it may be there later than we are.

    Raises NotReady where it does not come, and where it is a file that cannot be opened.
    """
    attempts = 1 if database.is_sqlite else None
    again = stamina.retry_context(
        on=is_database_away,
        attempts=attempts,
        timeout=_COMES_WITHIN_S,
        wait_initial=_ASK_AGAIN_S,
        wait_max=_ASK_RARELY_S,
    )
    try:
        async for attempt in again:
            with attempt:
                async with database.engine.connect():
                    return
    except Exception as error:
        if is_database_away(error):
            raise NotReady(_unreachable(error)) from error
        raise


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


def _unreachable(error: Exception) -> str:
    return f"The database cannot be reached ({type(error).__name__}): check DATABASE_URL."
