"""The steps that come by themselves at their time. All of them work in the database alone, each exactly once."""

from core.jobs import Jobs
from tontines.cycles import OPEN_ROUND
from tontines.drawing import REVEAL_DRAW, reveal_draw
from tontines.fines import give_fines, tell_late
from tontines.rounds import GIVE_FINES, REMIND, TELL_LATE, open_round, remind
from tontines.undecided import TURN_NEARS, turn_nears
from tontines.votes import CLOSE_VOTE, close_vote


def register(jobs: Jobs) -> None:
    """Let the worker open rounds, tell of turns to decide, remind, tell who is late, fine, draw lots, close votes."""
    jobs.in_transaction(OPEN_ROUND, open_round)
    jobs.in_transaction(REMIND, remind)
    jobs.in_transaction(TELL_LATE, tell_late)
    jobs.in_transaction(GIVE_FINES, give_fines)
    jobs.in_transaction(REVEAL_DRAW, reveal_draw)
    jobs.in_transaction(CLOSE_VOTE, close_vote)
    jobs.in_transaction(TURN_NEARS, turn_nears)
