"""Taking money out to mobile money: /retirer."""

from typing import Any

from bot.chat import Chat, Flow
from bot.questions import OneOf, YesNo
from core import phones
from handlers.amounts import ask_amount_to_take, refuse_at_the_start
from handlers.guard_notices import tell_of_number
from handlers.proving import prove_taking_out
from handlers.questions import ask_phone
from members import use_phone
from payments import Direction, Methods, Quote, check_payout_request, pick, quote_payout, request_payout
from payments.cooling import accept_number, is_new_number


def withdraw(methods: Methods, home: str) -> Flow:
    """Send money from the wallet to a mobile money account."""

    async def run(chat: Chat) -> None:
        await refuse_at_the_start(chat)
        amount = await ask_amount_to_take(chat)
        if amount is None:
            return
        phone = await ask_phone(chat, home)
        offered = await methods.offered(chat.session, phone, Direction.PAYOUT)
        chosen = await chat.ask("method", OneOf([(method.id, method.name) for method in offered]))
        method = pick(offered, chosen)

        async def fix_quote() -> Quote:
            quote = quote_payout(amount, method)
            await check_payout_request(chat.session, chat.member, quote, phone)
            return quote

        quote = await chat.once("quote", Quote, fix_quote)
        rounding = chat.text("withdraw.rounded", rest=quote.rest) if quote.rest else ""
        terms: dict[str, Any] = {
            "arrives": quote.arrives,
            "fee": quote.fee,
            "debited": quote.debited,
            "method": method.name,
        }
        where = phones.pretty(phone)
        if not await chat.ask("confirm", YesNo(), phone=where, rounding=rounding, **terms):
            chat.say("withdraw.declined")
            return

        is_new = await is_new_number(chat.session, chat.member.id, phone.e164)
        about = chat.text("pin.about.withdraw", amount=quote.arrives, method=method.name, phone=where)
        await prove_taking_out(chat, quote.arrives, about, always=is_new)
        payout = await request_payout(chat.session, chat.member, quote, phone, key=str(chat.run_id))
        await use_phone(chat.session, chat.member, phone.e164)
        if is_new:
            await accept_number(chat.session, chat.member.id, phone.e164)
            await tell_of_number(chat.session, chat.member, phone)
        chat.say("withdraw.on_its_way", subject=f"payout:{payout.id}", phone=where, reference=payout.reference, **terms)

    return run
