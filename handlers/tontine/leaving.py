"""Leaving a tontine, or handing one's place over to another member."""

from uuid import UUID

from bot.chat import Chat
from bot.questions import OneOf, YesNo
from core.money import Money
from handlers.tontine.people import cut
from handlers.tontine.which import ask_tontine
from members import Member
from tontines import Tontine, leave, memberships_of, offer_replacement


async def leave_tontine(chat: Chat) -> None:
    """Leave: before one's turn nothing more is owed, after it all is paid first."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    if not await chat.ask("confirm", YesNo("button.leave"), tontine=tontine.name):
        chat.say("leave.stays", tontine=tontine.name)
        return
    await leave(chat.session, tontine.id, chat.member.id)
    chat.say("leave.done", tontine=tontine.name)


async def hand_over(chat: Chat) -> None:
    """Offer all one's shares to another member, who buys in for what was paid so far."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    successor = await ask_member(chat, tontine)
    if not await chat.ask("confirm", YesNo(), tontine=tontine.name, name=cut(successor.name)):
        chat.say("leave.stays", tontine=tontine.name)
        return
    offer = await offer_replacement(chat.session, tontine.id, chat.member.id, successor.id, key=str(chat.run_id))
    chat.say("hand_over.offered", name=cut(successor.name), price=Money(offer.price))


async def ask_member(chat: Chat, tontine: Tontine) -> Member:
    """One of the others who take part, told apart by a number."""
    others = [each for each in await memberships_of(chat.session, tontine.id) if each.member_id != chat.member.id]
    people = [await chat.session.get_one(Member, each.member_id) for each in others]
    names = [(str(each.id), f"{number}. {cut(each.name)}") for number, each in enumerate(people, 1)]
    chosen = await chat.ask("whom", OneOf(names), tontine=tontine.name)
    return await chat.session.get_one(Member, UUID(chosen))
