"""Renumbering: somebody has another id on a channel, and goes on where they were."""

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import Conversation
from core import outbox
from core.outbox import Destination
from members import renumber


async def go_on_as(session: AsyncSession, channel: str, old: str, new: str, alias: str | None = None) -> bool:
    """What was theirs as `old` is theirs as `new`; False where nothing changed, see `members.renumber`.

    `alias` is the number that goes with the new id. What waited for the old address waits for the new one: the old
    number may soon be read by somebody else.
    """
    address = await renumber(session, channel, old, new, alias)
    if address is None:
        return False
    if old != new:
        await take_along(session, channel, old, new)
    return True


async def take_along(session: AsyncSession, channel: str, old: str, new: str) -> None:
    """What waits to be said, what was said, and what was asked go with the person to their new id."""
    await outbox.heard(session, Destination(channel, old))
    await outbox.move(session, Destination(channel, old), new)
    taken = exists().where(Conversation.channel == channel, Conversation.chat == new)
    if not await session.scalar(select(taken)):
        theirs = (Conversation.channel == channel, Conversation.chat == old)
        await session.execute(update(Conversation).where(*theirs).values(chat=new, person=new))
