"""Keeping aside: what came in and could not be read stays, with its error, for a person to look at."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.reception import ComeAgain
from core import inbox
from core.db import Database, is_database_away


async def keep_aside(database: Database, channel: str, external_id: str, raw: dict[str, Any], error: Exception) -> None:
    """Keep it whole. Raises ComeAgain when the database is away."""

    async def work(session: AsyncSession) -> None:
        await inbox.keep_aside(session, channel, external_id, raw, repr(error))

    try:
        await database.run(work)
    except Exception as away:
        if is_database_away(away):
            raise ComeAgain from away
        raise


def storable(value: Any) -> Any:
    """The same words without what no database can keep, NUL and half characters: such an update would come for ever."""
    match value:
        case str():
            return value.replace("\x00", "\ufffd").encode(errors="replace").decode()
        case dict():
            return {storable(name): storable(each) for name, each in value.items()}
        case list():
            return [storable(each) for each in value]
    return value
