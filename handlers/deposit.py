"""Topping up the wallet: /recharger."""

from datetime import timedelta
from typing import Any

from bot.chat import Chat, Flow
from bot.questions import AmountOf, OneOf, YesNo
from core import phones
from handlers.questions import ask_phone
from members import limits_of, use_phone
from payments import Direction, Methods, Quote, check_deposit_request, quote_deposit, refuse_loading, request_deposit


def deposit(methods: Methods, link_life: timedelta, home: str) -> Flow:
    """Top up the wallet from mobile money or a card."""

    async def run(chat: Chat) -> None:
        limits = limits_of(chat.member)
        amount = await chat.ask("amount", AmountOf(limits.per_operation_at_least, limits.per_operation_at_most))
        await refuse_loading(chat.session, chat.member, amount, amount)
        phone = await ask_phone(chat, home)
        offered = methods.for_phone(phone, Direction.DEPOSIT)
        chosen = await chat.ask("method", OneOf([(method.id, method.name) for method in offered]))
        method = methods.choose(phone, chosen, Direction.DEPOSIT)

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
        if not await chat.ask("confirm", YesNo(yes="button.get_link"), phone=phones.pretty(phone), **terms):
            chat.say("deposit.declined")
            return

        requested = await request_deposit(
            chat.session, chat.member, quote, phone, key=str(chat.run_id), link_life=link_life
        )
        await use_phone(chat.session, chat.member, phone.e164)
        chat.say("deposit.preparing", subject=f"deposit:{requested.id}", **terms)

    return run
