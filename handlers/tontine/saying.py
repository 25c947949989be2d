"""What the notices about rounds share: the facts they name, and how they reach a member."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice, tell
from bot.views import Button
from core import i18n, outbox
from core.jobs import Payload
from core.money import Money
from core.outbox import Destination
from handlers.tontine.answers import answer, leading_to
from handlers.tontine.decisions import LONG_DELAY, SHORT_DELAY
from handlers.tontine.people import name_of
from handlers.tontine.which import TONTINE
from members import Member, addresses_of
from tontines import Round, Tontine, beneficiaries_of, dues_of_round


async def say(
    session: AsyncSession, member: Member, round_: Round, key: str, *buttons: list[Button], subject: str,
    **params: object,
) -> None:  # fmt: skip
    """Tell a member something of a round, in the message about `subject` or a new one."""
    until = i18n.moment(member.language, round_.deadline, member.time_zone)
    view = notice(member, key, *buttons, until=until, **params)
    await tell(session, member, view, subject=subject, is_final=True)


async def was_told(session: AsyncSession, member: Member, subject: str) -> bool:
    """Whether the member has read anything about `subject`."""
    for address in await addresses_of(session, member.id):
        to = Destination(address.channel, address.external_id)
        if await outbox.last_about(session, to, subject) is not None:
            return True
    return False


async def facts_of_round(session: AsyncSession, round_: Round) -> dict[str, Any]:
    """What most sentences about a round name."""
    names = [await name_of(session, each) for each in await beneficiaries_of(session, round_)]
    tontine = await session.get_one(Tontine, round_.tontine_id)
    return {"tontine": tontine.name, "number": round_.number, "beneficiary": ", ".join(names)}


async def round_of(session: AsyncSession, payload: Payload) -> Round:
    """The round that an event speaks of, as it is now."""
    return await session.get_one(Round, UUID(payload["round"]), populate_existing=True)


async def collected(session: AsyncSession, round_: Round) -> Money:
    """What the round's pot has received."""
    return Money(sum(due.paid for due in await dues_of_round(session, round_.id)))


async def contribute_button(session: AsyncSession, member: Member, tontine: Tontine) -> Button:
    """The way to the confirmation of all that the member owes in a tontine."""
    return await leading_to(session, member, "contribute", "contribute", {TONTINE: str(tontine.id), "amount": "due"})


async def delay_buttons(session: AsyncSession, member: Member, round_id: UUID) -> list[Button]:
    """« Demander un délai » in one tap: a few days, or a week."""
    return [
        await answer(session, member, "ask_delay", "delay-short", round_id, days=SHORT_DELAY),
        await answer(session, member, "ask_delay", "delay-long", round_id, days=LONG_DELAY),
    ]
