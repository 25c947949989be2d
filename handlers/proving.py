"""Asking for the PIN before money leaves: always for a number that is new, else above what the member lets go."""

from bot.chat import Chat
from core.errors import Refusal
from core.money import Money
from members.guard import asked_above, has_pin, spend_without_pin
from members.safety import SAFETY

PIN = "pin"


class ChooseFirst(Refusal):
    """So much does not leave on the day on which a PIN is chosen, so nobody chooses it for this in vain.

    Params: `at_most` (Money).
    """

    key = "refusal.cooling.choose_first"


async def prove_taking_out(chat: Chat, amount: Money, about: str, *, always: bool = False) -> None:
    """Have the member type their PIN on its page, unless so little may leave without; small amounts of a day add up.

    `about` says what is agreed to. Comes last before the request itself.
    """
    if amount > SAFETY.out_while_cooling and not await has_pin(chat.session, chat.member.id):
        raise ChooseFirst(at_most=SAFETY.out_while_cooling)
    is_asked = always or chat.run.answer_to(PIN) is not None
    if is_asked or not await spend_without_pin(chat.session, chat.member, amount):
        await chat.prove(PIN, about)


async def prove_pot(chat: Chat, amount: Money, about: str) -> None:
    """The same for saying yes to a pot, which is no money of theirs: its bound is another."""
    if amount > await asked_above(chat.session, chat.member.id, SAFETY.pot_without_pin):
        await chat.prove(PIN, about)
