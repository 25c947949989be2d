"""Turns by need: a member says that theirs should come soon, the officers read why, and may put somebody first."""

from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.groups import GroupTurn, Toast
from bot.questions import OneOf, Option, Question, YesNo
from core import i18n
from handlers.tontine import words
from handlers.tontine.card import lives_in
from handlers.tontine.links import id_of, token_of
from handlers.tontine.shares import holders_said
from handlers.tontine.which import ask_tontine, my_membership
from tontines import (
    Cycle,
    Need,
    Order,
    Round,
    holdings_of,
    needs_of,
    next_to_decide,
    put_first,
    running_cycle,
    shares_without_turn,
    state_need,
    withdraw_need,
)
from tontines.officers import DECIDING, require_office
from tontines.reasons import optional_reason
from tontines.undecided import TurnDecided, holdings_waiting, require_order

NEED, NEEDS = "need", "needs"
NEED_IN_PRIVATE = "tneed_"
NEED_TAP = "tneed"

_WITHOUT_REASON = ""
_AGAIN, _WITHDRAW = "again", "withdraw"


class ReasonIfAny(Question[str]):
    """Why, for the officers alone; nobody has to say."""

    columns = 1
    is_in_own_words = True

    def options(self, language: str) -> list[Option]:
        return [Option(i18n.text(language, "need.without_reason"), _WITHOUT_REASON)]

    async def read_text(self, text: str, session: AsyncSession) -> str:
        return optional_reason(text)

    def told(self, value: str, language: str) -> str:
        return value or i18n.text(language, "need.without_reason")


async def need(chat: Chat) -> None:
    """Say that one's turn should come soon; or that it need not any more."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    cycle = await running_cycle(chat.session, tontine.id)
    require_order(cycle, Order.NEED)
    membership = await my_membership(chat, tontine)
    mine = {part.share_id for part in await holdings_waiting(chat.session, cycle.id, membership.id)}
    if any(each.share_id in mine for each in await needs_of(chat.session, cycle.id)):
        choices = [(_AGAIN, chat.text("need.again")), (_WITHDRAW, chat.text("need.withdraw"))]
        wish = await chat.ask("wish", OneOf(choices, columns=1), tontine=tontine.name)
        if wish == _WITHDRAW:
            await withdraw_need(chat.session, tontine.id, chat.member.id)
            chat.say("need.withdrawn", tontine=tontine.name)
            return
    reason = await chat.ask("reason", ReasonIfAny(), tontine=tontine.name)
    await state_need(chat.session, tontine.id, chat.member.id, reason)
    chat.say("need.stated", tontine=tontine.name)


async def need_here(turn: GroupTurn, argument: str) -> Toast:
    """« J’ai besoin de passer tôt » in the group leads to the private chat."""
    round_id = id_of(argument)
    round_ = await turn.session.get(Round, round_id) if round_id else None
    if round_ is None:
        return Toast(i18n.text(turn.language, "group.old_button"))
    if not await lives_in(turn.session, turn.here, round_.tontine_id):
        return Toast(i18n.text(turn.language, "tap.other_group"))
    return Toast(start=f"{NEED_IN_PRIVATE}{token_of(round_.tontine_id)}")


async def needs(chat: Chat) -> None:
    """The officers read who needs the pot early and why, and may put a share first that is not their own."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    officer = await require_office(chat.session, tontine.id, chat.member.id, *DECIDING)
    cycle = await running_cycle(chat.session, tontine.id)
    require_order(cycle, Order.NEED)
    # What is confirmed is for the round that was shown, though another may be the next by then.
    round_ = await chat.session.get_one(Round, await chat.once("round", UUID, lambda: _next(chat, cycle)))
    stated = await needs_of(chat.session, cycle.id)
    offered = await _offered(chat, cycle, stated, officer.id)
    if not offered:
        chat.say("needs.nobody_else", tontine=tontine.name)
        return
    facts: dict[str, Any] = {"tontine": tontine.name, "number": round_.number, "when": chat.moment(round_.opens_at)}
    chosen = await chat.ask(
        "who", OneOf(offered, columns=1), needs=await _listed(chat, cycle, stated), **facts
    )  # fmt: skip
    who = await holders_said(chat.session, cycle, UUID(chosen))
    if not await chat.ask("confirm", YesNo("button.put_first"), who=who, **facts):
        chat.say("needs.declined")
        return
    await put_first(chat.session, round_.id, UUID(chosen), by=chat.member.id)
    chat.say("needs.done", who=who, **facts)


async def _next(chat: Chat, cycle: Cycle) -> UUID:
    round_ = await next_to_decide(chat.session, cycle)
    if round_ is None:
        raise TurnDecided
    return round_.id


async def _offered(chat: Chat, cycle: Cycle, stated: list[Need], officer_id: UUID) -> list[tuple[str, str]]:
    """The shares without a turn but the officer's own: those in need first, in the order in which they said so."""
    waiting = await shares_without_turn(chat.session, cycle.id)
    needy = [each.share_id for each in stated]
    offered = []
    for place, share_id in enumerate([*needy, *(each for each in waiting if each not in needy)], 1):
        if officer_id in {each.membership_id for each in await holdings_of(chat.session, share_id)}:
            continue
        mark = "🙏 " if share_id in needy else ""
        offered.append((str(share_id), f"{place}. {mark}{await holders_said(chat.session, cycle, share_id)}"))
    return offered


async def _listed(chat: Chat, cycle: Cycle, stated: list[Need]) -> Markup:
    """Who needs the pot early since when, and why where they said it."""
    if not stated:
        return chat.text("needs.none")
    lines = [
        chat.text(
            "needs.line_with_reason" if each.reason else "needs.line", reason=each.reason,
            who=await holders_said(chat.session, cycle, each.share_id),
            day=words.short_day(chat.member.language, words.local_day(cycle.rules, each.created_at)),
        )
        for each in stated
    ]  # fmt: skip
    return words.folded(chat.member.language, lines)
