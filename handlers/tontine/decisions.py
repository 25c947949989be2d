"""What is decided with one tap under a notice. Each act asks the domain and turns the notice into what became of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import ledger
from bot.chat import Chat
from core import clock
from core.errors import Refusal
from core.money import Money
from handlers.proving import prove_pot
from handlers.tontine.answers import Act
from handlers.tontine.fine_waivers import propose_to_officers
from handlers.tontine.people import name_of
from handlers.tontine.reversing import confirm, decline
from handlers.tontine.waiting import think_again
from tontines import (
    Cycle,
    DecisionState,
    Fine,
    PotState,
    Replacement,
    Round,
    Tontine,
    answer_cash,
    answer_guarantee,
    answer_replacement,
    approve_pot,
    ask_delay,
    confirm_cash_received,
    confirm_waiver,
    decide_delay,
    decide_grant,
    decline_pot,
    dues_of_round,
    pay_fine,
    request_pot,
)

# What « Demander un délai » offers.
SHORT_DELAY, LONG_DELAY = 3, 7


class WalletTooSmall(Refusal):
    """Params: `amount` (Money)."""

    key = "refusal.tontine.wallet_too_small"


def acts() -> Mapping[str, Act]:
    """Every decision by the name that its button carries."""
    return {
        "waiting-cancel": think_again,
        "cash-yes": _cash(given=True),
        "cash-no": _cash(given=False),
        "cash-received": _cash_received,
        "delay-short": _ask_for(SHORT_DELAY),
        "delay-long": _ask_for(LONG_DELAY),
        "delay-grant": _decide_delay(grant=True),
        "delay-refuse": _decide_delay(grant=False),
        "fine-pay": _pay_fine,
        "fine-plead": _plead,
        "fine-waive": _waive,
        "pot-request": _request_pot,
        "pot-wait": _wait_for_pot,
        "pot-approve": _approve_pot,
        "pot-decline": _decline_pot,
        "guarantee-yes": _guarantee(accept=True),
        "guarantee-no": _guarantee(accept=False),
        "replacement-yes": _replace(accept=True),
        "replacement-no": _replace(accept=False),
        "grant-yes": _grant(approve=True),
        "grant-no": _grant(approve=False),
        "reversal-yes": confirm,
        "reversal-no": decline,
    }


def _cash(*, given: bool) -> Act:
    async def act(chat: Chat, contribution_id: UUID) -> None:
        contribution = await answer_cash(chat.session, contribution_id, by=chat.member.id, confirm=given)
        chat.say(
            f"cash.answered.{contribution.state}", in_place=True, amount=Money(contribution.amount),
            tontine=await _tontine(chat, contribution.tontine_id),
        )  # fmt: skip

    return act


async def _cash_received(chat: Chat, receipt_id: UUID) -> None:
    receipt = await confirm_cash_received(chat.session, receipt_id, by=chat.member.id)
    key = "cash.in_hand" if receipt.given else "cash.promise_taken_back"
    chat.say(key, in_place=True, amount=Money(receipt.given or receipt.amount))


def _ask_for(days: int) -> Act:
    async def act(chat: Chat, round_id: UUID) -> None:
        round_ = await chat.session.get_one(Round, round_id)
        rules = (await chat.session.get_one(Cycle, round_.cycle_id)).rules
        since = max(round_.deadline, clock.now()).astimezone(rules.time_zone).date()
        # Asking again for the same number of days is the same asking.
        key = f"delay:{round_id}:{chat.member.id}:{days}"
        delay = await ask_delay(chat.session, round_id, chat.member.id, since + timedelta(days=days), key=key)
        state = delay.state.value
        chat.say(f"delay.is.{state}", in_place=True, until=chat.moment(delay.until), **await _round(chat, round_))

    return act


def _decide_delay(*, grant: bool) -> Act:
    async def act(chat: Chat, delay_id: UUID) -> None:
        delay = await decide_delay(chat.session, delay_id, by=chat.member.id, grant=grant)
        round_ = await chat.session.get_one(Round, delay.round_id)
        name = await name_of(chat.session, delay.membership_id)
        chat.say(
            f"delay.done.{delay.state}", in_place=True, name=name, until=chat.moment(delay.until),
            **await _round(chat, round_),
        )  # fmt: skip

    return act


async def _pay_fine(chat: Chat, fine_id: UUID) -> None:
    try:
        fine = await pay_fine(chat.session, fine_id, payer_id=chat.member.id, key=str(chat.run_id))
    except ledger.InsufficientFunds:
        fine = await chat.session.get_one(Fine, fine_id)
        raise WalletTooSmall(amount=Money(fine.amount)) from None
    chat.say("fine.settled", in_place=True, amount=Money(fine.amount), tontine=await _tontine(chat, fine.tontine_id))


async def _plead(chat: Chat, fine_id: UUID) -> None:
    """Who was fined asks for mercy: the officers hear of it, and decide among two of them."""
    fine = await chat.session.get_one(Fine, fine_id)
    await propose_to_officers(chat.session, fine)
    chat.say("fine.pleaded", in_place=True, amount=Money(fine.amount), tontine=await _tontine(chat, fine.tontine_id))


async def _waive(chat: Chat, fine_id: UUID) -> None:
    fine = await confirm_waiver(chat.session, fine_id, by=chat.member.id)
    name = await name_of(chat.session, fine.membership_id)
    chat.say("fine.waiver_done", in_place=True, amount=Money(fine.amount), name=name)


async def _request_pot(chat: Chat, round_id: UUID) -> None:
    pot = await request_pot(chat.session, round_id, by=chat.member.id)
    key = "pot.is_paid" if pot.state is PotState.PAID else "pot.is_requested"
    chat.say(key, in_place=True, **await _round_of(chat, round_id))


async def _wait_for_pot(chat: Chat, round_id: UUID) -> None:
    """Nothing is decided: the pot stays where it is, and the way to pay it out stays at hand."""
    chat.say("pot.waits", **await _round_of(chat, round_id))


async def _approve_pot(chat: Chat, round_id: UUID) -> None:
    collected = Money(sum(due.paid for due in await dues_of_round(chat.session, round_id)))
    about = chat.text("pin.about.pot", amount=collected, **await _round_of(chat, round_id))
    await prove_pot(chat, collected, about)
    pot = await approve_pot(chat.session, round_id, by=chat.member.id)
    key = "pot.is_paid" if pot.state is PotState.PAID else "pot.needs_another"
    chat.say(key, in_place=True, **await _round_of(chat, round_id))


async def _decline_pot(chat: Chat, round_id: UUID) -> None:
    await decline_pot(chat.session, round_id, by=chat.member.id)
    chat.say("pot.is_declined", in_place=True, **await _round_of(chat, round_id))


def _guarantee(*, accept: bool) -> Act:
    async def act(chat: Chat, membership_id: UUID) -> None:
        guarantee = await answer_guarantee(chat.session, membership_id, by=chat.member.id, accept=accept)
        name = await name_of(chat.session, membership_id)
        chat.say(f"guarantee.is.{guarantee.state}", in_place=True, name=name, amount=Money(guarantee.at_most))

    return act


def _replace(*, accept: bool) -> Act:
    async def act(chat: Chat, replacement_id: UUID) -> None:
        try:
            offer = await answer_replacement(chat.session, replacement_id, by=chat.member.id, accept=accept)
        except ledger.InsufficientFunds:
            raise WalletTooSmall(amount=await _price(chat, replacement_id)) from None
        name = await name_of(chat.session, offer.leaver_id)
        chat.say(
            f"replacement.is.{offer.state}", in_place=True, name=name, price=Money(offer.price),
            tontine=await _tontine(chat, offer.tontine_id),
        )  # fmt: skip

    return act


def _grant(*, approve: bool) -> Act:
    async def act(chat: Chat, grant_id: UUID) -> None:
        grant = await decide_grant(chat.session, grant_id, by=chat.member.id, approve=approve)
        is_open = approve and grant.state is DecisionState.ASKED
        key = "grant.needs_another" if is_open else f"grant.is.{grant.state}"
        name = await name_of(chat.session, grant.membership_id)
        chat.say(key, in_place=True, name=name, amount=Money(grant.amount))

    return act


async def _price(chat: Chat, replacement_id: UUID) -> Money:
    return Money((await chat.session.get_one(Replacement, replacement_id)).price)


async def _tontine(chat: Chat, tontine_id: UUID) -> str:
    return (await chat.session.get_one(Tontine, tontine_id)).name


async def _round_of(chat: Chat, round_id: UUID) -> dict[str, Any]:
    return await _round(chat, await chat.session.get_one(Round, round_id))


async def _round(chat: Chat, round_: Round) -> dict[str, Any]:
    return {"number": round_.number, "tontine": await _tontine(chat, round_.tontine_id)}
