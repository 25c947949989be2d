"""Knobs: how WhatsApp misbehaves, on request."""

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from sandbox.records import Facts, Json

WEBHOOK_DELAYS_S: Final = [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0]


class FaultKind(StrEnum):
    """What goes wrong with a call; `docs/sandbox-whatsapp.md` explains each."""

    TOO_MANY_REQUESTS = "too_many_requests"
    PAIR_LIMIT = "pair_limit"
    THROUGHPUT = "throughput"
    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    FAILS_LATER = "fails_later"
    SLOW = "slow"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"


class Fault(BaseModel):
    """The next `times` calls of `call` (a pattern) fail; `person` narrows it to messages for one person, by id."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    call: str = "messages"
    times: int = Field(default=1, ge=1)
    person: int | None = None
    seconds: float = Field(default=1, ge=0)
    status: int = Field(default=400, ge=400, le=599)
    code: int = 131000
    description: str = "Refused by the sandbox"

    def concerns(self, call: str, person_id: int | None) -> bool:
        return fnmatchcase(call, self.call) and self.person in (None, person_id)


class Review(StrEnum):
    """What becomes of a template that is submitted."""

    APPROVE = "approve"
    REJECT = "reject"
    WAIT = "wait"


class Knobs(BaseModel):
    """Every knob with its value at first start."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    rate_limits: bool = True
    throughput: int = Field(default=80, ge=1)
    window_at_once: bool = False
    template_review: Review = Review.APPROVE
    auto_read: bool = False
    status_delay_s: float = Field(default=0.0, ge=0)
    status_before_answer: bool = False
    answer_delay_s: float = Field(default=0.0, ge=0)
    hold: bool = False
    duplicate_webhooks: int = Field(default=0, ge=0)
    reorder_webhooks: int = Field(default=0, ge=0)
    bad_signatures: int = Field(default=0, ge=0)
    unknown_fields: bool = False
    webhook_delays_s: list[float] = Field(default=WEBHOOK_DELAYS_S, min_length=1)
    faults: list[Fault] = []


class KnobBoard:
    """The knobs as they are stored."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.knobs = Knobs.model_validate(facts.get("knobs"))

    def turn(self, changes: Json) -> Knobs:
        """Change the knobs named; raises `pydantic.ValidationError` and changes nothing if one is wrong."""
        self._keep(Knobs.model_validate({**self.knobs.model_dump(mode="json"), **changes}))
        return self.knobs

    def reset(self) -> Knobs:
        self._keep(Knobs())
        return self.knobs

    def next_fault(self, call: str, person_id: int | None) -> Fault | None:
        """Use up one turn of the first fault that concerns this call."""
        fault = next((each for each in self.knobs.faults if each.concerns(call, person_id)), None)
        if fault is not None:
            spent = fault.model_copy(update={"times": fault.times - 1})
            remaining = [spent if each is fault else each for each in self.knobs.faults]
            self.turn({"faults": [each.model_dump(mode="json") for each in remaining if each.times]})
        return fault

    def take(self, name: str) -> bool:
        """Use up one of a knob that counts, such as `duplicate_webhooks`; False when none is left."""
        left: int = getattr(self.knobs, name)
        if left:
            self.turn({name: left - 1})
        return left > 0

    def _keep(self, knobs: Knobs) -> None:
        self.knobs = knobs
        self._facts.put("knobs", knobs.model_dump(mode="json"))
