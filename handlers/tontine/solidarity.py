"""The solidarity fund: give to it, ask it for help. Two officers grant."""

import ledger
from bot.chat import Chat
from bot.questions import AmountOf, OneOf
from core.money import Money
from handlers.amounts import available
from handlers.tontine.decisions import WalletTooSmall
from handlers.tontine.fine_waivers import Reason
from handlers.tontine.which import ask_tontine
from members import limits_of
from tontines import Tontine, ask_grant, fund_balance, give_to_fund

_GIVE, _ASK = "give", "ask"


async def solidarity(chat: Chat) -> None:
    """See what the fund holds; give to it, or ask it for help."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    holds = await fund_balance(chat.session, tontine.id)
    wishes = [(_GIVE, chat.text("fund.give")), (_ASK, chat.text("fund.ask_for_help"))]
    wish = await chat.ask("wish", OneOf(wishes, columns=1), tontine=tontine.name, holds=holds)
    await (_give if wish == _GIVE else _ask)(chat, tontine)


async def _give(chat: Chat, tontine: Tontine) -> None:
    at_most = limits_of(chat.member).per_operation_at_most
    amount = await chat.ask("amount", AmountOf(Money(1), at_most), balance=await available(chat))
    try:
        await give_to_fund(chat.session, tontine.id, chat.member.id, amount, key=str(chat.run_id))
    except ledger.InsufficientFunds:
        raise WalletTooSmall(amount=amount) from None
    chat.say("fund.given", amount=amount, tontine=tontine.name, balance=await available(chat))


async def _ask(chat: Chat, tontine: Tontine) -> None:
    at_most = limits_of(chat.member).per_operation_at_most
    amount = await chat.ask("needed", AmountOf(Money(1), at_most))
    reason = await chat.ask("reason", Reason())
    await ask_grant(chat.session, tontine.id, chat.member.id, amount, reason, by=chat.member.id, key=str(chat.run_id))
    chat.say("fund.asked", amount=amount, tontine=tontine.name)
