"""What a person may be told when something cannot be done.

    Refusal                 a small typed error with a message key, shown in the member's language
    └── one subclass for each reason, defined beside the code that refuses

A refusal changes nothing: whoever raises one has moved no money. Anything else that is raised is a fault of ours
and is never shown to a person as it is.
"""

from typing import ClassVar


class Refusal(Exception):
    """A request that is answered no, with the reason a person can read and act upon.

    `key` names the sentence in `locales/`; `params` fill its blanks. `leads_to` is the flow that could change the
    answer: it is offered with the reason.
    """

    key: ClassVar[str]
    leads_to: str | None = None

    def __init__(self, **params: object) -> None:
        super().__init__(self.key, params)
        self.params = params
