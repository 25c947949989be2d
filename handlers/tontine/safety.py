"""What keeps a tontine safe: a guarantor, a security deposit, a set-off, and officers who declare a default."""

from uuid import UUID

import ledger
from bot.chat import Chat
from bot.questions import AmountOf, OneOf, YesNo
from core.money import Money
from handlers.amounts import available
from handlers.tontine.decisions import WalletTooSmall
from handlers.tontine.leaving import ask_member
from handlers.tontine.people import cut, name_of
from handlers.tontine.which import ask_tontine
from members import Member
from tontines import (
    Membership,
    Tontine,
    agree_to_set_off,
    ask_guarantee,
    declare_default,
    end_default,
    late_dues,
    memberships_of,
    pay_caution,
    return_caution,
)
from tontines.officers import DECIDING, require_office


async def guarantee(chat: Chat) -> None:
    """Ask another member to answer for oneself, up to an amount."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    guarantor = await ask_member(chat, tontine)
    once = tontine.rules.contribution
    amount = await chat.ask("amount", AmountOf(Money(1), Money(once * 100)), name=cut(guarantor.name))
    await ask_guarantee(chat.session, tontine.id, chat.member.id, guarantor.id, amount)
    chat.say("guarantee.is_asked", name=cut(guarantor.name), amount=amount)


async def caution(chat: Chat) -> None:
    """Pay one's security deposit from the wallet."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    wanted = Money(tontine.rules.caution)
    if not wanted:
        chat.say("caution.none", tontine=tontine.name)
        return
    amount = await chat.ask("amount", AmountOf(Money(1), wanted), tontine=tontine.name)
    try:
        held = await pay_caution(
            chat.session, tontine.id, chat.member.id, amount, payer_id=chat.member.id, key=str(chat.run_id)
        )
    except ledger.InsufficientFunds:
        raise WalletTooSmall(amount=amount) from None
    chat.say("caution.kept", held=Money(held), tontine=tontine.name, balance=await available(chat))


async def take_caution_back(chat: Chat) -> None:
    """Have one's security deposit back, once nothing is owed."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    back = await return_caution(chat.session, tontine.id, chat.member.id)
    chat.say("caution.back" if back else "caution.nothing_back", amount=Money(back), tontine=tontine.name)


async def set_off(chat: Chat) -> None:
    """Agree that what one owes late is kept from the pots one receives."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    if not await chat.ask("confirm", YesNo("button.agree"), tontine=tontine.name):
        chat.say("set_off.not_agreed")
        return
    await agree_to_set_off(chat.session, tontine.id, chat.member.id)
    chat.say("set_off.is_agreed", tontine=tontine.name)


async def default(chat: Chat) -> None:
    """An officer declares that a late member is in default, or that one who has paid all that was late no longer is."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    await require_office(chat.session, tontine.id, chat.member.id, *DECIDING)
    late, cleared = await _late_and_cleared(chat, tontine)
    if not late and not cleared:
        chat.say("default.nobody_is_late", tontine=tontine.name)
        return
    names = [
        (str(each.member_id), f"{number}. {await name_of(chat.session, each.id)}{' ✅' if each in cleared else ''}")
        for number, each in enumerate([*late, *cleared], 1)
    ]
    chosen = await chat.ask("whom", OneOf(names), tontine=tontine.name)
    whom = await chat.session.get_one(Member, UUID(chosen))
    if whom.id in {each.member_id for each in cleared}:
        if await chat.ask("clear", YesNo(), name=cut(whom.name), tontine=tontine.name):
            await end_default(chat.session, tontine.id, whom.id, by=chat.member.id)
            chat.say("default.is_over", name=cut(whom.name), tontine=tontine.name)
        else:
            chat.say("default.not_declared")
        return
    if not await chat.ask("confirm", YesNo(), name=cut(whom.name), tontine=tontine.name):
        chat.say("default.not_declared")
        return
    await declare_default(chat.session, tontine.id, whom.id, by=chat.member.id)
    chat.say("default.is_declared", name=cut(whom.name))


async def _late_and_cleared(chat: Chat, tontine: Tontine) -> tuple[list[Membership], list[Membership]]:
    """Of the others: who is late and not declared so, and who is declared so and not late any more."""
    late: list[Membership] = []
    cleared: list[Membership] = []
    for each in await memberships_of(chat.session, tontine.id):
        is_late = bool(await late_dues(chat.session, each.id))
        if each.member_id != chat.member.id and is_late == (each.defaulted_at is None):
            (late if is_late else cleared).append(each)
    return late, cleared
