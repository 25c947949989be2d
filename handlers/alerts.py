"""Alerts: what an operator has to look at, said in the operators' chat and in the log."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

import operators
import payments
from bot.views import View
from core import clock, i18n, outbox
from core.events import subscribe
from core.jobs import Jobs, Payload
from core.outbox import Destination
from operators import Decision, Operator

# The same thing is not said again before: an operator who reads it once knows it.
SAID_AGAIN_AFTER = timedelta(hours=1)

# A signed webhook that does not fit its payment, whatever it is that does not fit.
_SET_ASIDE = {"names_two_payments", "other_currency", "other_transaction", "status_contradicts_event", "unknown_event"}

log = structlog.get_logger(__name__)


class Alerts:
    """The operators' chat: a Telegram chat's id, or nothing while there is none, and the log alone says it."""

    def __init__(self, chat: str) -> None:
        self._chat = Destination("telegram", chat) if chat else None

    def register(self, jobs: Jobs) -> None:
        """Hear of everything in payments that an operator has to look at, and of what wants a second one."""
        subscribe(jobs, payments.ALERT, self._hear)
        subscribe(jobs, operators.PROPOSED, self._ask_for_approval)

    async def tell(self, session: AsyncSession, reason: str, about: str = "", **facts: object) -> None:
        """Say why an operator has to look, and at what; once an hour for the same thing, whatever its facts."""
        subject = f"alert:{reason}:{about}"[:80]
        if self._chat is not None:
            told = await outbox.last_about(session, self._chat, subject)
            if told is not None and clock.now() - told.created_at < SAID_AGAIN_AFTER:
                return
            await outbox.say(session, self._chat, _sentence(reason, about, facts).dump(), subject=subject)
        log.error("alert", reason=reason, about=about, **facts)

    async def _hear(self, session: AsyncSession, payload: Payload) -> None:
        await self.tell(session, payload["reason"], payload["reference"])

    async def _ask_for_approval(self, session: AsyncSession, payload: Payload) -> None:
        """A proposal that is decided by now asks nobody any more."""
        decision = await session.get_one(Decision, UUID(payload["id"]))
        if decision.verdict is None:
            by = await session.get_one(Operator, decision.proposed_by)
            await self.tell(session, "approval_wanted", decision.subject, by=by.name, why=decision.reason)


def _sentence(reason: str, about: str, facts: Mapping[str, object]) -> View:
    """What operators read: in the house's own language, since their chat is nobody's own."""
    key = f"alert.{'set_aside' if reason in _SET_ASIDE else reason}"
    known = key in i18n.keys(i18n.DEFAULT_LANGUAGE)
    return View(i18n.text(i18n.DEFAULT_LANGUAGE, key if known else "alert.other", about=about, reason=reason, **facts))
