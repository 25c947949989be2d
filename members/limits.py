"""What a member may hold and move, by verification tier: data, with the law it comes from in `data/limits.toml`."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.money import Money
from members.members import Member


class Tier(StrEnum):
    """How well we know somebody."""

    UNIDENTIFIED = "unidentified"
    IDENTIFIED = "identified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Whole francs: what a wallet may hold, what may come in and go out by day and month, one operation's bounds."""

    hold_at_most: Money
    load_a_day: Money
    load_a_month: Money
    take_out_a_day: Money
    take_out_a_month: Money
    per_operation_at_least: Money
    per_operation_at_most: Money


def _read() -> dict[Tier, Limits]:
    table = tomllib.loads((Path(__file__).parent / "data" / "limits.toml").read_text(encoding="utf-8"))
    return {tier: Limits(**{name: Money(francs) for name, francs in table[tier].items()}) for tier in Tier}


_LIMITS = _read()


def limits_of(member: Member) -> Limits:
    """What `member` may hold and move now."""
    return limits_of_tier(member.tier)


def limits_of_tier(tier: str) -> Limits:
    """What a member of that tier may hold and move."""
    return _LIMITS[Tier(tier)]


def could_have_more(member: Member) -> bool:
    """Whether a verified identity would raise the member's limits."""
    return member.tier == Tier.UNIDENTIFIED
