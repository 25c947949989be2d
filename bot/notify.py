"""Notices: telling a member what became of something, in the message that told them it had begun."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.views import Button, View
from core import clock, i18n, outbox
from core.outbox import Destination, OutboxMessage
from members import Member, addresses_of

Speak: TypeAlias = Callable[..., str]
Rows: TypeAlias = Callable[[Speak], list[list[Button]]]

# An edit makes no sound: after this long, or when others were said since, the end of a payment is also said anew.
_SEEN_AT_ONCE = timedelta(minutes=2)


async def tell(
    session: AsyncSession, member_id: UUID, key: str, *, subject: str, is_final: bool = False,
    buttons: Rows | None = None, **params: object,
) -> None:  # fmt: skip
    """Tell a member, wherever they are reached: by turning the message about `subject`, or by a new one.

    `buttons` is asked for its rows with the member's own language to speak. A final notice that might go unseen,
    because the chat went on, is said as a new message as well.
    """
    member = await session.get_one(Member, member_id)
    speak = partial(i18n.text, member.language)
    rows = tuple(tuple(row) for row in buttons(speak)) if buttons else ()
    view = View(speak(key, **params), rows)
    for address in await addresses_of(session, member_id):
        to = Destination(address.channel, address.external_id)
        waiting = await outbox.last_about(session, to, subject)
        if waiting is not None:
            await outbox.say(session, to, view.dump(), edits=waiting.id)
        if waiting is None or (is_final and await _may_go_unseen(session, waiting)):
            await outbox.say(session, to, view.dump(), subject=subject)


async def _may_go_unseen(session: AsyncSession, message: OutboxMessage) -> bool:
    return clock.now() - message.created_at > _SEEN_AT_ONCE or await outbox.has_said_since(session, message)
