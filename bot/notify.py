"""Notices: telling a member what became of something, in the message that told them it had begun."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import TRAITS
from bot.views import Button, Saying, View
from core import clock, i18n, outbox
from core.outbox import Destination, OutboxMessage
from members import Member, addresses_of

# An edit makes no sound: after this long, or when others were said since, the end of a payment is also said anew.
_SEEN_AT_ONCE = timedelta(minutes=2)


def notice(member: Member, key: str, *rows: list[Button], **params: object) -> View:
    """The sentence `key` in the member's language, over rows of buttons."""
    said = Saying(member.language, key, i18n.blanks(**params))
    return View(i18n.text(member.language, key, **params), tuple(tuple(row) for row in rows), said=said)


async def tell(session: AsyncSession, member: Member, view: View, *, subject: str, is_final: bool = False) -> None:
    """Tell a member where they were told about `subject` before, by turning that message; else where they wrote last.

    A final notice that might go unseen is said as a new message as well: because the chat went on, or because they
    have gone on in another one.
    """
    places = await places_of(session, member)
    talked = [(to, said) for to in places if (said := await outbox.last_about(session, to, subject)) is not None]
    for to, said in talked:
        await outbox.say(session, to, view.dump(), edits=said.id)
        if is_final and TRAITS[to.channel].edits and await _may_go_unseen(session, said):
            await outbox.say(session, to, view.dump(), subject=subject)
    if not talked or (is_final and places[0] not in [to for to, _ in talked]):
        await outbox.say(session, places[0], view.dump(), subject=subject)


async def places_of(session: AsyncSession, member: Member) -> list[Destination]:
    """Where a member is reached, the place they wrote from last first."""
    places = [Destination(each.channel, each.external_id) for each in await addresses_of(session, member.id)]
    heard = {to: await outbox.heard_at(session, to) for to in places}
    long_ago = datetime.min.replace(tzinfo=UTC)
    return sorted(places, key=lambda to: heard[to] or long_ago, reverse=True)


async def _may_go_unseen(session: AsyncSession, message: OutboxMessage) -> bool:
    return clock.now() - message.created_at > _SEEN_AT_ONCE or await outbox.has_said_since(session, message)
