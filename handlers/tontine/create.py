"""Making a tontine: four answers and a tap, or every rule one by one. Its group, if it came from one, is told."""

from typing import Any

from bot.chat import Chat, Flow
from bot.questions import OneOf, YesNo
from bot.shortcuts import hints_of
from core import clock
from core.money import Money
from handlers.tontine import words
from handlers.tontine.asking import Contribution, Count, Fine, Name, StartDay, YesOrNo, choices, period_choice
from handlers.tontine.charter import rules_in_words
from handlers.tontine.links import Links
from handlers.tontine.which import buttons_for
from tontines.charter import accept_charter
from tontines.life import create_tontine
from tontines.rules import (
    LONGEST_PERIOD,
    Order,
    Period,
    Rules,
    ShortPot,
    check_rules,
    days_between_rounds,
)

_DAYS_TO_PAY = {Period.DAILY: 1, Period.WEEKLY: 3, Period.BIWEEKLY: 5, Period.MONTHLY: 5}
_LONGEST_GRACE = 30
_USUAL, _CHOOSE = "usual", "choose"


def create(links: Links) -> Flow:
    """A new tontine of one's own; in the group whose link brought the person here, if one did."""

    async def run(chat: Chat) -> None:
        place = await chat.once("place", dict[str, str], lambda: _place(chat))
        name = await chat.ask("name", Name())
        rules = await ask_rules(chat)
        agreed = await chat.ask(
            "confirm", YesNo("tontine.button.create"), name=name, rules=rules_in_words(chat.member.language, rules)
        )
        if not agreed:
            chat.say("tontine_new.declined")
            return
        tontine = await create_tontine(chat.session, chat.member.id, name, rules, key=str(chat.run_id), **place)
        # Who has just written the rules and read them whole has accepted them.
        await accept_charter(chat.session, tontine.id, chat.member.id, tontine.charter_version)
        ways = await buttons_for(chat.session, chat.member, tontine)
        rows = [[ways.to("tontine", chat.text("tontine.button.open"))]]
        chat.say("tontine_new.done_in_group" if place else "tontine_new.done", name=name, buttons=rows)
        link = links.to_join(tontine.id)
        chat.say("tontine_new.invitation", name=name, link=link, amount=Money(rules.contribution), apart=True)

    return run


async def ask_rules(chat: Chat, before: Rules | None = None) -> Rules:
    """Ask for the rules: what nobody can guess first, then the rest in one tap, or one by one.

    `before` are the rules so far, which then stand for the usual ones. Raises what check_rules raises.
    """
    contribution = (await chat.ask("contribution", Contribution(), text="tontine_new.ask.contribution")).amount
    period = Period(await chat.ask("period", period_choice(chat), text="tontine_new.ask.period"))
    every_days = None
    if period is Period.OWN:
        every_days = await chat.ask("every_days", Count(2, LONGEST_PERIOD), text="tontine_new.ask.every_days")
    zone = before.zone if before else chat.member.time_zone
    terms: dict[str, Any] = {"contribution": contribution, "period": period, "every_days": every_days, "zone": zone}
    today = clock.now().astimezone(Rules.model_validate({**terms, "starts_on": clock.now().date()}).time_zone).date()
    terms["starts_on"] = await chat.ask("starts_on", StartDay(today), text="tontine_new.ask.starts_on")
    usual = _usual(terms, before)
    manner = await chat.ask(
        "manner",
        OneOf(
            choices(chat, "tontine_new.manner_kept." if before else "tontine_new.manner.", (_USUAL, _CHOOSE)), columns=1
        ),
        text="tontine_new.ask.manner_kept" if before else "tontine_new.ask.manner",
        days=words.days(chat.member.language, usual.days_to_pay),
    )
    rules = usual if manner == _USUAL else await _ask_the_rest(chat, terms)
    check_rules(rules)
    return rules


def _usual(terms: dict[str, Any], before: Rules | None) -> Rules:
    if before is not None:
        kept = before.model_copy(update=terms)
        between, contribution = days_between_rounds(kept), terms["contribution"]
        return Rules.model_validate(
            {
                **kept.model_dump(),
                "days_to_pay": min(before.days_to_pay, between),
                "half_shares": before.half_shares and contribution % 2 == 0,
                "fine": min(before.fine, contribution),
                "fine_after_turn": min(before.fine_after_turn, contribution),
            }
        )
    between = terms["every_days"] or LONGEST_PERIOD
    days_to_pay = min(_DAYS_TO_PAY.get(terms["period"], 3), between)
    return Rules.model_validate(
        {**terms, "order": Order.DRAW, "days_to_pay": days_to_pay, "short_pot": ShortPot.CARRY}
    )  # fmt: skip


async def _ask_the_rest(chat: Chat, terms: dict[str, Any]) -> Rules:
    async def one_of(key: str, values: list[str]) -> str:
        question = OneOf(choices(chat, f"tontine.{key}_choice.", values), columns=1)
        return await chat.ask(key, question, text=f"tontine_new.ask.{key}")

    async def yes(key: str, first: str) -> bool:
        return await chat.ask(key, YesOrNo(chat, first=first), text=f"tontine_new.ask.{key}") == "yes"

    between = days_between_rounds(Rules.model_validate(terms))
    order = await one_of("order", [order.value for order in Order])
    halves = terms["contribution"] % 2 == 0 and await yes("half_shares", "no")
    contributes = await yes("beneficiary_contributes", "yes")
    days_to_pay = 1
    if between > 1:
        offered = [(days, words.days(chat.member.language, days)) for days in (1, 2, 3, 5, 7) if days <= between]
        days_to_pay = await chat.ask("days_to_pay", Count(1, between, offered), text="tontine_new.ask.days_to_pay")
    fine = await chat.ask("fine", Fine(chat, terms["contribution"]), text="tontine_new.ask.fine")
    grace = 0
    if fine:
        offered = [(days, words.days(chat.member.language, days)) for days in (0, 1, 2, 3, 7)]
        grace = await chat.ask("grace", Count(0, _LONGEST_GRACE, offered), text="tontine_new.ask.grace")
    short_pot = await one_of("short_pot", [ShortPot.CARRY.value, ShortPot.WAIT.value])
    both = await yes("president_may_be_treasurer", "no")
    return Rules.model_validate(
        {
            **terms, "order": order, "half_shares": halves, "beneficiary_contributes": contributes,
            "days_to_pay": days_to_pay, "fine": fine, "fine_after_turn": fine,
            "fine_cap": terms["contribution"] if fine else 0, "grace_days": grace, "short_pot": short_pot,
            "president_may_be_treasurer": both,
        }
    )  # fmt: skip


async def _place(chat: Chat) -> dict[str, str]:
    """The group behind the link that brought this person here: only the one who tapped there has it."""
    hints = await hints_of(chat.session, chat.run.hints.get("payload", ""), chat.member.id)
    return {name: hints[name] for name in ("channel", "chat") if name in hints}
