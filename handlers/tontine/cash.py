"""Cash: the treasurer declares who gave banknotes; it counts once that member has confirmed."""

from uuid import UUID

from bot.chat import Chat
from bot.questions import AmountOf, OneOf, YesNo
from core.money import Money
from handlers.tontine.people import cut
from handlers.tontine.which import ask_tontine
from members import Member
from tontines import Membership, Role, Tontine, active_membership, declare_cash, dues_owed, memberships_of
from tontines.officers import require_office


async def cash(chat: Chat) -> None:
    """Declare banknotes that a member gave for what they owe."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    await require_office(chat.session, tontine.id, chat.member.id, Role.TREASURER, Role.PRESIDENT)
    owing = await _owing(chat, tontine)
    if not owing:
        chat.say("cash.nobody_owes", tontine=tontine.name)
        return
    names = [(str(member.id), f"{number}. {cut(member.name)}") for number, member in enumerate(owing, 1)]
    chosen = await chat.ask("whom", OneOf(names), tontine=tontine.name)
    whom = await chat.session.get_one(Member, UUID(chosen))
    mine = await active_membership(chat.session, tontine.id, whom.id)
    owed = Money(sum(due.outstanding for due in await dues_owed(chat.session, mine.id)))
    amount = await chat.ask("amount", AmountOf(Money(1), owed), name=cut(whom.name), owed=owed)
    if not await chat.ask("confirm", YesNo(), amount=amount, name=cut(whom.name), tontine=tontine.name):
        chat.say("cash.not_declared")
        return
    await declare_cash(chat.session, tontine.id, whom.id, amount, by=chat.member.id, key=str(chat.run_id))
    chat.say("cash.is_declared", amount=amount, name=cut(whom.name))


async def _owing(chat: Chat, tontine: Tontine) -> list[Member]:
    """The others who owe something: nobody declares their own cash."""
    others = [each for each in await memberships_of(chat.session, tontine.id) if each.member_id != chat.member.id]
    return [await _person(chat, each) for each in others if await dues_owed(chat.session, each.id)]


async def _person(chat: Chat, membership: Membership) -> Member:
    return await chat.session.get_one(Member, membership.member_id)
