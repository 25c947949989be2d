"""Contributing: /cotiser. What one owes or another amount, for oneself or for somebody else, from the wallet."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.questions import AmountOf, OneOf, Option, Question, YesNo
from core import i18n
from core.errors import Refusal
from core.money import Money, parse_amount
from handlers.amounts import available
from handlers.tontine.people import cut
from handlers.tontine.waiting import pay_or_wait, say_what_became
from handlers.tontine.which import ask_tontine
from members import Member
from tontines import Membership, Round, Tontine, payable_early
from tontines.contributions import NothingOwed
from tontines.dues import dues_owed, spread
from tontines.group import active_membership, memberships_of, tontines_of
from tontines.states import TontineState

CONTRIBUTE = "contribute"
PAY_IN_PRIVATE = "tc_"
ALL_OF_IT = "due"

_SOMEBODY_ELSE = 0


class NothingDue(Refusal):
    """An old button asks to pay what has been paid since."""

    key = "refusal.tontine.nothing_due"


@dataclass(frozen=True, slots=True)
class Owed:
    """What somebody owes in a tontine, what they could pay at most, and one contribution of theirs."""

    membership: Membership
    now: Money
    at_most: Money
    once: Money


class WhatIsOwed(Question[int]):
    """How much, in francs: all that is owed, one contribution ahead, any other amount; or for somebody else instead."""

    columns = 1

    def __init__(self, owed: Owed, *, for_others: bool) -> None:
        self._owed = owed
        self._for_others = for_others
        self._bounds = AmountOf(Money(1), owed.at_most)

    def options(self, language: str) -> list[Option]:
        choices = []
        if suggested := self._suggested():
            key = "contribute.all_i_owe" if self._owed.now else "contribute.ahead"
            choices.append(Option(i18n.text(language, key, amount=suggested), suggested.amount))
        if self._for_others:
            choices.append(Option(i18n.text(language, "contribute.somebody_else"), _SOMEBODY_ELSE))
        return choices

    async def read_chosen(self, saved: Any, session: AsyncSession) -> int:
        return _SOMEBODY_ELSE if saved == _SOMEBODY_ELSE else (await self._bounds.read_chosen(saved, session)).amount

    async def read_text(self, text: str, session: AsyncSession) -> int:
        if text == ALL_OF_IT:
            if not self._owed.now:
                raise NothingDue
            return self._owed.now.amount
        parse_amount(text)
        if not self._owed.at_most:
            raise NothingOwed
        return (await self._bounds.read_text(text, session)).amount

    def told(self, value: int, language: str) -> str:
        return i18n.text(language, "contribute.somebody_else") if value == _SOMEBODY_ELSE else i18n.amount(Money(value))

    def _suggested(self) -> Money:
        return self._owed.now or min(self._owed.once, self._owed.at_most)


async def contribute(chat: Chat) -> None:
    """Pay a contribution from the wallet; what the wallet lacks may be topped up, and the rest goes by itself."""
    if "payload" in chat.run.hints:
        # A tap on a card above one's limit: what is owed is to be confirmed, no more.
        chat.run.hints["amount"] = ALL_OF_IT
    tontine = await ask_tontine(chat, await _collecting(chat))
    if tontine is None:
        return
    owed = await _owed(chat.session, tontine, chat.member.id)
    amount = await chat.ask(
        "amount", WhatIsOwed(owed, for_others=True), text=_question(owed), tontine=tontine.name,
        owed=owed.now, at_most=owed.at_most,
    )  # fmt: skip
    whom = chat.member
    if amount == _SOMEBODY_ELSE:
        whom = await _ask_whom(chat, tontine)
        owed = await _owed(chat.session, tontine, whom.id)
        amount = await chat.ask(
            "their_amount", WhatIsOwed(owed, for_others=False), text="contribute.ask.their_amount",
            name=cut(whom.name), owed=owed.now, at_most=owed.at_most,
        )  # fmt: skip
    confirmed = await chat.ask(
        "confirm", YesNo("button.pay"), amount=Money(amount), name=cut(whom.name), tontine=tontine.name,
        parts=await _parts(chat, owed, amount), balance=await available(chat),
    )  # fmt: skip
    if not confirmed:
        chat.say("contribute.declined")
        return
    paid = await pay_or_wait(
        chat.session, tontine.id, whom.id, Money(amount), payer=chat.member, key=str(chat.run_id)
    )  # fmt: skip
    await say_what_became(chat, paid)


async def _collecting(chat: Chat) -> list[Tontine]:
    """The member's tontines in which something can be paid: a cycle runs, or debts are left."""
    mine = await tontines_of(chat.session, chat.member.id)
    return [each for each in mine if each.state is TontineState.RUNNING or await _is_owed(chat, each)]


async def _is_owed(chat: Chat, tontine: Tontine) -> bool:
    membership = await active_membership(chat.session, tontine.id, chat.member.id)
    return bool(await dues_owed(chat.session, membership.id))


async def _owed(session: AsyncSession, tontine: Tontine, member_id: UUID) -> Owed:
    membership = await active_membership(session, tontine.id, member_id)
    now = sum(due.outstanding for due in await dues_owed(session, membership.id))
    once = tontine.rules.part(tontine.rules.contribution, membership.halves)
    at_most = now + await payable_early(session, membership)
    return Owed(membership, Money(now), Money(at_most), Money(once))


def _question(owed: Owed) -> str:
    if owed.now:
        return "contribute.ask.amount"
    return "contribute.ask.amount_ahead" if owed.at_most else "contribute.ask.amount_for_others"


async def _ask_whom(chat: Chat, tontine: Tontine) -> Member:
    """One of the others who take part, by name; equal names are told apart by their number."""
    others = [each for each in await memberships_of(chat.session, tontine.id) if each.member_id != chat.member.id]
    people = [await chat.session.get_one(Member, each.member_id) for each in others]
    names = [(str(each.id), f"{number}. {cut(each.name)}") for number, each in enumerate(people, 1)]
    chosen = await chat.ask("whom", OneOf(names), text="contribute.ask.whom", tontine=tontine.name)
    return await chat.session.get_one(Member, UUID(chosen))


async def _parts(chat: Chat, owed: Owed, amount: int) -> Markup:
    """What the amount will pay, the oldest debt first, and what of it is ahead of time."""
    slices, ahead = spread(amount, await dues_owed(chat.session, owed.membership.id))
    paid: dict[UUID, int] = {}
    for each in slices:
        # Two shares are two dues, and one round.
        paid[each.due.round_id] = paid.get(each.due.round_id, 0) + each.amount
    lines = [
        chat.text("contribute.part", number=(await chat.session.get_one(Round, round_id)).number, amount=Money(francs))
        for round_id, francs in paid.items()
    ]
    if ahead:
        lines.append(chat.text("contribute.part_ahead", amount=Money(ahead)))
    return Markup("\n").join(lines)
