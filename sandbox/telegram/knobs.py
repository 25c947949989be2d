"""Knobs: how Telegram misbehaves, on request."""

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from sandbox.records import Facts, Json

WEBHOOK_DELAYS_S: Final = [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0]


class FaultKind(StrEnum):
    """What goes wrong with a call; `docs/sandbox-telegram.md` explains each."""

    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    REFUSED = "refused"
    SLOW = "slow"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"


class Fault(BaseModel):
    """The next `times` calls of `method` (a pattern such as `send*`) fail; `seconds` is its delay or `retry_after`."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    method: str = "send*"
    times: int = Field(default=1, ge=1)
    chat_id: int | None = None
    seconds: float = Field(default=1, ge=0)
    code: int = 400
    description: str = "Bad Request: refused by the sandbox"

    def concerns(self, method: str, chat_id: int | None) -> bool:
        return fnmatchcase(method.lower(), self.method.lower()) and self.chat_id in (None, chat_id)


class Knobs(BaseModel):
    """Every knob with its value at first start."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    rate_limits: bool = True
    duplicate_updates: int = Field(default=0, ge=0)
    reorder_updates: int = Field(default=0, ge=0)
    unknown_fields: bool = False
    answer_delay_s: float = Field(default=0.0, ge=0)
    callback_lifetime_s: float = Field(default=60.0, ge=0)
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

    def next_fault(self, method: str, chat_id: int | None) -> Fault | None:
        """Use up one turn of the first fault that concerns this call."""
        fault = next((each for each in self.knobs.faults if each.concerns(method, chat_id)), None)
        if fault is not None:
            spent = fault.model_copy(update={"times": fault.times - 1})
            remaining = [spent if each is fault else each for each in self.knobs.faults]
            self.turn({"faults": [each.model_dump(mode="json") for each in remaining if each.times]})
        return fault

    def take_duplicate(self) -> bool:
        return self._take("duplicate_updates")

    def take_reorder(self) -> bool:
        return self._take("reorder_updates")

    def _take(self, name: str) -> bool:
        left: int = getattr(self.knobs, name)
        if left:
            self.turn({name: left - 1})
        return left > 0

    def _keep(self, knobs: Knobs) -> None:
        self.knobs = knobs
        self._facts.put("knobs", knobs.model_dump(mode="json"))
