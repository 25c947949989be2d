"""Notices: telling a member what became of something, in the message that told them it had begun."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.views import Button, View
from core import clock, i18n, outbox
from core.outbox import Destination, OutboxMessage
from members import Member, addresses_of

# An edit makes no sound: after this long, or when others were said since, the end of a payment is also said anew.
_SEEN_AT_ONCE = timedelta(minutes=2)


def notice(member: Member, key: str, *rows: list[Button], **params: object) -> View:
    """The sentence `key` in the member's language, over rows of buttons."""
    return View(i18n.text(member.language, key, **params), tuple(tuple(row) for row in rows))


async def tell(session: AsyncSession, member: Member, view: View, *, subject: str, is_final: bool = False) -> None:
    """Tell a member, wherever they are reached: by turning the message about `subject`, or by a new one.

    A final notice that might go unseen, because the chat went on, is said as a new message as well.
    """
    for address in await addresses_of(session, member.id):
        to = Destination(address.channel, address.external_id)
        waiting = await outbox.last_about(session, to, subject)
        if waiting is not None:
            await outbox.say(session, to, view.dump(), edits=waiting.id)
        if waiting is None or (is_final and await _may_go_unseen(session, waiting)):
            await outbox.say(session, to, view.dump(), subject=subject)


async def _may_go_unseen(session: AsyncSession, message: OutboxMessage) -> bool:
    return clock.now() - message.created_at > _SEEN_AT_ONCE or await outbox.has_said_since(session, message)
