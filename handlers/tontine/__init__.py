"""What people do in tontines: one file for each, read like a dialogue. The three lists below are all that is built."""

from bot.commands import Command
from bot.groups import GroupActs
from core.events import subscribe
from core.jobs import Jobs
from handlers.tontine import deciding, drawing, join, lobby, members, offices, start_cycle
from handlers.tontine.charter import charter
from handlers.tontine.create import create
from handlers.tontine.cycle_notices import register_cycles
from handlers.tontine.decision_notices import VOTE_TAP, register_decisions
from handlers.tontine.group_notices import register_group
from handlers.tontine.links import JOIN, NEW, OPEN, WORD, Links
from handlers.tontine.mine import mine
from handlers.tontine.office import office
from handlers.tontine.papers import register_papers
from handlers.tontine.rounds import ROUND_ACTS, ROUND_TAPS, register_round_notices, round_commands
from handlers.tontine.statement import statement
from tontines import EVENTS

__all__ = ["Links", "register_tontine", "tontine_acts", "tontine_commands"]


def tontine_commands(links: Links) -> list[Command]:
    """What can be asked for in private."""
    return [*_life_of_the_group(links), *round_commands()]


def tontine_acts(links: Links) -> GroupActs:
    """What is done in groups."""
    tontine, show = lobby.about_one("tontine", lobby.card(links))
    list_members, say_members = lobby.about_one("members", lobby.say_members)
    verify, say_verdict = lobby.about_one("verify", drawing.say_verdict(links))
    return GroupActs(
        commands={"tontine": tontine, "members": list_members, "verify": verify, **ROUND_ACTS},
        taps={
            lobby.WHICH_TAP: lobby.choice({"tontine": show, "members": say_members, "verify": say_verdict}),
            lobby.NEW_TAP: lobby.new_here,
            lobby.JOIN_TAP: lobby.join_here,
            drawing.MIX_TAP: drawing.mix,
            VOTE_TAP: deciding.cast_here,
            **ROUND_TAPS,
        },
        events={"added": lobby.added(links), "removed": lobby.removed, "moved": lobby.moved},
    )


def register_tontine(jobs: Jobs, links: Links) -> None:
    """Subscribe to everything that becomes of a tontine; an event that nobody is told of leaves no row behind."""
    for event in EVENTS:
        subscribe(jobs, event)
    register_group(jobs, links)
    register_cycles(jobs, links)
    register_decisions(jobs)
    register_round_notices(jobs)
    register_papers(jobs, links)


def _life_of_the_group(links: Links) -> list[Command]:
    return [
        Command("tontine", mine(links), {"fr": "tontine", "en": "tontine"}, ("tontines",), payload=OPEN, in_group=True),
        Command("members", members.members, {"fr": "membres", "en": "members"}, in_group=True),
        Command("verify", drawing.verify(links), {"fr": "verifier", "en": "verify"}, in_group=True),
        Command("statement", statement, {"fr": "releve", "en": "statement"}),
        Command("office", office, {"fr": "bureau", "en": "office"}),
        Command("tontine_new", create(links), payload=NEW),
        Command("tontine_join", join.join, payload=JOIN),
        Command("tontine_decide", join.decide),
        Command("tontine_shares", join.shares),
        Command("tontine_charter", charter),
        Command("tontine_start", start_cycle.start),
        Command("tontine_askings", offices.askings),
        Command("tontine_appoint", offices.appoint),
        Command("tontine_rules", offices.rules),
        Command("tontine_close", offices.close),
        Command("tontine_close_too", offices.close_too),
        Command("tontine_swap", deciding.swap),
        Command("tontine_swap_answer", deciding.answer),
        Command("tontine_candidate", deciding.candidate),
        Command("tontine_late", deciding.late_joiner),
        Command("tontine_vote", deciding.cast),
        Command("tontine_renew", deciding.renew),
        Command("draw_mix", drawing.mix_in_private),
        Command("draw_word", drawing.add_word, payload=WORD),
    ]
