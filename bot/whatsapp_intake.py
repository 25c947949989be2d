"""WhatsApp's intake: each entry of a webhook is answered by the reception, written down, or kept aside."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.whatsapp import WhatsAppChannel
from bot.channels.whatsapp_drawing import PAGE
from bot.channels.whatsapp_templates import READ
from bot.channels.whatsapp_updates import NAME, Heard, Receipt, Renumbered, Unanswered, Unreadable, decode
from bot.incoming import Incoming
from bot.keeping import keep_aside, storable
from bot.receipts import note, place_of
from bot.reception import ComeAgain, Reception
from bot.renumbering import go_on_as
from bot.views import View
from core import inbox, outbox
from core.db import Database, is_database_away

log = structlog.get_logger(__name__)


class WhatsAppIntake:
    """Takes WhatsApp's webhooks. One may hold several messages: each is answered in a transaction of its own."""

    def __init__(self, database: Database, whatsapp: WhatsAppChannel, reception: Reception) -> None:
        self._database = database
        self._whatsapp = whatsapp
        self._reception = reception

    async def take(self, body: dict[str, Any]) -> None:
        """Take every entry of a webhook, in their order; one that fails does not take the others with it.

        Raises ComeAgain when the database is away, and nothing else: the whole webhook comes again then, and what was
        answered already is not answered twice.
        """
        for heard in decode(storable(body), self._whatsapp.phone_id):
            try:
                await self._take(heard)
            except ComeAgain:
                raise
            except Exception:
                log.exception("whatsapp.let_go", kind=type(heard).__name__)

    async def _take(self, heard: Heard) -> None:
        match heard:
            case Incoming():
                await self._answer(heard)
            case Receipt():
                await self._write(lambda session: note(session, heard))
            case Renumbered():
                await self._write(lambda session: _renumber(session, heard))
            case Unreadable():
                log.error("whatsapp.unreadable", message=heard.id, reason=repr(heard.error))
                await keep_aside(self._database, NAME, heard.id, heard.raw, heard.error)
            case Unanswered():
                log.debug("whatsapp.unanswered", kind=heard.kind)

    async def _answer(self, incoming: Incoming) -> None:
        if not incoming.is_private:
            return
        # At once: the answer is another message, and until it comes there is nothing to see but this.
        self._whatsapp.acknowledge(incoming.id)
        page = _page(incoming)
        if incoming.kind == "tap" and incoming.text == READ:
            await self._write(lambda session: _window_opened(session, incoming))
        elif page is None or not await self._write(lambda session: _turn(session, incoming, page)):
            await self._reception.receive(incoming)

    async def _write(self, work: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        try:
            return await self._database.run(work)
        except Exception as error:
            if is_database_away(error):
                raise ComeAgain from error
            raise


async def _window_opened(session: AsyncSession, incoming: Incoming) -> None:
    """The nudge's button: what waited for it is said now, and nothing else."""
    if await inbox.claim(session, NAME, incoming.id):
        await outbox.heard(session, await place_of(session, incoming.person, incoming.alias))


async def _turn(session: AsyncSession, incoming: Incoming, page: int) -> bool:
    """Say the tapped message again with another page of its choices; False when nobody knows that message."""
    here = await place_of(session, incoming.person, incoming.alias)
    shown = await outbox.shown_as(session, here, incoming.message_id) if incoming.message_id else None
    if shown is None:
        return False
    if await inbox.claim(session, NAME, incoming.id):
        await outbox.heard(session, here)
        view = replace(View.load(shown.view), page=page, picture=None, document=None)
        await outbox.say(session, here, view.dump())
    return True


def _page(incoming: Incoming) -> int | None:
    """The page that was asked for; None for any other tap."""
    first, _, number = incoming.text.partition(":")
    is_page = incoming.kind == "tap" and first == PAGE and number.isascii() and number.isdigit()
    return int(number) if is_page and len(number) < len("1000") else None


async def _renumber(session: AsyncSession, heard: Renumbered) -> None:
    """Their id, where Meta tells one, is what they are known by from now on, beside the new number."""
    if not await inbox.claim(session, NAME, heard.id):
        return
    new = heard.new_user_id or heard.new_number
    if new is not None and (heard.old_user_id or heard.old_number):
        old = await place_of(session, heard.old_user_id, heard.old_number)
        await go_on_as(session, NAME, old.chat, new, heard.new_number if heard.new_user_id else None)
