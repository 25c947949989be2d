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
from payments import LimitReached, refuse_taking_out, refuse_while_stopped, standing


class MoreThanAllowed(LimitReached):
    """Params: `amount`, `at_most` one operation may be (Money)."""

    key = "refusal.amount.too_large"


class MoreThanThereIs(Refusal):
    key = "refusal.amount.more_than_balance"


async def available(chat: Chat) -> Money:
    """What the member can take out now."""
    return (await standing(chat.session, chat.member.id, AccountKind.WALLET)).available


def amount_within_limits(chat: Chat) -> AmountOf:
    """The question for what one operation may be."""
    limits = limits_of(chat.member)

    def too_large(amount: Money, at_most: Money) -> Refusal:
        return MoreThanAllowed(chat.member, amount=amount, at_most=at_most)

    return AmountOf(limits.per_operation_at_least, limits.per_operation_at_most, too_large)


def more_than_there_is(amount: Money, at_most: Money) -> Refusal:
    return MoreThanThereIs(amount=amount, at_most=at_most)


async def refuse_at_the_start(chat: Chat) -> None:
    """Raises MemberFrozen or DebtOutstanding before anything is asked: no answer would be the right one."""
    if not chat.run.has_answers:
        await refuse_while_stopped(chat.session, chat.member)


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
    if balance > limits.per_operation_at_most:
        question = amount_within_limits(chat)
    else:
        question = AmountOf(limits.per_operation_at_least, balance, more_than_there_is)
    amount = await chat.ask("amount", question, balance=balance, **params)
    await refuse_taking_out(chat.session, chat.member, amount)
    return amount
