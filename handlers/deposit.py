"""Topping up the wallet: /recharger."""

from datetime import timedelta
from typing import Any

from bot.chat import Chat, Flow
from bot.questions import OneOf, YesNo
from core import phones
from handlers.amounts import amount_within_limits
from handlers.questions import OneTimeCode, ask_phone
from members import use_phone
from payments import (
    Direction,
    Methods,
    Quote,
    Seal,
    check_deposit_request,
    pick,
    quote_deposit,
    refuse_loading,
    request_deposit,
)


def deposit(methods: Methods, link_life: timedelta, home: str, seal: Seal) -> Flow:
    """Top up the wallet from mobile money or a card."""

    async def run(chat: Chat) -> None:
        amount = await chat.ask("amount", amount_within_limits(chat))
        await refuse_loading(chat.session, chat.member, amount, amount)
        phone = await ask_phone(chat, home)
        offered = await methods.offered(chat.session, phone, Direction.DEPOSIT)
        chosen = await chat.ask("method", OneOf([(method.id, method.name) for method in offered]))
        method = pick(offered, chosen)

        async def fix_quote() -> Quote:
            quote = quote_deposit(amount, method)
            await check_deposit_request(chat.session, chat.member, quote)
            return quote

        quote = await chat.once("quote", Quote, fix_quote)
        terms: dict[str, Any] = {
            "amount": quote.amount,
            "fee": quote.fee,
            "arrives": quote.arrives,
            "method": method.name,
        }
        where = phones.pretty(phone)
        yes = YesNo(yes="button.get_link" if method.by_link else "button.confirm")
        if not await chat.ask("confirm", yes, phone=where, **terms):
            chat.say("deposit.declined")
            return
        # Asked last: the answer is gone with the dialogue, and never stands among those that are kept.
        code = None
        if method.code_from is not None:
            dial = method.code_from.format(amount=quote.amount.amount)
            code = await chat.ask("code", OneTimeCode(seal), dial=dial, phone=where, method=method.name)

        requested = await request_deposit(
            chat.session, chat.member, quote, phone, key=str(chat.run_id), link_life=link_life, sealed_code=code
        )
        await use_phone(chat.session, chat.member, phone.e164)
        preparing = "deposit.preparing" if method.by_link else "deposit.preparing_payment"
        chat.say(preparing, subject=f"deposit:{requested.id}", **terms)

    return run
