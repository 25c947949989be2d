"""Waiving a fine: an officer says why, a second one agrees, and everybody sees it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.notify import notice, tell
from bot.questions import OneOf, Question
from core import i18n
from core.money import Money
from handlers.tontine.answers import leading_to
from handlers.tontine.people import name_of, officers
from handlers.tontine.which import ask_tontine
from tontines import Fine, Tontine, ask_waiver
from tontines.officers import require_office
from tontines.reasons import checked_reason
from tontines.states import FineState

WAIVER = "waiver"


class Reason(Question[str]):
    """Why, in a few words that others will read."""

    is_in_own_words = True

    async def read_text(self, text: str, session: AsyncSession) -> str:
        return checked_reason(text)


async def waiver(chat: Chat) -> None:
    """An officer proposes to waive a fine; it is waived once another officer has agreed."""
    fine = await _fine(chat)
    if fine is None:
        return
    name, amount = await name_of(chat.session, fine.membership_id), Money(fine.amount)
    reason = await chat.ask("reason", Reason(), name=name, amount=amount)
    await ask_waiver(chat.session, fine.id, reason, by=chat.member.id)
    chat.say("waiver.asked", reason=reason, name=name, amount=amount)


async def propose_to_officers(session: AsyncSession, fine: Fine) -> None:
    """Tell the officers that who was fined asks for mercy; each may propose it, with a reason."""
    tontine = await session.get_one(Tontine, fine.tontine_id)
    name = await name_of(session, fine.membership_id)
    for officer in await officers(session, tontine.id, fine.membership_id):
        propose = await leading_to(session, officer, "propose_waiver", WAIVER, {"fine": str(fine.id)})
        view = notice(officer, "fine.plea", [propose], name=name, amount=Money(fine.amount), tontine=tontine.name)
        await tell(session, officer, view, subject=f"fine:{fine.id}", is_final=True)


async def _fine(chat: Chat) -> Fine | None:
    """The fine that a button named, or one of those that are owed."""
    if hinted := chat.run.hints.get("fine"):
        return await chat.session.get_one(Fine, UUID(hinted))
    tontine = await ask_tontine(chat)
    if tontine is None:
        return None
    await require_office(chat.session, tontine.id, chat.member.id)
    owed = select(Fine).where(Fine.tontine_id == tontine.id, Fine.state == FineState.OWED).order_by(Fine.id)
    fines = list(await chat.session.scalars(owed))
    if not fines:
        chat.say("waiver.none", tontine=tontine.name)
        return None
    names = [
        (
            str(fine.id),
            f"{number}. {await name_of(chat.session, fine.membership_id)} · {i18n.amount(Money(fine.amount))}",
        )
        for number, fine in enumerate(fines, 1)
    ]
    chosen = await chat.ask("fine", OneOf(names, columns=1))
    return await chat.session.get_one(Fine, UUID(chosen))
