"""The part of the three lists that is about rounds and money: commands, taps in groups, and what is heard."""

from collections.abc import Mapping

from bot.commands import Command, Hints
from bot.groups import CommandAct, TapAct
from core.events import subscribe
from core.jobs import Jobs
from handlers.tontine.answers import ANSWER, answers
from handlers.tontine.auction import BID, BID_IN_PRIVATE, BID_TAP, bid, bid_here
from handlers.tontine.auction_notices import register_auctions
from handlers.tontine.card import PAY, WHERE_I_AM
from handlers.tontine.cash import cash
from handlers.tontine.change_notices import register_changes
from handlers.tontine.contribute import CONTRIBUTE, PAY_IN_PRIVATE, contribute
from handlers.tontine.debt_notices import register_debts
from handlers.tontine.decisions import acts
from handlers.tontine.fine_waivers import WAIVER, waiver
from handlers.tontine.leaving import hand_over, leave_tontine
from handlers.tontine.minutes import register_minutes
from handlers.tontine.need_notices import register_needs
from handlers.tontine.needs import NEED, NEED_IN_PRIVATE, NEED_TAP, NEEDS, need, need_here, needs
from handlers.tontine.pay_limit import pay_limit
from handlers.tontine.payment_notices import register_payments
from handlers.tontine.pot_notices import register_pots
from handlers.tontine.reversal_notices import register_reversals
from handlers.tontine.reversing import REVERSAL, reversal
from handlers.tontine.round_notices import register_rounds
from handlers.tontine.safety import caution, default, guarantee, set_off, take_caution_back
from handlers.tontine.solidarity import solidarity
from handlers.tontine.taps import pay, where_i_am
from handlers.tontine.tour import TOUR, tour, tour_chosen, tour_in_group
from handlers.tontine.waiting import TOP_UP, pay_what_waited, top_up

# What is done in groups about rounds: by command, and by tap.
ROUND_ACTS: Mapping[str, CommandAct] = {TOUR: tour_in_group}
ROUND_TAPS: Mapping[str, TapAct] = {
    PAY: pay,
    WHERE_I_AM: where_i_am,
    TOUR: tour_chosen,
    BID_TAP: bid_here,
    NEED_TAP: need_here,
}


def round_commands() -> list[Command]:
    """What can be asked for about rounds. Those without a name are led to by buttons, or by the words of the field."""
    return [
        Command(CONTRIBUTE, contribute, {"fr": "cotiser", "en": "contribute"}, ("cotisation", "cotise"),
                _amount, payload=PAY_IN_PRIVATE),
        Command(TOUR, tour, {"fr": "tour", "en": "round"}, ("carte",), in_group=True),
        Command("cash", cash, {}, ("especes", "cash", "liquide")),
        Command("pay_limit", pay_limit, {}, ("plafond", "limite", "limit")),
        Command(WAIVER, waiver, {}, ("remise", "amendes", "waiver")),
        Command("default", default, {}, ("defaut", "defaillance", "default")),
        Command("guarantee", guarantee, {}, ("aval", "garant", "guarantor")),
        Command("caution", caution, {}, ("caution", "deposit-caution")),
        Command("caution_back", take_caution_back, {}, ("reprendre-caution",)),
        Command("set_off", set_off, {}, ("compensation", "set-off")),
        Command("solidarity", solidarity, {}, ("solidarite", "caisse", "fund")),
        Command("leave", leave_tontine, {}, ("quitter", "leave")),
        Command("hand_over", hand_over, {}, ("remplacement", "ceder", "replace")),
        Command(BID, bid, {}, ("encherir", "bid"), _amount, payload=BID_IN_PRIVATE),
        Command(NEED, need, {}, payload=NEED_IN_PRIVATE),
        Command(NEEDS, needs, {}),
        Command(REVERSAL, reversal, {}),
        Command("top_up", top_up, {}, payload=TOP_UP),
        Command(ANSWER, answers(acts()), {}),
    ]  # fmt: skip


def register_round_notices(jobs: Jobs) -> None:
    """Subscribe to everything that becomes of rounds and money; a top-up that arrives pays what waited for it."""
    register_rounds(jobs)
    register_minutes(jobs)
    register_payments(jobs)
    register_pots(jobs)
    register_debts(jobs)
    register_changes(jobs)
    register_auctions(jobs)
    register_needs(jobs)
    register_reversals(jobs)
    subscribe(jobs, "deposit.settled", pay_what_waited)


def _amount(words: str) -> Hints:
    return {"amount": words} if words else {}
