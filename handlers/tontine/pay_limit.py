"""What a tap on a group's card may pay without asking again: each member's own limit."""

from bot.chat import Chat
from bot.questions import AmountOf
from core.money import Money
from members import limits_of


async def pay_limit(chat: Chat) -> None:
    """Change the limit; up to it a tap pays at once, above it one is asked again in private."""
    at_most = limits_of(chat.member).per_operation_at_most
    now = Money(chat.member.tap_limit)
    limit = await chat.ask("limit", AmountOf(Money(1), at_most), now=now)
    chat.member.tap_limit = limit.amount
    chat.say("pay_limit.set", limit=limit)
