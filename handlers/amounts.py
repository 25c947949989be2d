"""How much to take out of the wallet: asked the same way wherever money leaves it."""

from typing import Any

from bot.chat import Chat
from bot.dialogue import GO
from bot.questions import AmountOf
from bot.views import Button
from core.errors import Refusal
from core.money import Money
from ledger import AccountKind
from members import limits_of
from payments import refuse_taking_out, standing


class MoreThanThereIs(Refusal):
    key = "refusal.amount.more_than_balance"


async def available(chat: Chat) -> Money:
    """What the member can take out now."""
    return (await standing(chat.session, chat.member.id, AccountKind.WALLET)).available


async def ask_amount_to_take(chat: Chat, **params: Any) -> Money | None:
    """Ask how much; None, with the way to top up said, when the wallet holds less than the least operation.

    Raises MemberFrozen and the like when nothing may leave this wallet.
    """
    limits = limits_of(chat.member)
    balance = await available(chat)
    if balance < limits.per_operation_at_least:
        top_up = Button(chat.text("button.deposit"), data=f"{GO}:deposit")
        chat.say("wallet.too_little", balance=balance, at_least=limits.per_operation_at_least, buttons=[[top_up]])
        return None
    at_most = min(balance, limits.per_operation_at_most)
    question = AmountOf(limits.per_operation_at_least, at_most, too_large=MoreThanThereIs)
    amount = await chat.ask("amount", question, balance=balance, **params)
    await refuse_taking_out(chat.session, chat.member, amount)
    return amount
