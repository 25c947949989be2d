"""What the console stands on: the house's parts that its pages show and act upon."""

from dataclasses import dataclass

from core.db import Database
from identity import Safe
from operators import Decisions
from payments import Methods


@dataclass(frozen=True)
class House:
    """`public` is where our pages are found: over HTTPS the session's cookie goes nowhere else."""

    database: Database
    decisions: Decisions
    methods: Methods
    public: str
    safe: Safe
    """What opens the pictures of documents; empty where none are taken."""
    operators_chat: str = ""
    """Where alerts are said, if there is such a chat."""

    @property
    def is_secure(self) -> bool:
        return self.public.startswith("https://")
