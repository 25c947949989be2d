"""What the members' tests say often."""

from core.db import Database
from members import Member, find_by_phone, register


async def newcomer(database: Database, external_id: str, name: str, language: str = "fr") -> Member:
    """Somebody who writes for the first time, or again, from their Telegram."""
    return await database.run(lambda session: register(session, "telegram", external_id, name, language))


async def owner_of(database: Database, e164: str) -> str | None:
    """The name of whoever has shown that this number is theirs."""
    async with database.reading() as session:
        member = await find_by_phone(session, e164)
        return member.name if member else None
