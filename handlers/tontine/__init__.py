"""What people do in tontines: one file for each, read like a dialogue. The three lists below are all that is built."""

from bot.commands import Command
from bot.groups import GroupActs
from core.events import subscribe
from core.jobs import Jobs
from handlers.tontine.links import Links
from tontines.events import EVENTS

__all__ = ["Links", "register_tontine", "tontine_acts", "tontine_commands"]


def tontine_commands(links: Links) -> list[Command]:  # noqa: ARG001 - the modules below need it
    """What can be asked for in private."""
    return []


def tontine_acts(links: Links) -> GroupActs:  # noqa: ARG001 - the modules below need it
    """What is done in groups."""
    return GroupActs()


def register_tontine(jobs: Jobs, links: Links) -> None:  # noqa: ARG001 - the modules below need it
    """Subscribe to everything that becomes of a tontine; an event that nobody is told of leaves no row behind."""
    for event in EVENTS:
        subscribe(jobs, event)
