"""Telegram's intake: its raw updates become `Incoming`, and are answered by the reception."""

from typing import Any

import structlog

from bot.channels.telegram import NAME, TelegramChannel
from bot.channels.telegram_updates import decode
from bot.keeping import keep_aside, storable
from bot.reception import ComeAgain, Reception
from core.db import Database

log = structlog.get_logger(__name__)


class Intake:
    """Takes Telegram's updates, polled or delivered, one at a time."""

    def __init__(self, database: Database, telegram: TelegramChannel, reception: Reception) -> None:
        self._database = database
        self._telegram = telegram
        self._reception = reception

    async def take(self, raw: dict[str, Any]) -> None:
        """Answer one update. One that cannot be read is kept aside: those behind it must not wait.

        Raises ComeAgain when the database is away, and nothing else: an update that cannot even be kept aside is let
        go, because coming again for ever it would keep everybody else waiting. It has moved nothing.
        """
        try:
            await self._take(storable(raw))
        except ComeAgain:
            raise
        except Exception:
            log.exception("telegram.let_go", update=str(raw.get("update_id")))

    async def _take(self, raw: dict[str, Any]) -> None:
        try:
            incoming = decode(raw, self._telegram.bot)
        except Exception as error:
            log.exception("telegram.unreadable", update=str(raw.get("update_id")))
            await keep_aside(self._database, NAME, str(raw.get("update_id")), raw, error)
            return
        if incoming is None:
            return
        if incoming.callback_id is not None and incoming.is_private:
            # At once: the answer is a message, and a button that spins makes people tap again.
            self._telegram.acknowledge(incoming.callback_id)
        toast = await self._reception.receive(incoming)
        if incoming.callback_id is not None and not incoming.is_private:
            self._telegram.acknowledge(incoming.callback_id, toast)
