"""What a member may hold and move, by verification tier: data, with the law it comes from."""

from dataclasses import dataclass
from enum import StrEnum

from core.money import Money
from members.members import Member


class Tier(StrEnum):
    """How well we know somebody."""

    UNIDENTIFIED = "unidentified"
    IDENTIFIED = "identified"


@dataclass(frozen=True, slots=True)
class Limits:
    """Whole francs: what a wallet may hold, what may be loaded in a calendar month, and one operation's bounds."""

    hold_at_most: Money
    load_a_month: Money
    per_operation_at_least: Money
    per_operation_at_most: Money


# BCEAO instruction 008-05-2015, article 31: an identified holder 2 000 000 F held and 10 000 000 F loaded a month,
# an unidentified one 200 000 F.
_LIMITS = {
    Tier.UNIDENTIFIED: Limits(Money(200_000), Money(200_000), Money(100), Money(200_000)),
    Tier.IDENTIFIED: Limits(Money(2_000_000), Money(10_000_000), Money(100), Money(2_000_000)),
}


def limits_of(member: Member) -> Limits:
    """What `member` may hold and move now."""
    return limits_of_tier(member.tier)


def limits_of_tier(tier: str) -> Limits:
    """What a member of that tier may hold and move."""
    return _LIMITS[Tier(tier)]
