"""The rules of a tontine: what its members agree on before any money moves, and which rules make sense."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field

from core import clock
from core.errors import Refusal
from core.money import Money

CONTRIBUTION_AT_LEAST = 100
CONTRIBUTION_AT_MOST = 1_000_000
LONGEST_PERIOD = 366

Francs = Annotated[int, Field(strict=True, ge=0)]


class Period(StrEnum):
    """How often a round comes."""

    DAILY = "daily"
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"
    OWN = "own"


class Order(StrEnum):
    """What decides who takes which turn."""

    FIXED = "fixed"
    DRAW = "draw"
    AUCTION = "auction"
    NEED = "need"


class ShortPot(StrEnum):
    """What becomes of a pot that is short at its deadline: wait for the rest, or pay what is there and carry it."""

    WAIT = "wait"
    CARRY = "carry"


class ContributionOutOfBounds(Refusal):
    """Params: `at_least`, `at_most` (Money)."""

    key = "refusal.tontine.rules.contribution"


class PeriodInvalid(Refusal):
    """Own days are needed, and only with that period. Params: `at_most` (days)."""

    key = "refusal.tontine.rules.period"


class DaysToPayInvalid(Refusal):
    """Params: `at_most`, the days between two rounds."""

    key = "refusal.tontine.rules.days_to_pay"


class StartInThePast(Refusal):
    key = "refusal.tontine.rules.start"


class ZoneUnknown(Refusal):
    key = "refusal.tontine.rules.zone"


class HalfOfAnOddContribution(Refusal):
    """Half-shares need a contribution that two can halve to the franc."""

    key = "refusal.tontine.rules.half"


class FineUnreasonable(Refusal):
    """A fine is at most the contribution, and the cap at least the fine."""

    key = "refusal.tontine.rules.fine"


class Rules(BaseModel):
    """What is agreed. Amounts are whole francs for one share; a half-share owes half of each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contribution: Annotated[int, Field(strict=True)]
    starts_on: date
    """The local day of the first round."""
    period: Period = Period.MONTHLY
    every_days: int | None = None
    """The days between two rounds, for the period `own`."""
    days_to_pay: int = 1
    """From a round's opening to its deadline; 1 is the evening of the same day."""
    order: Order = Order.FIXED
    half_shares: bool = False
    beneficiary_contributes: bool = True
    short_pot: ShortPot = ShortPot.WAIT
    grace_days: Annotated[int, Field(ge=0, le=60)] = 0
    fine: Francs = 0
    """For a due still unpaid after the grace, by a share that has not had its turn."""
    fine_after_turn: Francs = 0
    """The same, by a share that has."""
    fine_cap: Francs = 0
    """The most that one share is fined in a cycle."""
    caution: Francs = 0
    """The security deposit of a share, paid before a cycle starts."""
    president_may_be_treasurer: bool = False
    zone: str = "Africa/Ouagadougou"

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def part(self, amount: int, halves: int) -> int:
        """What `halves` half-shares have of an amount for one share, to the franc."""
        return amount * halves // 2


def check_rules(rules: Rules) -> None:
    """Raises one of the refusals above when the rules could not be lived by."""
    if not CONTRIBUTION_AT_LEAST <= rules.contribution <= CONTRIBUTION_AT_MOST:
        raise ContributionOutOfBounds(at_least=Money(CONTRIBUTION_AT_LEAST), at_most=Money(CONTRIBUTION_AT_MOST))
    if rules.half_shares and rules.contribution % 2:
        raise HalfOfAnOddContribution
    _check_fines(rules)
    _check_calendar(rules)


def days_between_rounds(rules: Rules) -> int:
    """The shortest time between two rounds, in days."""
    fixed = {Period.DAILY: 1, Period.WEEKLY: 7, Period.BIWEEKLY: 14, Period.MONTHLY: 28}
    return fixed.get(rules.period) or rules.every_days or 0


def _check_fines(rules: Rules) -> None:
    fines = (rules.fine, rules.fine_after_turn)
    if max(fines) > rules.contribution or max(fines) > rules.fine_cap:
        raise FineUnreasonable


def _check_calendar(rules: Rules) -> None:
    if rules.zone not in available_timezones():
        raise ZoneUnknown
    if (rules.period is Period.OWN) != (rules.every_days is not None):
        raise PeriodInvalid(at_most=LONGEST_PERIOD)
    between = days_between_rounds(rules)
    if not 1 <= between <= LONGEST_PERIOD:
        raise PeriodInvalid(at_most=LONGEST_PERIOD)
    if not 1 <= rules.days_to_pay <= between:
        raise DaysToPayInvalid(at_most=between)
    if rules.starts_on < clock.now().astimezone(rules.time_zone).date():
        raise StartInThePast
