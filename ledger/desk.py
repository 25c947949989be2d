"""The desk: who holds no transaction of their own posts here, and shares one with all who come at the same time."""

from core.db import Database
from ledger.batch import apply_once
from ledger.commands import Command
from ledger.verdicts import Verdict


class Desk:
    """The ledger's counter for single commands."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def post(self, command: Command) -> Verdict:
        """The verdict on one command, committed. Whatever is raised, the same command may be sent again: done before,
        it is a replay.

        Commands that come at the same time are one batch, each with its own verdict.
        """
        return await self._database.together(apply_once, command)
